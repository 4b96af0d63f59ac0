"""A real Redis, real workers and the real producer, with nothing but the standard library.

Nothing here is specific to a row. Waits are for events; the timeouts are there so that a
failure ends.
"""

import ctypes
import json
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time

# Short, as some rows wait for its end; longer where the whole machine is slow.
LEASE = os.environ.get("CONFORMANCE_LEASE", "1s")
GUARD = 60  # seconds after which what does not end has failed
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

# What a killed worker leaves becomes ours, so that it can be waited for.
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


class Broken(Exception):
    """The laboratory does not work: no verdict on any row."""


class NoSuchTier(Broken):
    """What was asked for is not what this host gives."""


def clean_environment(extra=None):
    env = {k: v for k, v in os.environ.items() if not k.startswith("REAPQ_")}
    env.update(extra or {})
    return env


def until(what, check, seconds=GUARD):
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            raise Broken("never came true: " + what)
        time.sleep(0.005)


def read(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:
        return b""


def state(pid):
    """The letter of /proc/PID/stat; None: gone."""
    text = read(f"/proc/{pid}/stat")
    return text[text.rindex(b")") + 2:][:1].decode() if b")" in text else None


def parent(pid):
    text = read(f"/proc/{pid}/stat")
    return int(text[text.rindex(b")") + 2:].split()[1]) if b")" in text else None


def children(pid):
    return [p for p in pids() if parent(p) == pid]


def pending_kill(pid):
    """Has somebody sent it a SIGKILL that it has not died of yet?"""
    for line in read(f"/proc/{pid}/status").splitlines():
        if line.startswith((b"SigPnd:", b"ShdPnd:")) and int(line.split()[1], 16) & 1 << 8:
            return True
    return False


def pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def marked(mark):
    """Live processes that have the file open, mapped, or on their command line."""
    found = []
    needle = mark.encode()
    for pid in pids():
        if pid == os.getpid() or state(pid) in (None, "Z", "X"):
            continue
        if b"@" + needle in read(f"/proc/{pid}/cmdline") and not is_producer(pid):
            found.append(pid)
        elif needle in read(f"/proc/{pid}/maps"):
            found.append(pid)
    return found


def is_producer(pid):
    return read(f"/proc/{pid}/cmdline").split(b"\0")[0].endswith(b"/reapq")


def reap():
    """Everything that has become ours and is dead."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


class Programs:
    def __init__(self, bin_dir, modules, tests):
        self.bin, self.modules, self.tests = bin_dir, modules, tests

    def __call__(self, name):
        return os.path.join(self.bin, name)

    def module(self, name):
        for where in (self.modules, os.path.join(self.tests, "modules")):
            path = os.path.join(where, name + ".so")
            if os.path.exists(path):
                return path
        raise Broken(f"no module {name}.so in {self.modules} or {self.tests}/modules")

    @property
    def deaths(self):
        return os.path.join(self.tests, "deaths")


class Worker:
    """Its log goes to a file: a pipe that nobody empties could stop it."""

    def __init__(self, lab, flags, box):
        self.lab, self.flags, self.box = lab, flags, box
        self.log_path = os.path.join(lab.dir, f"worker-{len(lab.logs)}.log")
        lab.logs.append(self.log_path)
        argv = [lab.programs("reapq-worker"), "--redis", lab.url, "--concurrency", "5",
                "--kill-grace", "200ms", "--lease", LEASE, *flags]
        for name in ("text", "faults", "deaths"):
            argv += ["--module", lab.programs.module(name)]
        with open(self.log_path, "wb") as log:
            self.popen = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=lab.dir,
                env=clean_environment(), preexec_fn=box.enter if box else None)
        self.pid = self.popen.pid
        until("the worker is ready:\n" + " ".join(argv),
              lambda: "worker_ready" in self.log() or self.popen.poll() is not None)
        if self.popen.poll() is not None:
            kind = NoSuchTier if "does not give" in self.log() else Broken
            raise kind("the worker did not start:\n" + self.log())
        self.tier = re.search(r"isolation tier=(\S+)", self.log()).group(1)

    def log(self):
        return read(self.log_path).decode("utf-8", "replace")

    def alive(self):
        return self.popen.poll() is None

    def stop(self):
        """A clean end; what is wrong with it as text, or None."""
        if not self.alive():
            return "the worker had ended before:\n" + self.log()[-2000:]
        self.popen.send_signal(signal.SIGTERM)
        try:
            status = self.popen.wait(GUARD)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            return "the worker did not end"
        return None if status == 0 else f"the worker ended with {status}"

    def kill(self):
        if self.alive():
            self.popen.kill()
        self.popen.wait()


class Producer:
    """A `reapq` that is running."""

    def __init__(self, lab, args):
        self.popen = subprocess.Popen(
            [lab.programs("reapq"), *args], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=clean_environment({"REAPQ_REDIS": lab.url}))

    def end(self):
        try:
            out, err = self.popen.communicate(timeout=GUARD)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            out, err = self.popen.communicate()
            raise Broken(f"the producer never woke: {out} {err}") from None
        return out, err

    def report(self):
        out, err = self.end()
        try:
            return json.loads(out)
        except ValueError:
            raise Broken(f"no report: {out!r} {err!r}") from None


class Fifo:
    def __init__(self, path):
        self.path = path
        os.mkfifo(path)
        self.fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def number(self):
        """What a process has written to it."""
        if not select.select([self.fd], [], [], GUARD)[0]:
            raise Broken("nobody wrote to " + self.path)
        return int(os.read(self.fd, 64).split()[0])

    def open_up(self, times=1):
        os.write(self.fd, b"x" * times)

    def remove(self):
        os.close(self.fd)
        os.unlink(self.path)


class Lab:
    def __init__(self, programs, redis="redis-server"):
        self.programs = programs
        self.dir = tempfile.mkdtemp(prefix="conformance-")
        self.logs, self.made = [], 0
        self.socket = os.path.join(self.dir, "redis.sock")
        self.url = "unix://" + self.socket
        self.small = None
        with open(os.path.join(self.dir, "redis.log"), "wb") as log:
            self.redis = subprocess.Popen(
                [redis, "--port", "0", "--unixsocket", self.socket, "--dir", self.dir,
                 "--save", "", "--appendonly", "no"], stdout=log, stderr=log)
        until("Redis answers", lambda: os.path.exists(self.socket))

    def fresh(self, name):
        self.made += 1
        return os.path.join(self.dir, f"{name}-{self.made}")

    def small_tmpfs(self):
        """A tmpfs without room for 1 MiB; None: not to be had."""
        if self.small is None:
            path = self.fresh("small")
            os.mkdir(path)
            mounted = subprocess.run(
                ["mount", "-t", "tmpfs", "-o", "size=64k", "none", path],
                stderr=subprocess.DEVNULL).returncode == 0
            self.small = path if mounted else ""
            shm = os.statvfs("/dev/shm")
            if not mounted and shm.f_blocks * shm.f_frsize < 1 << 20:
                self.small = "/dev/shm"
        return self.small or None

    def check(self):
        """What `reapq-worker --check` prints."""
        return subprocess.run([self.programs("reapq-worker"), "--check"],
                              capture_output=True, text=True, env=clean_environment(),
                              check=True).stdout

    def report(self, *args):
        return Producer(self, [args[0], "--json", *args[1:]]).report()

    def close(self):
        self.redis.kill()
        self.redis.wait()
        if self.small and self.small != "/dev/shm":
            subprocess.run(["umount", self.small], check=False)
        shutil.rmtree(self.dir, ignore_errors=True)
