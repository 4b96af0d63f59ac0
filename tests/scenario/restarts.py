#!/usr/bin/python3
"""Restarts workers under load, and checks that nothing is lost.

    REAPQ_BIN=build/bin REAPQ_MODULES=build/modules tests/scenario/restarts.py [N [SEED]]

Three workers of two queues; one of them at a time is ended, by SIGKILL or by SIGTERM with
little grace, and started again, while two `reapq map` keep every slot busy. At the end each
line of their input has to have come back once, with its own result, and Redis may hold
nothing that waits or runs. No restart waits for calm: they follow one another as fast as a
worker starts. ctest does a few (test_restarts.py), this program as many as are asked for.
"""

import collections
import fcntl
import json
import random
import signal
import sys
import threading
import time

import harness

LEASE_FLAGS = ("--lease", "1s", "--grace", "30ms", "--kill-grace", "30ms")
QUEUES = {"default": ("echo",),
          "commands": ("--", "sh", "-c", "sleep 0.0$(($$ % 10)); echo {}")}


class Load:
    """One `reapq map`, fed until it is told to stop."""

    def __init__(self, redis, queue, command):
        self.process = harness.Process(
            [harness.program("reapq"), "map", "--json", "--queue", queue, "--window", "60",
             "--max-lost", "1000", *command],
            env={"REAPQ_REDIS": redis.url}, stdin=harness.subprocess.PIPE)
        self.sent = 0
        self.key = "result" if command[0] != "--" else "stdout"
        self.enough = threading.Event()
        self.feeder = threading.Thread(target=self.feed, daemon=True)
        self.feeder.start()

    def feed(self):
        stdin = self.process.popen.stdin
        # what fits into the pipe has to be done at the end
        fcntl.fcntl(stdin, fcntl.F_SETPIPE_SZ, 4096)
        while not self.enough.is_set():
            stdin.write(b"line-%d\n" % self.sent)
            stdin.flush()
            self.sent += 1
        stdin.close()

    def end(self):
        """How often attempts were lost or superseded, after the check."""
        self.enough.set()
        self.feeder.join()
        status = self.process.wait()
        reports = [json.loads(t) for t in self.process.lines["stdout"] if t]
        bad = [r for r in reports if r["verdict"] != "ok"]
        assert status == 0 and not bad, (status, bad[:3], self.process.text()[-2000:])
        got = collections.Counter(r[self.key].strip() for r in reports)
        want = collections.Counter("line-%d" % i for i in range(self.sent))
        assert got == want, (list((got - want).items())[:5], list((want - got).items())[:5])
        for r in reports:
            numbers = [a["attempt"] for a in r["attempts"] if not a["superseded"]]
            assert numbers == list(range(1, len(numbers) + 1)), r["attempts"]
        return sum(len(r["attempts"]) - 1 for r in reports)


def start(redis):
    flags = [f for q in QUEUES for f in ("--queue", q)]
    return harness.Worker(redis, "--allow-exec", "--concurrency", "4", *LEASE_FLAGS, *flags,
                          modules=("text",))


def end(worker, number):
    worker.send(number)
    status = worker.wait()
    worker.ended = True
    assert number == signal.SIGKILL or status == 0, (status, worker.text())


def left_over(redis):
    client = redis.client()
    found = {}
    for queue in QUEUES:
        for name, count in (("p0", client.llen), ("p1", client.llen), ("p2", client.llen),
                            ("ps", client.llen), ("d", client.zcard), ("l", client.zcard)):
            key = f"reapq:{{{queue}}}:{name}"
            if count(key):
                found[key] = count(key)
        live = list(client.scan_iter(f"reapq:{{{queue}}}:t:*", 1000))
        if live:
            found[queue] = live[:5]
    return found


def run(redis, n, seed):
    choose = random.Random(seed)
    workers = [start(redis) for _ in range(3)]
    kills = 0
    try:
        loads = [Load(redis, q, c) for q, c in QUEUES.items()]
        for _ in range(n):
            at = choose.randrange(len(workers))
            number = choose.choice((signal.SIGKILL, signal.SIGTERM))
            kills += number == signal.SIGKILL
            end(workers[at], number)
            workers[at] = start(redis)
        again = sum(load.end() for load in loads)
        assert not left_over(redis), left_over(redis)
    finally:
        for worker in workers:
            if not worker.ended:
                worker.kill()
        harness.reap_strangers()
    return {"restarts": n, "kills": kills, "tasks": sum(x.sent for x in loads), "again": again}


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32)
    redis = harness.Redis()
    began = time.monotonic()
    try:
        print(f"seed {seed}", flush=True)
        done = run(redis, n, seed)
    finally:
        redis.stop()
    print(f"{done['restarts']} restarts, {done['kills']} of them kill -9, "
          f"{done['tasks']} tasks, {done['again']} attempts that did not end their task, "
          f"{time.monotonic() - began:.0f} s: nothing lost")


if __name__ == "__main__":
    main()
