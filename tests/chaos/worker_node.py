"""A worker on a node of its own, through all its lives."""

import os
import re
import signal
import subprocess
import threading
import time

READY = 90  # seconds, on a busy machine


def stat_of(pid):
    """(name, parent, start time), or None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as f:
            text = f.read().decode("latin-1")
    except (FileNotFoundError, ProcessLookupError):
        return None
    rest = text[text.rindex(")") + 2:].split()
    if rest[0] in "ZX":
        return None
    return text[text.index("(") + 1:text.rindex(")")], int(rest[1]), int(rest[19])


class Life:
    """One process of a worker."""

    def __init__(self, node, popen, log):
        self.node, self.popen, self.log = node, popen, log
        self.pid = popen.pid
        self.id = None
        self.started, self.ended, self.how = time.time(), None, None

    def as_dict(self):
        return {"node": self.node, "pid": self.pid, "id": self.id, "log": self.log,
                "started": self.started, "ended": self.ended, "how": self.how,
                "status": self.popen.poll()}


class WorkerNode:
    def __init__(self, node, argv, env, directory):
        self.node, self.argv, self.env, self.dir = node, argv, env, directory
        os.makedirs(directory, exist_ok=True)
        self.lives = []
        self.lock = threading.Lock()  # one fault at a time

    @property
    def life(self):
        return self.lives[-1]

    @property
    def pid(self):
        return self.life.pid

    def start(self):
        log = os.path.join(self.dir, f"{self.node.name}.{len(self.lives)}.log")
        with open(log, "wb") as out:
            popen = subprocess.Popen(self.node.argv(*self.argv), env=self.env,
                                     stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.lives.append(Life(self.node.name, popen, log))

    def learn_id(self, life=None):
        """Its name, from its log; None as long as it is not ready."""
        life = life or self.life
        if not life.id:
            with open(life.log, "rb") as f:
                found = re.search(rb"worker_ready worker=(\S+)", f.read(1 << 20))
            life.id = found.group(1).decode() if found else None
        return life.id

    def wait_ready(self):
        end = time.monotonic() + READY
        while not self.learn_id():
            if self.life.popen.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the worker is not ready; see {self.life.log}")
            time.sleep(0.02)

    def alive(self):
        return self.life.popen.poll() is None

    def send(self, number):
        self.life.popen.send_signal(number)

    def kill(self):
        """kill -9, without a chance to tell anybody."""
        self.learn_id()
        self.life.how = "killed"
        self.send(signal.SIGKILL)
        self.life.popen.wait()
        self.life.ended = time.time()

    def drain(self, seconds, twice=False):
        """SIGTERM. Its exit status, or None if it does not end in that time."""
        self.learn_id()
        self.life.how = "drained"
        self.life.drained = time.time()
        self.send(signal.SIGTERM)
        if twice:
            time.sleep(0.1)
            self.send(signal.SIGTERM)
        try:
            status = self.life.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        self.life.ended = time.time()
        return status

    def could_not_report(self):
        """It says so where Redis was away to its end, and only there may status 1 be."""
        with open(self.life.log, "rb") as f:
            return b"with reports that Redis has not taken" in f.read()

    def children(self):
        """Its runner, and its other children: warm ones and busy ones."""
        found = []
        try:
            with open(f"/proc/{self.pid}/task/{self.pid}/children") as f:
                pids = [int(p) for p in f.read().split()]
        except (FileNotFoundError, ProcessLookupError):
            return None, []
        for pid in pids:
            stat = stat_of(pid)
            if stat and stat[1] == self.pid:
                found.append((stat[2], pid, stat[0]))
        found.sort()
        runners = [p for _, p, name in found if name == "reapq-runner"]
        runner = runners[0] if runners else None
        return runner, [p for _, p, name in found
                        if p != runner and name != "reapq-symbolize"]
