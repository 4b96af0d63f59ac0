#!/bin/bash
# In the virtual machine: makes it look like a host with the cgroups that are asked for,
# runs the command, tells its status and ends the machine. It is process 1 there.
. /run/vm/job
rm /run/vm/job # nobody else is to know the number

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
	LANG=C.UTF-8 TERM=dumb PYTHONDONTWRITEBYTECODE=1

give_up() {
	echo "inside.sh: $1"
	echo b >/proc/sysrq-trigger
}

# As systemd has it: what is mounted later is seen by a worker in a namespace of its own.
mount --make-rshared /
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount /dev/vda /tmp && chmod 1777 /tmp || give_up "no disk for /tmp"
for dir in /var/tmp /root; do
	mount -t tmpfs -o mode=1777 tmpfs $dir
done
ip link set lo up
hostname reapq-vm
ulimit -n 20000
# What is run may be below one of these. The rest of it stays hidden.
for dir in "$source" "$build" "${share[@]}"; do
	[ -d "$dir" ] && [ -n "$(ls -A "$dir")" ] && continue
	mkdir -p "$dir" && mount -o bind "/run/vm/host$dir" "$dir" || give_up "no $dir"
done

if [ -n "$out" ]; then
	out=/run/vm/out
	mkdir $out && mount -t 9p -o trans=virtio,version=9p2000.L out $out || give_up "no $out"
	export REAPQ_VM_OUT=$out
fi

cg=/sys/fs/cgroup
case $layout in
B)
	mount -t tmpfs tmpfs $cg
	for c in memory pids freezer cpu unified; do mkdir $cg/$c; done
	for c in memory pids freezer cpu; do mount -t cgroup -o $c cgroup $cg/$c; done
	mount -t cgroup2 cgroup2 $cg/unified ;;
D) ;;
*)
	mount -t cgroup2 cgroup2 $cg
	for c in cpu memory pids; do echo +$c >$cg/cgroup.subtree_control; done 2>/dev/null ;;
esac

# A worker that is to be alone in a cgroup is started by a script of its name. One that
# was put into a cgroup already stays there.
bin=$build/bin
case $layout in
A0m | A1 | C | C!)
	bin=/run/vm/bin
	mkdir $bin
	ln -s "$build"/bin/* $bin/
	rm $bin/reapq-worker
	declare -p layout box build cg >$bin/.layout
	cp "/run/vm/host$source/tests/vm/worker.sh" $bin/reapq-worker ;;
esac

export REAPQ_BIN=$bin REAPQ_MODULES=$build/modules REAPQ_TEST_MODULES=$build/tests/modules REAPQ_TESTS=$build/tests \
	REAPQ_VM=$layout
for pair in "${env[@]}"; do export "$pair"; done
dmesg -n 1 # kernel messages do not interest who reads the console
stty -F /dev/ttyS1 raw -echo 115200
echo "$nonce begun" >/dev/ttyS1
cd "$source" || give_up "no $source"
setsid "${command[@]}" </dev/null >/dev/ttyS1 2>&1 &
wait $!
status=$?
printf '\n%s ended %d\n' "$nonce" $status >/dev/ttyS1
sync
sleep 0.2 # the serial line is slower than the end
echo b >/proc/sysrq-trigger
