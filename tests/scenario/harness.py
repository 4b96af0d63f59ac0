"""Real processes for the scenarios: Redis, workers, the reapq command.

Nothing here sleeps for a time and hopes. A scenario waits for an event: a line in the
worker's log, a FIFO that a task has opened, the end of a process. Timeouts are there
so that a failure ends, and never decide whether a test passes.

This process is made the subreaper of all that it starts: what a worker leaves behind
becomes a child of ours, and no process can escape the check at the end.
"""

import ctypes
import functools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import redis as redispy

BIN = os.environ.get("REAPQ_BIN", "")
MODULES = os.environ.get("REAPQ_MODULES", "")
BAD_MODULES = os.environ.get("REAPQ_TEST_MODULES", "")
ASAN = os.environ.get("REAPQ_ASAN") == "1"
REDIS_SERVER = os.environ.get("REAPQ_REDIS_SERVER", "redis-server")
GUARD = 100  # seconds after which a failed test gives up

PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

ours = set()  # pids that we started and have not yet waited for


def program(name):
    return os.path.join(BIN, name)


def module(name):
    return os.path.join(MODULES, name + ".so")


def clean_environment(extra=None):
    """Without any setting of the user's that would change what is tested."""
    env = {k: v for k, v in os.environ.items()
           if not k.startswith("REAPQ_") or k == "REAPQ_ISOLATION"}
    if ASAN:
        env["ASAN_OPTIONS"] = (
            "handle_segv=0:handle_abort=0:handle_sigfpe=0:handle_sigbus=0:"
            "handle_sigill=0:detect_leaks=1:allow_user_segv_handler=1:disable_coredump=0")
    env.update(extra or {})
    return env


@functools.lru_cache
def checked():
    return subprocess.run([program("reapq-worker"), "--check"], capture_output=True,
                          env=clean_environment(), check=True, text=True).stdout


def tier():
    """The isolation that a worker finds here: what can be proved depends on it."""
    return re.search(r"isolation: (\S+)", checked()).group(1)


def counts_kills():
    """Is there a counter of OOM kills, a task's own or a shared one? Not always on A0."""
    return limits_memory() or \
        re.search(r"shared counters readable\s+yes", checked()) is not None


def limits_memory():
    """Does the kernel hold a task to its memory limit?"""
    return tier() in ("A", "B")


def until(what, check):
    """For conditions of the kernel's that send no event. The last resort."""
    end = time.monotonic() + GUARD
    while True:
        value = check()
        if value:
            return value
        assert time.monotonic() < end, "never came true: " + what
        time.sleep(0.005)


# ---- processes, as /proc has them ---------------------------------------------

def proc_stat(pid):
    """(comm, state, ppid, starttime), or None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as f:
            text = f.read().decode("latin-1")
    except (FileNotFoundError, ProcessLookupError):
        return None
    comm = text[text.index("(") + 1:text.rindex(")")]
    rest = text[text.rindex(")") + 2:].split()
    return comm, rest[0], int(rest[1]), int(rest[19])


def processes():
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            stat = proc_stat(int(name))
            if stat:
                found[int(name)] = stat
    return found


def children(pid):
    return {p: s for p, s in processes().items() if s[2] == pid}


def alive(pid):
    stat = proc_stat(pid)
    return stat is not None and stat[1] not in "ZX"


def status_kb(pid, field):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(field + r":\s+(\d+)", f.read()).group(1))


def fd_count(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def strangers():
    """Children of ours that we did not start: somebody left them behind."""
    return {p: s for p, s in children(os.getpid()).items() if p not in ours}


def reap_strangers():
    """Waits for each to end by itself, which is what they all have to do."""
    def none_left():
        for pid in strangers():
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass
        return not strangers()
    until("all that was left behind has ended", none_left)


class Process:
    """A program with its output read as it comes."""

    def __init__(self, argv, env=None, stdin=None, cwd=None, start_new_session=False):
        self.argv = argv
        self.popen = subprocess.Popen(
            argv, env=clean_environment(env), stdin=stdin or subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd,
            start_new_session=start_new_session)
        self.pid = self.popen.pid
        ours.add(self.pid)
        self.changed = threading.Condition()
        self.lines = {"stdout": [], "stderr": []}
        self.readers = [threading.Thread(target=self._read, args=(name,), daemon=True)
                        for name in self.lines]
        for reader in self.readers:
            reader.start()

    def _read(self, name):
        for raw in getattr(self.popen, name):
            with self.changed:
                self.lines[name].append(raw.decode("utf-8", "replace").rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.lines[name].append(None)
            self.changed.notify_all()

    def wait_for_line(self, pattern, stream="stderr", count=1):
        """The match of the count-th line that has pattern."""
        def look():
            found = [m for m in (re.search(pattern, t) for t in self.lines[stream]
                                 if t is not None) if m]
            ended = self.lines[stream][-1:] == [None]
            return (found[count - 1] if len(found) >= count else None), ended
        with self.changed:
            self.changed.wait_for(lambda: any(look()), GUARD)
            match = look()[0]
        assert match, f"{self.argv[0]} never wrote {pattern!r} on {stream}:\n{self.text()}"
        return match

    def text(self, stream="stderr"):
        return "\n".join(t for t in self.lines[stream] if t is not None)

    def send(self, number):
        self.popen.send_signal(number)

    def wait(self):
        try:
            status = self.popen.wait(GUARD)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.argv} does not end:\n{self.text()}") from None
        ours.discard(self.pid)
        for reader in self.readers:
            reader.join(GUARD)
        return status

    def kill(self):
        if self.popen.poll() is None:
            self.popen.kill()
        self.wait()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


# ---- Redis ---------------------------------------------------------------------

class Redis:
    def __init__(self, persistent=False, args=()):
        self.dir = tempfile.mkdtemp(prefix="reapq-")
        self.socket = os.path.join(self.dir, "redis.sock")
        self.url = "unix://" + self.socket
        self.persistent = persistent
        self.args = [str(a) for a in args]  # settings; those of the last start are used again
        self.start()

    def start(self):
        self.process = Process(
            [REDIS_SERVER, "--port", "0", "--unixsocket", self.socket, "--dir", self.dir,
             "--save", "", "--appendonly", "yes" if self.persistent else "no",
             "--appendfsync", "always", "--enable-protected-configs", "local", *self.args])
        self.process.wait_for_line("eady to accept connections", "stdout")

    def kill(self):
        self.process.kill()

    def stop(self):
        self.process.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    def client(self):
        return redispy.Redis(unix_socket_path=self.socket)


# ---- workers -------------------------------------------------------------------

class Worker(Process):
    def __init__(self, redis, *flags, env=None, modules=("text", "hash", "faults"),
                 wrap=(), ready=True, **more):
        argv = [*wrap, program("reapq-worker")]
        if redis is not None:
            argv += ["--redis", redis.url]
        for name in modules:
            argv += ["--module", module(name)]
        super().__init__(argv + list(flags), env=env, **more)
        self.ended = False
        if ready:
            self.wait_for_line("worker_ready")

    def stop(self, number=signal.SIGTERM, expect=0):
        """The clean end: its status, and nobody left behind."""
        if self.ended:
            return
        self.ended = True
        self.send(number)
        status = self.wait()
        left = strangers()
        reap_strangers()
        assert status == expect, f"the worker ended with {status}:\n{self.text()}"
        assert not left, f"left behind by the worker: {left}\n{self.text()}"

    def destroy(self):
        """kill -9; what it started has to end by itself."""
        self.ended = True
        self.send(signal.SIGKILL)
        self.wait()
        reap_strangers()

    def zombies(self):
        return {p: s for p, s in children(self.pid).items() if s[1] == "Z"}

    def runner(self):
        """The oldest of its children that is called so; the others are warm children."""
        found = [(s[3], p) for p, s in children(self.pid).items()
                 if s[0].startswith("reapq-runner") and s[1] != "Z"]
        return min(found)[1] if found else None


# ---- the reapq command ------------------------------------------------------------

class Answer:
    def __init__(self, argv, status, out, err):
        self.argv, self.status, self.out, self.err = argv, status, out, err

    def __repr__(self):
        return f"{self.argv}: {self.status}\n{self.out[-2000:]}\n{self.err[-2000:]}"

    @property
    def text(self):
        return self.out.decode()

    @property
    def errors(self):
        return self.err.decode()

    @property
    def reports(self):
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def report(self):
        reports = self.reports
        assert len(reports) == 1, self
        return reports[0]


class Cli:
    def __init__(self, redis):
        self.redis = redis

    def environment(self, env):
        return {**({"REAPQ_REDIS": self.redis.url} if self.redis else {}), **(env or {})}

    def __call__(self, *args, input=b"", env=None):
        argv = [program("reapq"), *map(str, args)]
        popen = subprocess.Popen(
            argv, env=clean_environment(self.environment(env)), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        ours.add(popen.pid)
        try:
            out, err = popen.communicate(input, GUARD)
        except subprocess.TimeoutExpired:
            popen.kill()
            out, err = popen.communicate()
            raise AssertionError(f"never ended: {argv}\n{out}\n{err}") from None
        finally:
            ours.discard(popen.pid)
        return Answer(argv, popen.returncode, out, err)

    def report(self, *args, **more):
        """The one report of `reapq call --json ...` or `reapq run --json ...`."""
        return self(args[0], "--json", *args[1:], **more).report

    def submit(self, *args, **more):
        answer = self("submit", *args, **more)
        assert answer.status == 0, answer
        return answer.text.strip()

    def wait(self, *ids):
        """Reports of tasks that were submitted, by id."""
        answer = self("wait", "--json", *ids)
        assert len(answer.reports) == len(set(ids)), answer
        return {r["id"]: r for r in answer.reports}

    def state(self, task):
        answer = self("status", "--json", task)
        assert answer.status == 0, answer
        return answer.report

    def start(self, *args, env=None):
        """In the background; a Process."""
        return Process([program("reapq"), *map(str, args)], env=self.environment(env))


# ---- gates ---------------------------------------------------------------------------

class Gate:
    """A FIFO on which a task waits until it is let through.

    The task is `reapq submit gate PATH`, or any command that reads PATH.
    """

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="reapq-gate-")
        self.path = os.path.join(self.dir, "gate")
        os.mkfifo(self.path)
        self.writer = None

    def reached(self):
        """Returns when a task has opened the gate for reading, that is: it runs."""
        self.writer = open(self.path, "wb", buffering=0)

    def open(self, data=b"through"):
        if self.writer is None:
            self.reached()
        try:
            self.writer.write(data)
        except BrokenPipeError:
            pass
        self.close()

    def close(self):
        if self.writer is not None:
            self.writer.close()
            self.writer = None

    def remove(self):
        self.close()
        shutil.rmtree(self.dir, ignore_errors=True)
