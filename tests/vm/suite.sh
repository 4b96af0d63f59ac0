#!/bin/sh
# In the virtual machine: is the tier the one that was laid out, and do the tests that
# depend on it pass?
set -eu
case $REAPQ_VM in
A1) expected=A ;;
A0m) expected=A0 ;;
*) expected=$REAPQ_VM ;;
esac

checked=$("$REAPQ_BIN/reapq-worker" --check --oom-test)
echo "$checked" | head -n 1
echo "$checked" | grep -q "^isolation: $expected " || {
	echo "suite.sh: this should have been $expected"
	echo "$checked"
	exit 1
}
case $expected in
A | B)
	echo "$checked" | grep -q "^OOM kill counted  *yes" || {
		echo "$checked"
		exit 1
	} ;;
esac

# The scenarios want the next worker in the same cgroup, and no process that is not theirs.
case $REAPQ_VM in
A0m | A1) ;;
*)
	(cd tests/scenario && /usr/bin/python3 -m pytest -q -p no:cacheprovider --timeout=300 \
		--timeout-method=signal test_isolation.py) ;;
esac

export CONFORMANCE_LEASE=5s
# On B the table itself finds out whether the kernel's log can be read.
/usr/bin/python3 tests/conformance/run --tier "$expected" ${REAPQ_VM_ROWS:+--rows "$REAPQ_VM_ROWS"} \
	--where "virtual machine, $REAPQ_VM" \
	${REAPQ_VM_OUT:+--json "$REAPQ_VM_OUT/$REAPQ_VM.json"} >/tmp/table || {
	grep -v '^ok ' /tmp/table
	exit 1
}
grep -v '^ok ' /tmp/table
