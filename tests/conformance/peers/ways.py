"""The ways to die, as a task in Python: a function to import, or a command to run.

Leaves in a directory of the measurer's: TAG.pid while it runs, a line in TAG.runs for each
run, and in TAG.time when it died (CLOCK_MONOTONIC, which all processes share).
"""

import ctypes
import os
import signal
import sys
import time

COMMAND = False  # run as one: the result is what is printed


def put(where, name, text, mode="w"):
    with open(os.path.join(where, name), mode) as f:
        f.write(text)


class Bomb:
    """Kills whoever turns it into bytes."""

    def go(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def __reduce__(self):
        self.go()

    __json__ = go


def deeper(n):
    """Through C, as a call from Python to Python takes no stack."""
    return list(map(deeper, [n]))


def die(way, where, tag, runs):
    if way == "worker" and runs > 1:
        return "ok"
    if way == "raise":
        raise ValueError("no good")
    if way == "exit0":
        os._exit(0)
    if way == "exit3":
        os._exit(3)
    if way == "segv":
        ctypes.string_at(0)
    if way == "abort":
        os.abort()
    if way == "stack":
        sys.setrecursionlimit(1 << 30)
        deeper(0)
    if way == "oom":
        all_of_it = []
        while True:
            all_of_it.append(b"x" * (8 << 20))
            put(where, tag + ".time", str(time.monotonic()))
    if way in ("kill9", "worker", "hang"):
        time.sleep(600)
    if way == "deaf":
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        while True:
            pass
    if way == "cut":
        if COMMAND:
            sys.stdout.write("x" * (4 << 20))
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        return ["x" * (4 << 20), Bomb()]
    if way == "leave":
        if os.fork() == 0:
            os.setsid()
            put(where, tag + ".left", str(os.getpid()))
            os.execlp("sleep", "sleep", "600")
    if way == "innocent":
        time.sleep(3)
    return "ok"


def run(way, where, tag):
    put(where, tag + ".runs", "run\n", "a")
    with open(os.path.join(where, tag + ".runs")) as f:
        runs = len(f.readlines())
    put(where, tag + ".pid.new", str(os.getpid()))
    put(where, tag + ".time", str(time.monotonic()))
    os.rename(os.path.join(where, tag + ".pid.new"), os.path.join(where, tag + ".pid"))
    result = die(way, where, tag, runs)
    put(where, tag + ".time", str(time.monotonic()))
    return result


if __name__ == "__main__":
    COMMAND = True
    print(run(*(sys.argv[1:] or sys.stdin.read().split())))
