"""world.py - a Redis and workers to be measured, and what they used.

Everything is started fresh for a measurement and ended after it. CPU time is read from
/proc, so that what a process used is known whatever else the machine does.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

BIN = pathlib.Path(os.environ.get("REAPQ_BENCH_BUILD", "build/bench")).resolve()
TICK_US = 1e6 / os.sysconf("SC_CLK_TCK")


def program(name):
    return str(BIN / "bin" / name)


def until(ready, what, seconds=30):
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise RuntimeError(f"{what}: not in {seconds} s")
        time.sleep(0.01)


def tool(name, *args):
    """One of the C programs here; its JSON."""
    done = subprocess.run([str(BIN / "bench" / f"bench_{name}"), *map(str, args)],
                          stdout=subprocess.PIPE, check=False)
    if done.returncode not in (0, 1) or not done.stdout:
        raise RuntimeError(f"bench_{name} {args}: status {done.returncode}")
    return json.loads(done.stdout)


def cpu_us(pid):
    """Microseconds of a process: its own, and of children it has waited for."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    own, waited = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
    return own * TICK_US, waited * TICK_US


def resident(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) * 1024


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Redis:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="reapq-bench-")
        self.socket = f"{self.dir}/redis.sock"
        self.url = f"unix://{self.socket}"
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "",
             "--appendonly", "no", "--dir", self.dir],
            stdout=subprocess.DEVNULL)
        until(lambda: os.path.exists(self.socket), "redis-server")

    def info(self, section):
        text = subprocess.run(["redis-cli", "-s", self.socket, "info", section], check=True,
                              stdout=subprocess.PIPE, text=True).stdout
        return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)

    def flush(self):
        subprocess.run(["redis-cli", "-s", self.socket, "flushall"], check=True,
                       stdout=subprocess.DEVNULL)

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


class Worker:
    def __init__(self, redis, *flags, concurrency=8, modules=("text", "faults")):
        self.log = open(f"{redis.dir}/worker.{time.monotonic_ns()}.log", "w+b")
        args = [program("reapq-worker"), "--redis", redis.url, "--allow-exec",
                "--concurrency", str(concurrency)]
        for name in modules:
            args += ["--module", str(BIN / "modules" / f"{name}.so")]
        self.process = subprocess.Popen([*args, *flags], stderr=self.log)
        self.pid = self.process.pid
        try:
            until(self.ready, "reapq-worker")
        except RuntimeError:
            self.log.seek(0)
            raise RuntimeError(self.log.read().decode()[-2000:]) from None
        self.isolation = re.search(rb"isolation=(\S+) redis", self.text())[1].decode()
        self.runner = self.find_runner()

    def text(self):
        self.log.flush()
        return pathlib.Path(self.log.name).read_bytes()

    def ready(self):
        return self.process.poll() is None and b"worker_ready" in self.text()

    def find_runner(self):
        """The oldest child of its: those without a task have its name too."""
        path = f"/proc/{self.pid}/task/{self.pid}/children"
        return min(map(int, pathlib.Path(path).read_text().split()),
                   key=lambda pid: int(pathlib.Path(f"/proc/{pid}/stat").read_text()
                                       .rsplit(")", 1)[1].split()[19]))

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.log.close()


class Meter:
    """What a stretch of work cost, part by part, in microseconds of CPU time a task."""

    def __init__(self, redis, workers):
        self.redis, self.workers = redis, workers
        self.before = self.read()
        self.began = time.monotonic()

    def read(self):
        stats = self.redis.info("stats")
        sums = {"worker": 0.0, "child": 0.0, "runner": 0.0}
        for worker in self.workers:
            own, waited = cpu_us(worker.pid)
            sums["worker"] += own
            sums["child"] += waited
            sums["runner"] += cpu_us(worker.runner)[0]
        sums["redis"] = cpu_us(self.redis.process.pid)[0]
        sums["commands"] = int(stats["total_commands_processed"])
        sums["bytes"] = int(stats["total_net_input_bytes"]) + \
            int(stats["total_net_output_bytes"])
        return sums

    def stop(self, n, producer_us):
        took = time.monotonic() - self.began
        after = self.read()
        each = {key: round((after[key] - self.before[key]) / n, 2) for key in after}
        each["producer"] = round(producer_us / n, 2)
        return {"per_s": n / took, "each": each}


def run_map(redis, command, lines):
    """Through `reapq map`; microseconds of CPU time the producer used."""
    before = os.times()
    source = subprocess.Popen(["seq", str(lines)], stdout=subprocess.PIPE)
    done = subprocess.run([program("reapq"), "--redis", redis.url, "map", *command],
                          stdin=source.stdout, stdout=subprocess.DEVNULL, check=False)
    source.stdout.close()
    source.wait()
    after = os.times()
    if done.returncode != 0:
        raise RuntimeError(f"reapq map {command}: status {done.returncode}")
    return (after.children_user + after.children_system
            - before.children_user - before.children_system) * 1e6
