"""Puts one peer through the ways to die and prints what its user would have seen.

usage: measure.py PEER [--wait S] [--only WAY,...] [--out FILE]

For each way a fresh set of workers is started in a memory cgroup of 256 MiB, as in a
container with that limit, with room for two tasks. An innocent task runs beside. What is
noted: whether the waiter woke, how long after the death, what it was told, whether that is
the cause, what became of the innocent, how often the task ran, and what stayed behind.
"""

import argparse
import contextlib
import importlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BOX = 256 << 20
LONG = 4
LIMIT_S = 2  # the time limit of those that hang

SIGNAL9 = r"SIGKILL|signal[ =]?9\b"
SIGNAL11 = r"SIGSEGV|signal[ =]?11\b|[Ss]egmentation"

# way, what the waiter is to be told, what is part of it, and what would be false
WAYS = [
    ("ok", None, None, None),
    ("raise", r"no good", None, None),
    ("exit0", r"exit.*\b0\b", None, None),
    ("exit3", r"exit.*\b3\b|\b3\b.*exit", r"\b768\b", None),
    ("segv", SIGNAL11, None, None),
    ("abort", r"SIGABRT|signal[ =]?6\b|abort", None, None),
    ("stack", r"[Ss]tack|recursion", SIGNAL11, None),
    ("kill9", SIGNAL9, None, r"^oom|out of memory|memory limit"),
    ("oom", r"memory|\bOOM\b|\boom\b", SIGNAL9, None),
    ("hang", r"[Tt]ime ?[Ll]imit|[Tt]ime(d)? ?[Oo]ut|[Tt]imeout", SIGNAL9, None),
    ("deaf", r"[Tt]ime ?[Ll]imit|[Tt]ime(d)? ?[Oo]ut|[Tt]imeout", SIGNAL9, None),
    ("cut", SIGNAL9, None, None),
    ("leave", None, None, None),
    ("worker", r"lease|heartbeat|[Ww]orker.*(lost|died|gone)|stalled|[Aa]bandoned", None, None),
]


class Box:
    """A cgroup with a memory limit, v1 or v2, made below our own."""

    def __init__(self):
        with open("/proc/self/cgroup") as f:
            own = {c: path for _, names, path in (line.rstrip("\n").split(":", 2) for line in f)
                   for c in names.split(",")}
        if os.path.exists("/sys/fs/cgroup/memory/memory.limit_in_bytes"):
            self.path = f"/sys/fs/cgroup/memory{own['memory']}/peers.{os.getpid()}"
            limits = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
        else:
            self.path = f"/sys/fs/cgroup{own['']}/peers.{os.getpid()}"
            limits = ("memory.max",)
        os.mkdir(self.path)
        for name in limits:
            if os.path.exists(f"{self.path}/{name}"):
                self.put(name, str(BOX))

    def put(self, name, text):
        with open(f"{self.path}/{name}", "w") as f:
            f.write(text)

    def pids(self):
        with open(f"{self.path}/cgroup.procs") as f:
            return [int(line) for line in f]

    def empty(self):
        """Kills what is in it; returns when it has gone."""
        end = time.monotonic() + 20
        while self.pids() and time.monotonic() < end:
            for pid in self.pids():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            time.sleep(0.02)

    def remove(self):
        self.empty()
        os.rmdir(self.path)


def until(check, seconds, what):
    end = time.monotonic() + seconds
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > end:
            raise RuntimeError("never came true: " + what)
        time.sleep(0.01)


def free_port():
    """Not one that the kernel may give to somebody's connection meanwhile."""
    while True:
        port = random.randrange(20000, 30000)
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port


class Stage:
    """What a peer gets: a directory, a Redis, and a way to start processes in the box."""

    def __init__(self, box):
        self.box = box
        self.dir = tempfile.mkdtemp(prefix="peers-")
        self.log = open(os.path.join(self.dir, "log"), "w+")
        self.outside = []
        self.boxed = []
        self.redis_port = free_port()
        self.start(["redis-server", "--port", str(self.redis_port), "--save", "",
                    "--bind", "127.0.0.1"], inside=False)
        until(lambda: self.open(self.redis_port), 20, "Redis answers")

    @staticmethod
    def open(port):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0

    def start(self, argv, inside=True, **more):
        env = dict(os.environ, PYTHONPATH=HERE, PYTHONDONTWRITEBYTECODE="1", **more.pop("env", {}))
        more.setdefault("stdin", subprocess.DEVNULL)
        more.setdefault("stdout", self.log)
        one = subprocess.Popen(argv, env=env, cwd=self.dir, stderr=self.log,
                               preexec_fn=(lambda: self.box.put("cgroup.procs", "0"))
                               if inside else None, **more)
        (self.boxed if inside else self.outside).append(one)
        return one

    def says(self, text, count=1):
        with open(os.path.join(self.dir, "log")) as f:
            return f.read().count(text) >= count

    def read(self, name):
        try:
            with open(os.path.join(self.dir, name)) as f:
                return f.read()
        except FileNotFoundError:
            return None

    def close(self):
        self.box.empty()
        for one in self.outside:
            one.kill()
        for one in self.outside + self.boxed:
            one.wait()
        self.log.close()
        shutil.rmtree(self.dir)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def parent(pid):
    with open(f"/proc/{pid}/stat") as f:
        return int(f.read().rsplit(")", 1)[1].split()[1])


class Call(threading.Thread):
    """A producer that waits: kind is ok, failed or pending, text what it was told."""

    def __init__(self, peer, way, stage, tag, wait_s, limit_s):
        super().__init__(daemon=True)
        self.args = (way, stage.dir, tag, wait_s, limit_s)
        self.peer, self.kind, self.text, self.woke = peer, "pending", "", None
        self.start()

    def run(self):
        try:
            self.kind, self.text = self.peer.call(*self.args)
        except Exception as e:  # the peer's way to tell is the peer's business
            self.kind, self.text = "broken", repr(e)
        self.woke = time.monotonic()


def judge(way, kind, text):
    _, right, part, false = next(w for w in WAYS if w[0] == way)
    if way == "worker" and kind == "ok":
        return "run again"
    if kind == "pending":
        return "no answer"
    if right is None:
        return "right" if kind == "ok" else "wrong: failed"
    if kind == "ok":
        return "wrong: success"
    if false and re.search(false, text):
        return "wrong: another cause"
    if re.search(right, text, re.S):
        return "right"
    if part and re.search(part, text):
        return "raw status only" if way == "exit3" else "signal only"
    return "not told"


def worker_of(stage, pid):
    mine = {p.pid for p in stage.boxed}
    while pid > 1 and pid not in mine:
        pid = parent(pid)
    return pid


def measure(peer, way, box, wait_s):
    if way in ("deaf", "worker"):
        wait_s *= LONG  # for those who promise it only then
    stage = Stage(box)
    try:
        peer.start(stage)
        beside = None
        if way not in ("ok", "worker"):
            beside = Call(peer, "innocent", stage, "innocent", wait_s, None)
            until(lambda: stage.read("innocent.pid"), 30, "the innocent runs")
        limit_s = LIMIT_S if way in ("hang", "deaf") else None
        victim = Call(peer, way, stage, "victim", wait_s, limit_s)
        pid = int(until(lambda: stage.read("victim.pid"), 30, "the victim runs"))
        died = None
        if way == "kill9":
            os.kill(pid, signal.SIGKILL)
            died = time.monotonic()
        elif way == "worker":
            os.kill(worker_of(stage, pid), signal.SIGKILL)
            died = time.monotonic()
            peer.worker(stage)  # as whatever watches over it would
        victim.join(wait_s + 10)
        if died is None:
            died = float(stage.read("victim.time")) + (limit_s or 0)
        row = {"way": way, "kind": victim.kind, "text": " ".join(victim.text.split())[-400:],
               "seconds": round(max(0, victim.woke - died), 2) if victim.kind != "pending" else None,
               "judged": judge(way, victim.kind, victim.text)}
        if beside:
            beside.join(wait_s)
            runs = (stage.read("innocent.runs") or "").count("run")
            row["innocent"] = ("unharmed" if runs == 1 else f"run {runs} times") \
                if beside.kind == "ok" else \
                "killed: " + beside.text if beside.kind == "failed" else "lost"
        row["runs"] = (stage.read("victim.runs") or "").count("run")
        time.sleep(1)  # whoever cleans up late has had the time
        left = stage.read("victim.left")
        row["left"] = [what for what, p in (("task", way in ("hang", "deaf", "worker") and pid),
                                             ("its child", left))
                       if p and alive(p)]
        return row
    finally:
        stage.close()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("peer")
    p.add_argument("--wait", type=int, default=30)
    p.add_argument("--only", default="")
    p.add_argument("--out")
    a = p.parse_args()
    peer = importlib.import_module("peer_" + a.peer).Peer()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # What they leave behind becomes ours, so that it can be found and reaped.
    import ctypes
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
    box = Box()
    rows = []
    try:
        for way, *_ in WAYS:
            if (a.only and way not in a.only.split(",")) or way in peer.not_for:
                continue
            rows.append(measure(peer, way, box, a.wait))
            print(json.dumps(rows[-1]), flush=True)
    finally:
        box.remove()
    if a.out:
        with open(a.out, "w") as f:
            json.dump({"name": peer.name, "version": peer.version(), "settings": peer.settings,
                       "date": time.strftime("%Y-%m-%d", time.gmtime()), "wait": a.wait,
                       "not_for": peer.not_for, "rows": rows}, f, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
