#!/bin/sh
# In a virtual machine with little memory: a task without a limit takes all of it. It is
# told that the machine ran out, as proved, and the worker and Redis live on.
set -eu
export REAPQ_REDIS=unix:///tmp/redis.sock
redis-server --port 0 --unixsocket /tmp/redis.sock --save "" --dir /tmp --daemonize yes >/dev/null
"$REAPQ_BIN/reapq-worker" --module "$REAPQ_MODULES/faults.so" --module "$REAPQ_MODULES/text.so" \
	2>/tmp/worker.log &
worker=$!
# Redis is slow to answer a producer while the kernel looks for memory.
report=$("$REAPQ_BIN/reapq" call --json --timeout 300s alloc 4096) || true
say() {
	echo "machine.sh: $1"
	echo "$report"
	cat /tmp/worker.log
	exit 1
}
[ -n "$report" ] || say "no report"
echo "$report" | /usr/bin/python3 -c '
import json, sys
r = json.load(sys.stdin)
print(r["verdict"] + ", " + r["certainty"] + ": " + r["message"])
sys.exit(not ((r["outcome"], r["verdict"], r["certainty"]) == ("crashed", "oom", "proved")
              and "the machine ran out of memory" in r["message"]))' || say "another verdict"
[ "$("$REAPQ_BIN/reapq" call --timeout 60s echo alive)" = alive ] || say "no task after it"
kill $worker
wait $worker || say "the worker did not end well"
