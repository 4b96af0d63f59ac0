#!/usr/bin/env bash
# Runs a command in a virtual machine, as root, with the cgroups that this host may not
# have. The machine is QEMU without hardware acceleration (seconds to boot, and slow), its
# kernel is Debian's, its files are this host's own, read-only, but for /tmp and the like,
# which are empty and the machine's: so what is installed and built here can be run there.
#
# Prints what the command prints and exits as it exited. 77: no machine can be had here,
# and why. 125: the machine crashed, or the time ran out; then its console is shown.
# The command's status is believed only in a line with a number that is new each time.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
source=$(cd "$here/../.." && pwd -P)

usage() {
	cat <<-END
	usage: run.sh [OPTION...] COMMAND [ARG...]
	  --layout L     what cgroups the workers there find (default A)
	      A    v2, with memory, writable
	      A0   v2, writable, no memory controller in this kernel
	      A1   v2: a cgroup of its own for each worker, given to it
	      A0m  v2: as C, but writable, with a stranger in the worker's cgroup, so that
	           only the memory controller can't be had
	      B    v1: memory, pids, freezer, cpu
	      C    v2: for each worker a container-like one with a memory limit,
	           /sys/fs/cgroup read-only
	      C!   as C, with memory.oom.group
	      D    no cgroups mounted
	  --box SIZE     the memory limit of C, C! and A0m (default 384M)
	  --build DIR    where the binaries are (default build/dev)
	  --memory MIB   of the machine (default 2048)
	  --timeout S    kill it after this long (default 900)
	  --env N=V      a variable for the command; may be repeated
	  --share DIR    a directory below /tmp that the command is to see; may be repeated
	  --out DIR      may be written to by the command, as \$REAPQ_VM_OUT
	  --prepare      fetch the kernel, and no more
	The kernel is kept in \$REAPQ_VM_CACHE, else build/vm.
	END
	exit 2
}

layout=A build=$source/build/dev memory=2048 limit=900 box=384M prepare="" out="" env=() share=()
while [ $# -gt 0 ]; do
	case $1 in
	--layout) layout=$2; shift ;;
	--box) box=$2; shift ;;
	--build) build=$2; shift ;;
	--memory) memory=$2; shift ;;
	--timeout) limit=$2; shift ;;
	--env) env+=("$2"); shift ;;
	--share) share+=("$2"); shift ;;
	--out) out=$2; shift ;;
	--prepare) prepare=1 ;;
	--) shift; break ;;
	-*) usage ;;
	*) break ;;
	esac
	shift
done
case $layout in A | A0 | A0m | A1 | B | C | C! | D) ;; *) usage ;; esac
[ -n "$prepare" ] || [ $# -gt 0 ] || usage

cannot() {
	echo "tests/vm: no virtual machine here: $1" >&2
	exit 77
}

# ---- what it is made of -----------------------------------------------------------

cache=${REAPQ_VM_CACHE:-$source/build/vm}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd -P)

install_packages() {
	local want="" package
	for package in qemu-system-x86:qemu-system-x86_64 busybox-static:busybox cpio:cpio \
		e2fsprogs:mkfs.ext4; do
		command -v "${package#*:}" >/dev/null 2>&1 || want="$want ${package%:*}"
	done
	[ -n "$want" ] || return 0
	command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ] ||
		cannot "missing packages:$want (root on Debian installs them by itself)"
	apt-get update -qq || true
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		$want >/dev/null || cannot "apt-get cannot install$want"
}

# In the order in which they need each other.
modules="virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci
virtio_blk crc32c_generic crc16 mbcache jbd2 ext4 netfs fscache
9pnet 9pnet_virtio 9p"

download_kernel() {
	local package
	package=$(apt-cache depends linux-image-amd64 2>/dev/null |
		sed -n 's/.*Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1)
	[ -n "$package" ] || { echo "apt-cache does not know it" >"$cache/kernel/log"; return 1; }
	(cd "$cache/kernel" && apt-get download -qq "$package" 2>log)
}

# Debian's kernel, unpacked and not installed. The one for clouds has no 9p.
fetch_kernel() {
	local package=${REAPQ_VM_KERNEL:-}
	[ ! -e "$cache/kernel/done" ] || return 0
	rm -rf "$cache/kernel"
	mkdir -p "$cache/kernel"
	if [ -z "$package" ]; then
		command -v apt-get >/dev/null 2>&1 ||
			cannot "no apt-get; \$REAPQ_VM_KERNEL may name a linux-image .deb"
		download_kernel || { [ "$(id -u)" = 0 ] && apt-get update -qq && download_kernel; } ||
			cannot "cannot download linux-image-amd64: $(tail -n 1 "$cache/kernel/log")"
		package=$(echo "$cache"/kernel/*.deb)
	fi
	dpkg-deb --fsys-tarfile "$package" |
		tar -x -C "$cache/kernel" --wildcards './boot/vmlinuz-*' \
			$(printf './lib/modules/*/%s.ko ' $modules)
	rm -f "$cache"/kernel/*.deb "$cache/kernel/log"
	touch "$cache/kernel/done"
}

make_initramfs() {
	local root module
	[ ! "$cache/initramfs" -nt "$here/init" ] || [ ! "$cache/initramfs" -nt "$here/run.sh" ] ||
		return 0
	root=$(mktemp -d)
	mkdir -p "$root/bin" "$root/modules" "$root/root" "$root/proc"
	cp "$(command -v busybox)" "$root/bin/busybox"
	ln -s busybox "$root/bin/sh"
	cp "$here/init" "$root/init"
	for module in $modules; do
		find "$cache/kernel/lib/modules" -name "$module.ko" -exec cp {} "$root/modules" \;
	done
	echo $modules >"$root/modules/order"
	(cd "$root" && find . | cpio --quiet -o -H newc) >"$cache/initramfs.new"
	mv "$cache/initramfs.new" "$cache/initramfs"
	rm -rf "$root"
}

[ "$(uname -m)" = x86_64 ] || cannot "only for x86_64"
exec 9>"$cache/lock"
flock 9
install_packages
fetch_kernel
make_initramfs
exec 9>&-
[ -z "$prepare" ] || exit 0

# ---- one run ----------------------------------------------------------------------

build=$(cd "$build" && pwd -P) || cannot "no build in $build"
run=$(mktemp -d)
trap 'rm -rf "$run"' EXIT
nonce=reapq-vm-$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')

mkdir "$run/job"
command=("$@")
declare -p nonce layout box source build out share env command >"$run/job/job"
(cd "$run/job" && echo job | cpio --quiet -o -H newc) | cat "$cache/initramfs" - >"$run/initramfs"

# /tmp, as on a host that has it on a disk: in memory it would count as the tasks'.
truncate -s 2G "$run/disk"
mkfs.ext4 -q -F -O ^has_journal "$run/disk"

append="console=ttyS0 quiet panic=-1 no_timer_check reapq_inside=$here/inside.sh"
[ "$layout" != A0 ] || append="$append cgroup_disable=memory"

files=(-virtfs
	"local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap")
[ -z "$out" ] || out=$(cd "$out" && pwd -P)
[ -z "$out" ] || files+=(-virtfs "local,path=$out,mount_tag=out,security_model=none")

# The first serial line is the kernel's, the second the command's.
boot() {
	timeout --foreground -k 5 "$limit" qemu-system-x86_64 -accel tcg,thread=multi -cpu max \
		-smp 2 -m "$memory" -nodefaults -no-user-config -display none -no-reboot \
		-kernel "$(echo "$cache"/kernel/boot/vmlinuz-*)" -initrd "$run/initramfs" \
		-append "$append" "${files[@]}" \
		-drive "file=$run/disk,format=raw,if=virtio,cache=unsafe" \
		-chardev "file,id=console,path=$run/console" -serial chardev:console \
		-chardev stdio,id=command,signal=off -serial chardev:command \
		</dev/null 2>"$run/qemu" | sed -u -e "/^$nonce /{w $run/said
d}"
}

# On a loaded host a kernel may not like the clock it finds, and panic. As long as the
# command was not begun, nothing is lost by another try.
for try in 1 2 3; do
	began=$SECONDS
	boot || true
	! grep -q begun "$run/said" || break
	echo "tests/vm: the machine did not boot, try $try" >&2
done
status=$(sed -n "s/^$nonce ended //p" "$run/said")
[ -z "$status" ] || exit "$status"
{
	tail -n 60 "$run/qemu" "$run/console"
	echo "tests/vm: the machine ended after $((SECONDS - began)) s (of $limit)" \
		"without telling how its command did"
} >&2
exit 125
