#!/bin/sh
# Runs the table of ways to die inside a container with podman and runc: on tier C (cgroups
# read-only, as in any ordinary container) and on D, with the container's own memory running
# out among the rows, and the honesty test on both; then on B without the kernel's log, in a
# privileged one where that can be had.
#
# run.sh [--install] [BUILD_DIR]
#   --install   gets podman, runc and debootstrap with apt-get where they are missing
#   BUILD_DIR   of this very distribution, as its libraries are the container's;
#               default build/dev
# REAPQ_CONTAINER_CACHE   directory for the base image's files and for results/*.json, which
#                         run --markdown takes; default build/container
# REAPQ_CONTAINER_REPEAT  how often each out-of-memory row is run again; default 5
#
# Status: 0 all hold, 1 some do not, 77 containers are impossible here, for the reason said.
set -eu
cd "$(dirname "$0")/../.."
install=no
[ "${1:-}" != --install ] || { install=yes; shift; }
build=$(realpath "${1:-build/dev}")
cache=${REAPQ_CONTAINER_CACHE:-build/container}
repeat=${REAPQ_CONTAINER_REPEAT:-5}
name=reapq-conformance-$$
here=$PWD
failed=0

skip() {
	echo "container: skipped: $1"
	exit 77
}

[ -x "$build/bin/reapq-worker" ] || { echo "run.sh: no $build/bin/reapq-worker: build first" >&2; exit 2; }
[ "$(id -u)" = 0 ] || skip "needs root, to make a base image and to run it"
missing=
for program in podman runc debootstrap; do
	command -v $program >/dev/null 2>&1 || missing="$missing $program"
done
if [ -n "$missing" ] && [ $install = yes ]; then
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
elif [ -n "$missing" ]; then
	skip "not installed:$missing; --install gets them"
fi

suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
[ -n "$suite" ] || skip "/etc/os-release names no Debian suite to make a base image of"
image=localhost/reapq-conformance:$suite
# What ldd says of the binaries, as packages.
libraries() {
	ldd "$build"/bin/* "$build"/modules/*.so | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | sort -u |
		while read -r path; do dpkg-query -S "$(realpath "$path")" "$path" 2>/dev/null || :; done |
		sed 's/:.*//' | sort -u | paste -sd, -
}
if ! podman image exists "$image"; then
	mkdir -p "$cache"
	if [ ! -f "$cache/$suite.tar" ]; then
		root=$(mktemp -d "$cache/root.XXXXXX")
		echo "== base image of $suite"
		debootstrap --variant=minbase --include="python3,redis-server,$(libraries)" \
			"$suite" "$root" >"$cache/debootstrap.log" 2>&1 ||
			{ rm -rf "$root"; skip "debootstrap failed: $(tail -n 1 "$cache/debootstrap.log")"; }
		tar -C "$root" -c . >"$cache/$suite.tar.new"
		mv "$cache/$suite.tar.new" "$cache/$suite.tar"
		rm -rf "$root"
	fi
	podman import --quiet "$cache/$suite.tar" "$image" >/dev/null
fi

# The limits of ordinary users: root may not raise them everywhere, and podman tries to.
files=$(ulimit -Hn)
[ "$files" != unlimited ] && [ "$files" -lt 20000 ] || files=20000
in_container() { # OPTION... -- COMMAND...
	options=
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	shift
	# conmon leaves a file called oom where it is started
	cd "$scratch"
	podman run --rm --name "$name" --runtime runc --network none --memory 384m \
		--shm-size 512k --ulimit nofile="$files:$files" --ulimit nproc=32768:32768 \
		-v "$build:/build:ro" -v "$here/tests/conformance:/conformance:ro" \
		-v "$results:/results" \
		-e REAPQ_BIN=/build/bin -e REAPQ_MODULES=/build/modules -e REAPQ_TESTS=/build/tests \
		$options "$image" "$@"
}
scratch=$(mktemp -d)
trap 'podman rm -f "$name" >/dev/null 2>&1 || :; rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM
mkdir -p "$cache/results"
results=$(realpath "$cache/results")
why=$(in_container -- /bin/true 2>&1) || skip "no container runs here: $(echo "$why" | tail -n 1)"

part() { # WHAT, then as in_container
	printf '\n== %s\n' "$1"
	shift
	status=0
	in_container "$@" || status=$?
	case $status in
	0) ;;
	77) [ "${may_skip:-no}" = yes ] || failed=1 ;;
	*) failed=1 ;;
	esac
}

where="podman and runc, cgroups read-only, 384 MiB"
part "tier C: the table" -- /conformance/run --tier C --box here \
	--json /results/C.json --where "$where"
part "tier C: out of memory, $repeat times" -- \
	/conformance/run --tier C --box here --rows 'oom*' --repeat "$repeat"
part "tier C: honesty" -- /conformance/honesty --tier C --box here
part "tier D: the table" -- /conformance/run --tier D --isolation D --box here \
	--json /results/D.json --where "$where"
part "tier D: honesty" -- /conformance/honesty --tier D --isolation D --box here
may_skip=yes
part "tier B without the kernel's log: the table" --privileged -- \
	/conformance/run --tier B --box here --json /results/B-.json \
	--where "podman and runc, privileged, 384 MiB"
part "tier B without the kernel's log: honesty" --privileged -- \
	/conformance/honesty --tier B --box here

printf '\n'
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
	echo "container: C! (memory.oom.group) is not run here: an OOM kill would end the test too; tests/vm has it"
else
	echo "container: C! (memory.oom.group) cannot be had: memory is on cgroup v1 here; tests/vm has it"
fi
[ $failed = 0 ] && echo "container: all parts passed" || echo "container: some parts failed"
exit $failed
