#!/bin/bash
# In the virtual machine, in the place of reapq-worker: puts itself into a cgroup, as a
# container engine (C, C!) or systemd (A1) would have, and becomes the worker there.
. /run/vm/bin/.layout

own=$(sed -n 's/^0:://p' /proc/self/cgroup)
if [ "$own" = / ]; then
	own=/box.$$
	mkdir "$cg$own" || exit 1
	case $layout in
	C*)
		echo "$box" >"$cg$own/memory.max"
		[ ! -e "$cg$own/memory.swap.max" ] || echo 0 >"$cg$own/memory.swap.max" ;;
	esac
	echo $$ >"$cg$own/cgroup.procs" || exit 1
fi
[ "$layout" != A1 ] || exec "$build/bin/reapq-worker" "$@"
[ "$layout" != C! ] || echo 1 >"$cg$own/memory.oom.group" || exit 1
exec unshare --cgroup --mount sh -c "umount $cg && mount -t cgroup2 cgroup2 $cg &&
	mount -o remount,ro,bind $cg && exec \"\$@\"" sh "$build/bin/reapq-worker" "$@"
