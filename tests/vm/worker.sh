#!/bin/bash
# In the virtual machine, in the place of reapq-worker: puts itself into a cgroup, as a
# container engine (C, C!, A0m) or systemd (A1) would have, and becomes the worker there.
. /run/vm/bin/.layout

own=$(sed -n 's/^0:://p' /proc/self/cgroup)
if [ "$own" = / ]; then
	own=/box.$$
	mkdir "$cg$own" || exit 1
	if [ "$layout" != A1 ]; then
		echo "$box" >"$cg$own/memory.max" || exit 1
		[ ! -e "$cg$own/memory.swap.max" ] || echo 0 >"$cg$own/memory.swap.max"
	fi
	echo $$ >"$cg$own/cgroup.procs" || exit 1
fi
case $layout in
A1) exec "$build/bin/reapq-worker" "$@" ;;
A0m)
	# The stranger is not the worker's child, and ends soon after it.
	(setsid sh -c "while [ -d /proc/$$ ]; do sleep 0.2; done" </dev/null >/dev/null 2>&1 &)
	exec "$build/bin/reapq-worker" "$@" ;;
C!) echo 1 >"$cg$own/memory.oom.group" || exit 1 ;;
esac
exec unshare --cgroup --mount --propagation slave sh -c "umount $cg && mount -t cgroup2 cgroup2 $cg &&
	mount -o remount,ro,bind $cg && exec \"\$@\"" sh "$build/bin/reapq-worker" "$@"
