"""reapq-worker --health: one line and a status, from the worker that runs."""

import os
import re
import signal
import socket
import subprocess

import pytest

import harness

NOBODY = 65534


def health(*args, user=None, env=None):
    done = subprocess.run([harness.program("reapq-worker"), *args], capture_output=True,
                          text=True, env=harness.clean_environment(env), user=user,
                          timeout=harness.GUARD, check=False)
    return done.returncode, done.stdout, done.stderr


def of(worker, *more, **kw):
    return health(f"--health={worker.pid}", *more, **kw)


def name(worker):
    return re.search(r"worker_ready worker=(\S+)", worker.text()).group(1)


def abstract(pid):
    return f"\0reapq-worker/{os.stat('/proc/self/ns/pid').st_ino}/{pid}"


def fetched(worker):
    """It answers: worker_ready is said a moment before the first fetch is answered."""
    harness.until("it has fetched", lambda: of(worker)[0] == 0)


def test_idle(redis, worker):
    w = worker(redis)
    fetched(w)
    status, out, _ = of(w)
    assert status == 0
    assert out.startswith(f"healthy: worker {name(w)} is running, 0 of ")
    assert out.count("\n") == 1


def test_needs_no_settings(redis, worker):
    """A probe fails for the worker's health alone, not for a file that it need not read."""
    w = worker(redis)
    fetched(w)
    assert of(w, env={"REAPQ_REDIS": "nonsense", "REAPQ_CONCURRENCY": "x",
                      "REAPQ_REDIS_PASSWORD_FILE": "/nonexistent"})[0] == 0


def test_all_slots_busy_is_healthy(redis, worker, cli, gate):
    w = worker(redis, "--allow-exec", "--concurrency", "1")
    door = gate()
    call = cli.start("run", "--", "cat", door.path)
    door.reached()
    status, out, _ = of(w)
    assert status == 0 and "1 of 1 slots busy" in out, out
    door.open()
    assert call.wait() == 0


def test_paused_queue_is_healthy(redis, worker, cli):
    w = worker(redis)
    assert cli("pause", "default").status == 0
    calls = redis.client().info("commandstats")
    before = sum(v["calls"] for k, v in calls.items() if "blpop" in k)
    harness.until("it has been at the bell again", lambda: sum(
        v["calls"] for k, v in redis.client().info("commandstats").items()
        if "blpop" in k) > before)
    assert of(w)[0] == 0


def test_draining_is_healthy_and_says_so(redis, worker, cli, gate):
    w = worker(redis, "--allow-exec", "--grace", "1m")
    door = gate()
    call = cli.start("run", "--", "cat", door.path)
    door.reached()
    w.send(signal.SIGTERM)
    w.wait_for_line(" draining ")
    status, out, _ = of(w, "--health-age", "0ms")
    assert status == 0 and " is draining, 1 of " in out, out
    door.open()
    assert call.wait() == 0
    w.ended = True
    assert w.wait() == 0
    harness.reap_strangers()


def test_redis_away(redis, worker):
    """Unhealthy once it has been away for longer than is allowed, healthy when it is back."""
    w = worker(redis)
    fetched(w)
    redis.kill()
    w.wait_for_line("redis_down")
    harness.until("it is unhealthy", lambda: of(w, "--health-age", "2s")[0] == 1)
    status, out, _ = of(w, "--health-age=2s")
    assert status == 1 and out.startswith("unhealthy: ") and "2 s is the most" in out, out
    assert of(w, "--health-age", "1h")[0] == 0
    assert of(w, env={"REAPQ_HEALTH_AGE": "1h"})[0] == 0
    redis.start()
    w.wait_for_line("redis_up")
    harness.until("it is healthy again", lambda: of(w, "--health-age", "2s")[0] == 0)


def test_starting_is_unhealthy(redis, worker):
    redis.kill()
    w = worker(redis, ready=False)
    w.wait_for_line("redis_down")
    status, out, _ = of(w)
    assert status == 1 and " is starting, " in out and "not answered" in out, out
    redis.start()
    w.wait_for_line("worker_ready")
    fetched(w)


def test_hung_worker(redis, worker):
    """The kernel takes the connection for a stopped one; no answer comes."""
    w = worker(redis)
    fetched(w)
    w.send(signal.SIGSTOP)
    try:
        status, out, _ = of(w)
        assert status == 1 and "no answer" in out, out
    finally:
        w.send(signal.SIGCONT)
    fetched(w)


def test_dead_worker_leaves_nothing(redis, worker):
    w = worker(redis)
    fetched(w)
    w.destroy()
    status, out, _ = of(w)
    assert status == 1
    assert out == f"unhealthy: no worker of this user is process {w.pid}\n"


def test_several_workers(redis, worker):
    """Without a PID all of them are asked, and one that is ill makes the status 1."""
    here, other = worker(redis), worker(redis)
    for w in (here, other):
        fetched(w)
    _, out, _ = health("--health")
    assert f"healthy: worker {name(here)} " in out
    assert f"healthy: worker {name(other)} " in out
    other.send(signal.SIGSTOP)
    try:
        status, out, _ = health("--health")
        assert status == 1, out
        assert f"healthy: worker {name(here)} " in out
        assert f"unhealthy: worker process {other.pid} gave no answer" in out
    finally:
        other.send(signal.SIGCONT)
    assert of(here)[0] == 0


def test_who_asks_and_closes_hurts_nobody(redis, worker, cli):
    w = worker(redis)
    fetched(w)
    before = harness.fd_count(w.pid)
    for _ in range(300):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(abstract(w.pid))
    held = []
    for _ in range(100):
        s = socket.socket(socket.AF_UNIX)
        s.connect(abstract(w.pid))
        s.settimeout(harness.GUARD)
        held.append(s)
    for s in held:
        assert s.recv(4096).startswith(b"reapq-health 1 running ")
        assert s.recv(4096) == b""
        s.close()
    fetched(w)
    assert cli("call", "echo", "x").text == "x"
    # The last warm children may have come, with the files of their slots, since before.
    harness.until("those of 400 connections are gone",
                  lambda: harness.fd_count(w.pid) < before + 100)


def test_a_name_is_not_enough(redis, worker):
    """A process that took the name of another one is not believed."""
    w = worker(redis)
    fetched(w)
    w.destroy()
    with socket.socket(socket.AF_UNIX) as liar:
        liar.bind(abstract(w.pid))
        liar.listen()
        status, out, _ = of(w)
    assert status == 1 and "no worker of this user" in out, out


def test_a_taken_name_stops_no_worker(redis, worker):
    """It says that it cannot answer, and works."""
    import ctypes
    libc = ctypes.CDLL(None)

    def take_my_name():
        # a socket that the worker inherits: bound to its own name before it is the worker
        fd = libc.socket(1, 1, 0)
        raw = b"\x01\x00" + abstract(os.getpid()).encode()
        libc.bind(fd, raw, len(raw))

    w = harness.Process.__new__(harness.Worker)
    w.ended = False
    popen = subprocess.Popen

    def with_name(*args, **kw):
        return popen(*args, preexec_fn=take_my_name, close_fds=False, **kw)

    subprocess.Popen = with_name
    try:
        w.__init__(redis)
    finally:
        subprocess.Popen = popen
    try:
        w.wait_for_line("health_unanswered.*in use")
        assert harness.Cli(redis)("call", "echo", "x").text == "x"
        w.stop()
    finally:
        w.kill()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs two users: run it as root")
def test_another_user_gets_no_answer(redis, worker):
    w = worker(redis)
    fetched(w)
    status, out, _ = of(w, user=NOBODY)
    assert status == 1 and "no worker of this user" in out, out


@pytest.mark.parametrize("args", [["--health=x"], ["--health=0"], ["--health", "more"],
                                  ["--health", "--health-age", "x"],
                                  ["--allow-exec", "--health"], ["--health-age", "3s"]])
def test_bad_usage(args):
    status, out, err = health(*args)
    assert status == 2 and out == "" and "--health" in err, err


def test_is_not_a_setting():
    status, _, err = health("--check", env={"REAPQ_HEALTH": "yes"})
    assert status == 2 and "REAPQ_HEALTH" in err, err
