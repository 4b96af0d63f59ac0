#!/bin/sh
# Installs with apt-get what building (or, with "test", testing) needs and what is not
# there yet. On another system, install what the list names and set REAPQ_NO_APT=1.
set -eu

build="gcc cmake ninja-build pkg-config libhiredis-dev libevent-dev libjansson-dev libdw-dev
libelf-dev libseccomp-dev redis-server"
test="libcmocka-dev python3 python3-pytest python3-pytest-timeout python3-redis
python3-msgpack clang clang-format clang-tidy llvm valgrind mandoc iproute2 procps gdb"

[ "${REAPQ_NO_APT:-}" = "" ] || exit 0
command -v apt-get >/dev/null 2>&1 || {
	echo "no apt-get here: install these, then set REAPQ_NO_APT=1:" $build $test >&2
	exit 1
}

present() {
	dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'
}

want=$build
[ "${1:-}" != test ] || want="$want $test"
missing=""
for package in $want; do
	present "$package" || missing="$missing $package"
done
# Debian 12 calls it libmsgpack-dev, Debian 13 libmsgpack-c-dev.
present libmsgpack-dev || present libmsgpack-c-dev || missing="$missing msgpack"
[ "${1:-}" != test ] || ls /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-x86_64.a \
	>/dev/null 2>&1 || missing="$missing clang-rt"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "missing packages:$missing; run this as root, or install them" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
list=""
for package in $missing; do
	case $package in
	msgpack)
		if apt-cache show libmsgpack-c-dev >/dev/null 2>&1; then
			package=libmsgpack-c-dev
		else
			package=libmsgpack-dev
		fi ;;
	clang-rt)
		version=$(apt-cache depends clang | sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p' | head -n 1)
		package=libclang-rt-$version-dev ;;
	esac
	list="$list $package"
done
echo "installing:$list"
apt-get install -y -qq --no-install-recommends $list >/dev/null
