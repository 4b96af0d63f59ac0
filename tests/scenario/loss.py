#!/usr/bin/python3
"""Measures how long a waiter waits when a worker is killed: two workers, kill -9 of one.

    REAPQ_BIN=build/bin REAPQ_MODULES=build/modules tests/scenario/loss.py [RUNS [LEASE]]

In each run one worker has two tasks, one that must not start twice and one that may. Printed
is the time from the SIGKILL to the end of `reapq wait` for the first (with `worker_lost`)
and for the second (with the result of its second attempt, on the other worker), beside
lease + 1 s, which is what is promised. It asserts the outcomes, and the times with 3 s to
spare: no test runs it, as a busy machine would decide whether it passes.
"""

import json
import random
import statistics
import sys
import threading
import time

import harness


def timed(process, since, times):
    process.popen.wait()
    times.append(time.monotonic() - since)


def run(redis, lease):
    cli = harness.Cli(redis)
    flags = ("--lease", lease, "--allow-exec", "--concurrency", "2")
    doors = [harness.Gate(), harness.Gate()]
    first = harness.Worker(redis, *flags)
    once = cli.submit("--once", "gate", doors[0].path)
    again = cli.submit("--", "sh", "-c",
                       f"test $REAPQ_ATTEMPT != 1 || exec cat {doors[1].path}; echo again")
    for door in doors:
        door.reached()
    second = harness.Worker(redis, *flags)
    waiters = [cli.start("wait", "--json", once), cli.start("wait", "--json", again)]
    for task in once, again:
        harness.until("the waiter waits", lambda t=task: redis.client().hget(
            "reapq:{default}:t:" + t, "w"))
    time.sleep(random.uniform(0, 2))  # anywhere between two heartbeats and two ticks
    times = [[], []]
    since = time.monotonic()
    first.popen.kill()
    threads = [threading.Thread(target=timed, args=(w, since, t))
               for w, t in zip(waiters, times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for waiter in waiters:
        waiter.wait()
    first.wait()
    first.ended = True
    for door in doors:
        door.remove()
    harness.reap_strangers()
    second.stop()
    reports = [json.loads(w.text("stdout")) for w in waiters]
    assert reports[0]["verdict"] == "worker_lost", reports[0]
    assert (reports[1]["verdict"], reports[1]["attempt"]) == ("ok", 2), reports[1]
    return times[0][0], times[1][0]


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    lease = sys.argv[2] if len(sys.argv) > 2 else "5s"
    bound = float(lease.rstrip("s")) + 1
    found = []
    for i in range(runs):
        redis = harness.Redis()
        try:
            found.append(run(redis, lease))
        finally:
            redis.stop()
        print(f"{i + 1:3}  lost after {found[-1][0]:.2f} s  "
              f"run again after {found[-1][1]:.2f} s", flush=True)
    for name, times in zip(("lost", "again"), zip(*found)):
        print(f"{name}: min {min(times):.2f} median {statistics.median(times):.2f} "
              f"max {max(times):.2f} s; promised {bound:.2f} s, "
              f"{sum(t > bound for t in times)} of {runs} over")
        assert max(times) < bound + 3


if __name__ == "__main__":
    main()
