"""What the image has to do, in containers as docker/compose.yaml makes them. See image.sh.

Nothing here waits for a time and hopes: each check waits for an event (a line in a worker's
log, a FIFO that a task has opened, the end of a container), and the timeout is there so that
a failure ends.
"""

import argparse
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time

GUARD = 120
MODULES = "/usr/local/lib/reapq/modules"
HARDENED = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
            "--tmpfs", "/tmp:size=64m,mode=1777,nosuid,nodev"]


def podman(*args, check=True, text_in=None):
    done = subprocess.run(["podman", *args], capture_output=True, text=True, input=text_in,
                          timeout=GUARD, check=False)
    if check:
        assert done.returncode == 0, (args, done.returncode, done.stdout, done.stderr)
    return done


def until(what, check):
    """For what sends no event."""
    end = time.monotonic() + GUARD
    while True:
        value = check()
        if value:
            return value
        assert time.monotonic() < end, "never came true: " + what
        time.sleep(0.05)


class Container:
    def __init__(self, world, name, image, *command, options=(), env=None, memory="256m"):
        self.name = f"{world.prefix}-{name}"
        world.containers.append(self)
        words = [w for k, v in (env or {}).items() for w in ("-e", f"{k}={v}")]
        podman("run", "-d", "--name", self.name, *world.run, *HARDENED, "--memory", memory,
               "--memory-swap", memory, "--pids-limit", "256", "--no-healthcheck",
               *options, *words, image, *command)

    def log(self):
        done = podman("logs", self.name)
        return done.stdout + done.stderr

    def wait_for_line(self, pattern):
        def look():
            found = re.search(pattern, self.log())
            assert found or self.running() or re.search(pattern, self.log()), self.log()
            return found
        return until(f"{self.name} writes {pattern}", look)

    def state(self, field):
        return podman("inspect", "--format", "{{.State.%s}}" % field, self.name).stdout.strip()

    def running(self):
        return self.state("Running") == "true"

    def exec(self, *command, env=None):
        words = [w for k, v in (env or {}).items() for w in ("-e", f"{k}={v}")]
        return podman("exec", *words, self.name, *command, check=False)

    def health(self, age="15s"):
        done = self.exec("reapq-worker", "--health", env={"REAPQ_HEALTH_AGE": age})
        return done.returncode, done.stdout

    def wait(self):
        return int(podman("wait", self.name).stdout)

    def processes(self):
        """(pid, name, state) of all in the container, by its own /proc."""
        text = self.exec("sh", "-c", "cat /proc/[0-9]*/stat 2>/dev/null").stdout
        return [(int(m[1]), m[2], m[3]) for m in
                re.finditer(r"^(\d+) \((.*)\) (\S)", text, re.M)]

    def remove(self):
        podman("rm", "-f", "-t", "0", self.name, check=False)


class World:
    """Redis in a container, passwords in files, a directory for FIFOs."""

    def __init__(self, options):
        self.options = options
        self.prefix = f"reapq-image-{os.getpid()}"
        self.containers = []
        self.dir = tempfile.mkdtemp(prefix="reapq-image-")
        os.chmod(self.dir, 0o755)
        self.run = ["--runtime", "runc", "--network", "host", *options.limits.split()]
        self.image = options.image
        for name in "admin", "producer", "worker":
            path = os.path.join(self.dir, f"redis_{name}")
            with open(path, "w", encoding="ascii") as f:
                f.write(secrets.token_hex(16) + "\n")
            os.chmod(path, 0o644)
        os.mkdir(self.path("shared"))
        os.chmod(self.path("shared"), 0o777)
        with socket.create_server(("127.0.0.1", 0)) as s:
            self.port = s.getsockname()[1]
        self.redis = Container(
            self, "redis", self.image + "-redis", "--port", str(self.port), "--bind",
            "127.0.0.1", "--dir", "/data", memory="768m", options=[
                "--user", "999:999", "--tmpfs", "/data:size=512m,mode=777",
                *[f"-v={self.path('redis_' + n)}:/run/secrets/redis_{n}:ro"
                  for n in ("admin", "producer", "worker")]])
        self.redis.wait_for_line("eady to accept connections")

    def path(self, name):
        return os.path.join(self.dir, name)

    def settings(self, user):
        return ([f"-v={self.path('redis_' + user)}:/run/secrets/redis_{user}:ro",
                 f"-v={self.path('shared')}:/shared"],
                {"REAPQ_REDIS": f"redis://{user}:@127.0.0.1:{self.port}",
                 "REAPQ_REDIS_PASSWORD_FILE": f"/run/secrets/redis_{user}"})

    def worker(self, name, image=None, memory="256m", options=(), **settings):
        mounts, env = self.settings("worker")
        env |= {"REAPQ_ALLOW_EXEC": "yes", "REAPQ_CONCURRENCY": "4",
                "REAPQ_MODULE": f"{MODULES}/faults.so:{MODULES}/text.so"}
        if image:
            del env["REAPQ_MODULE"]
        env |= {"REAPQ_" + k.upper(): v for k, v in settings.items()}
        one = Container(self, name, image or self.image, options=[*mounts, *options], env=env,
                        memory=memory)
        one.wait_for_line("worker_ready")
        return one

    def command(self, *args):
        """podman's words for `reapq ...` in a container of its own."""
        mounts, env = self.settings("producer")
        words = [w for k, v in env.items() for w in ("-e", f"{k}={v}")]
        return ["run", "--rm", "-i", *self.run, *HARDENED, "--no-healthcheck", *mounts, *words,
                self.image, "reapq", *map(str, args)]

    def cli(self, *args, check=True, text_in=None):
        return podman(*self.command(*args), check=check, text_in=text_in)

    def start_cli(self, *args):
        return subprocess.Popen(["podman", *self.command(*args)], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def report(self, *args):
        return json.loads(self.cli(args[0], "--json", *args[1:], check=False).stdout)

    def gate(self, name):
        """A FIFO that a task opens by `cat /shared/NAME`."""
        path = self.path("shared/" + name)
        os.mkfifo(path)
        os.chmod(path, 0o666)
        return path

    def end(self):
        for one in reversed(self.containers):
            one.remove()
        shutil.rmtree(self.dir, ignore_errors=True)


# ---- the checks ------------------------------------------------------------------------

def check_image(w):
    """Small, without a compiler, and says of itself what an image should."""
    def inspect(image, what):
        return podman("image", "inspect", "--format", what, image).stdout.strip()
    extra = int(inspect(w.image, "{{.Size}}")) - int(inspect(w.options.base, "{{.Size}}"))
    assert extra < 20_000_000, f"{extra} bytes beyond the base"
    config = json.loads(inspect(w.image, "{{json .Config}}"))
    assert config["User"] == "10001:10001" and config["Cmd"] == ["reapq-worker"], config
    assert not config.get("Entrypoint"), config
    assert config["StopSignal"] in ("SIGTERM", "15"), config
    assert "org.opencontainers.image.title" in config["Labels"]
    health = inspect(w.image, "{{json .HealthCheck}}") + json.dumps(config)
    assert "reapq-worker" in health and "--health" in health, health
    found = podman("run", "--rm", *w.run, w.image, "sh", "-c",
                   "command -v gcc cc clang tcc ld as make cmake; :").stdout
    assert found == "", found
    for program in "reapq", "reapq-worker":
        assert program in podman("run", "--rm", *w.run, w.image, program, "--version").stdout
    # what is named is process 1, and its status is the container's
    assert podman("run", "--rm", *w.run, w.image, "reapq", "nonsense",
                  check=False).returncode == 2
    return f"{extra / 1e6:.1f} MB beyond the base"


def check_hardened(w):
    """Process 1 is the worker; not root, no capability, no new privileges, read-only root."""
    one = w.worker("hardened")
    assert one.exec("cat", "/proc/1/comm").stdout == "reapq-worker\n"
    status = one.exec("cat", "/proc/1/status").stdout
    assert re.search(r"^Uid:\s+10001\s+10001", status, re.M), status
    assert re.search(r"^CapEff:\s+0+$", status, re.M), status
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.M), status
    written = one.exec("sh", "-c", "echo x >/usr/local/x || echo x >/etc/x").stderr
    assert written.count("Read-only file system") == 2, written
    assert w.cli("run", "--", "id", "-u").stdout == "10001\n"
    assert w.cli("run", "--", "touch", "/x", check=False).returncode == 1
    # not dumpable: where it keeps a password is closed to its own user
    assert one.exec("cat", "/proc/1/environ").returncode != 0
    tier = re.search(r"isolation tier=(\S+)", one.log()).group(1)
    one.remove()
    return f"tier {tier}"


def check_health(w):
    one = w.worker("health")
    until("it is healthy", lambda: one.health()[0] == 0)
    status, line = one.health()
    assert line.startswith("healthy: worker ") and line.count("\n") == 1, line
    podman("pause", w.redis.name)
    try:
        until("it is not healthy any more", lambda: one.health("2s")[0] == 1)
        status, line = one.health("2s")
        assert status == 1 and line.startswith("unhealthy: "), line
    finally:
        podman("unpause", w.redis.name)
    until("it is healthy again", lambda: one.health("2s")[0] == 0)
    # the image's own check, as the runtime does it
    mounts, env = w.settings("worker")
    words = [x for k, v in env.items() for x in ("-e", f"{k}={v}")]
    name = f"{w.prefix}-own-check"
    podman("create", "--name", name, *w.run, *HARDENED, *mounts, *words, w.image)
    try:
        started = podman("start", name, check=False)
        if started.returncode != 0 and "systemd" in started.stderr:
            note = "podman's own healthcheck needs systemd, not tried"
        else:
            until("its own check passes", lambda: podman(
                "healthcheck", "run", name, check=False).returncode == 0)
            note = line.strip()
    finally:
        podman("rm", "-f", "-t", "0", name)
    one.remove()
    return note


def check_task_memory(w):
    """A child at its memory limit dies alone, and the report proves it."""
    one = w.worker("task-memory")
    r = w.report("call", "--memory", "48M", "alloc", "120")
    assert (r["verdict"], r["certainty"]) == ("memory_limit", "proved"), r
    assert w.cli("call", "echo", "after").stdout == "after"
    one.remove()
    return r["message"]


def check_container_memory(w):
    """The whole container at its limit: the kernel takes a task, never the worker."""
    one = w.worker("container-memory", memory="96m")
    r = w.report("call", "--max-attempts", "1", "alloc", "200")
    assert r["verdict"] == "oom", r
    assert one.running() and w.cli("call", "echo", "after").stdout == "after"
    assert one.exec("cat", "/proc/1/comm").stdout == "reapq-worker\n"
    one.remove()
    return f"{r['verdict']}, {r['certainty']}: {r['message']}"


def check_drain(w):
    """TERM: the running task ends well, no new one starts, status 0."""
    one = w.worker("drain", grace="2m")
    door = w.gate("drain")
    call = w.start_cli("run", "--", "cat", "/shared/drain")
    with open(door, "w", encoding="ascii") as gate:
        # not `podman stop`, which lets nobody in to ask
        podman("kill", "-s", "TERM", one.name)
        one.wait_for_line(" draining ")
        status, line = one.health()
        assert status == 0 and " is draining, 1 of 4 slots busy" in line, line
        later = w.cli("submit", "echo", "later").stdout.strip()
        gate.write("to the end\n")
    assert call.wait(GUARD) == 0 and call.stdout.read() == "to the end\n"
    assert one.wait() == 0, one.log()
    assert "worker_ended" in one.log() and later not in one.log()
    w.cli("cancel", later)
    return "exit status 0"


def check_kill(w):
    """kill -9 of process 1 takes all of it along; another container runs the task again."""
    one = w.worker("kill", lease="1s")
    door = w.gate("kill")
    task = w.cli("submit", "--", "cat", "/shared/kill").stdout.strip()
    with open(door, "w", encoding="ascii"):
        podman("kill", "-s", "KILL", one.name)
        assert one.wait() == 137
    other = w.worker("heir", lease="1s")
    with open(door, "w", encoding="ascii") as gate:
        gate.write("again\n")
    r = json.loads(w.cli("wait", "--json", task).stdout)
    tries = [a["verdict"] for a in r["attempts"]]
    assert tries == ["worker_lost", "ok"], r
    other.remove()
    return "worker_lost, then ok"


def check_zombies(w):
    """10,000 tasks, and 200 that leave processes behind: none is a zombie of process 1."""
    one = w.worker("zombies")
    numbers = "".join(f"{n}\n" for n in range(10_000))
    started = time.monotonic()
    done = w.cli("map", "--keep-order", "echo", text_in=numbers)
    took = time.monotonic() - started
    assert done.stdout == numbers
    strangers = "(setsid sh -c 'sleep 0.01; exit 3' &) ; exit 0"
    left = w.cli("map", "--", "sh", "-c", strangers, text_in="x\n" * 200)
    assert left.returncode == 0
    until("nothing is left", lambda: not [p for p in one.processes() if p[1] in (
        "sleep", "setsid") or p[2] == "Z"])
    names = [p[1] for p in one.processes()]
    assert names.count("reapq-worker") == 1 and len(names) < 20, names
    one.remove()
    return f"none; 10,000 echoes took {took:.1f} s, with the client's container"


def check_own_handler(w):
    one = w.worker("handler", image=w.image + "-handler")
    assert w.cli("call", "reverse", "stressed").stdout == "desserts"
    one.remove()
    return "FROM reapq, COPY, ENV REAPQ_MODULE"


def check_two(w):
    """Two share a queue; one is stopped under load. Each task ends well, once."""
    one, two = (w.worker(name, options=["-e", f"WHO={name}"]) for name in ("one", "two"))
    marks = w.path("shared/ran")
    with open(marks, "w", encoding="ascii"):
        os.chmod(marks, 0o666)
    command = ["sh", "-c", "echo $WHO $1 >>/shared/ran; echo $1", "-", "{}"]
    numbers = [str(n) for n in range(3000)]
    call = w.start_cli("map", "--keep-order", "--", *command)
    call.stdin.write("\n".join(numbers) + "\n")
    call.stdin.close()
    call.stdin = None

    def ran():
        with open(marks, encoding="ascii") as f:
            return [line.split() for line in f.read().splitlines()]
    until("both have worked", lambda: all(
        sum(line[0] == name for line in ran()) > 20 for name in ("one", "two")))
    at = len(ran())
    assert at < len(numbers) // 2, "the load was over before one was removed"
    podman("stop", "-t", "60", one.name)
    assert one.state("ExitCode") == "0", one.log()
    assert call.wait(GUARD) == 0, call.stderr.read()
    assert call.stdout.read().split() == numbers
    assert sorted((line[1] for line in ran()), key=int) == numbers, len(ran())
    alone = len(ran()) - at
    two.remove()
    return f"each of 3,000 ran once; one worker stopped after {at}, {alone} left"


def check_denied_nothing(w):
    """After all of this: Redis 8 has refused neither user anything."""
    with open(w.path("redis_admin"), encoding="ascii") as f:
        admin = f.read().strip()
    log = podman("exec", "-e", f"REDISCLI_AUTH={admin}", w.redis.name, "redis-cli", "-p",
                 str(w.port), "--user", "admin", "ACL", "LOG")
    assert log.stdout.strip() == "", log.stdout
    info = podman("exec", "-e", f"REDISCLI_AUTH={admin}", w.redis.name, "redis-cli", "-p",
                  str(w.port), "--user", "admin", "INFO", "server").stdout
    return "Redis " + re.search(r"redis_version:(\S+)", info).group(1)


CHECKS = [check_image, check_hardened, check_health, check_task_memory, check_container_memory,
          check_drain, check_kill, check_zombies, check_own_handler, check_two,
          check_denied_nothing]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--image", required=True)
    parser.add_argument("--base", required=True)
    parser.add_argument("--limits", default="")
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    world = World(options)
    failed = 0
    try:
        for check in CHECKS:
            name = check.__name__[6:].replace("_", " ")
            if options.only and name not in options.only:
                continue
            try:
                print(f"ok      {name}: {check(world)}", flush=True)
            except (AssertionError, subprocess.TimeoutExpired, ValueError, KeyError) as e:
                failed += 1
                print(f"FAILED  {name}: {type(e).__name__} {e}", flush=True)
                for one in world.containers[1:]:
                    text = podman("logs", one.name, check=False)
                    if text.returncode == 0:
                        print(f"--- {one.name}\n{text.stdout}{text.stderr}", flush=True)
            # the next one starts with no worker but its own
            for one in world.containers[1:]:
                one.remove()
            del world.containers[1:]
    finally:
        world.end()
    print(f"image: {failed} failed" if failed else "image: all passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
