"""Workers, runners and Redis that end, well and badly."""

import os
import re
import shutil
import signal
import subprocess
import threading

import pytest

import harness


def record_of(redis, task):
    return redis.client().hgetall("reapq:{default}:t:" + task)


def test_drain(redis, worker, cli, gate):
    """No more is taken; what runs may end; what waits stays queued."""
    one = worker(redis, "--concurrency", "1")
    door = gate()
    running = cli.submit("gate", door.path)
    door.reached()
    queued = cli.submit("echo", "later")
    one.send(signal.SIGTERM)
    one.wait_for_line("drain")
    door.open(b"ended well")
    assert one.wait() == 0
    one.ended = True
    assert cli.wait(running)[running]["result"] == "ended well"
    assert cli.state(queued)["state"] == "queued"
    worker(redis)
    assert cli.wait(queued)[queued]["result"] == "later"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_grace_is_over(redis, worker, cli, gate, number):
    """What did not end goes back to the queue, as if it had never been started."""
    one = worker(redis, "--grace", "50ms", "--kill-grace", "50ms")
    door = gate()
    task = cli.submit("gate", door.path)
    door.reached()
    one.stop(number)
    door.close()
    assert cli.state(task)["state"] == "queued"
    assert record_of(redis, task)[b"s"] == b"P"
    worker(redis)
    door.open(b"second try")
    r = cli.wait(task)[task]
    assert (r["result"], r["attempt"]) == ("second try", 1)
    assert len(r["attempts"]) == 1


def test_second_signal(redis, worker, cli, gate):
    one = worker(redis, "--grace", "1h")
    door = gate()
    task = cli.submit("gate", door.path)
    door.reached()
    one.send(signal.SIGTERM)
    one.wait_for_line("drain")
    one.stop()
    assert cli.state(task)["state"] == "queued"


def test_idle_worker_ends_at_once(redis, worker):
    """Whatever it was about to ask of Redis."""
    for _ in range(10):
        worker(redis, "--grace", "1h").stop()


def test_idle_worker_ends_without_redis(redis, worker):
    one = worker(redis, "--grace", "1h")
    redis.kill()
    one.wait_for_line("redis_down")
    one.stop()


def test_killed_runner(redis, worker, cli, gate):
    """Its tasks settle one way or the other; the worker starts another and goes on."""
    one = worker(redis)
    door = gate()
    task = cli.submit("gate", door.path)
    door.reached()
    before = one.runner()
    os.kill(before, signal.SIGKILL)
    assert cli("call", "echo", "after").text == "after"
    harness.until("there is another runner", lambda: one.runner() not in (None, before))
    door.open(b"done")
    r = cli.wait(task)[task]
    assert r["outcome"] in ("returned", "crashed", "lost"), r
    assert all(cli("call", "echo", str(i)).text == str(i) for i in range(10))
    assert not one.zombies()


def test_killed_runner_again_and_again(redis, worker, cli):
    one = worker(redis)
    for _ in range(10):
        before = harness.until("there is a runner", one.runner)
        os.kill(before, signal.SIGKILL)
        # While it starts again, of the handlers that it tells one by one the last.
        for _ in range(10):
            assert cli("call", "--tag", "x", "sleep", "1").text == "slept"
        harness.until("there is another", lambda: one.runner() not in (None, before))


def test_killed_worker(redis, worker, cli, gate):
    """Its children die with it; another worker runs the task when the lease has ended."""
    one = worker(redis, "--lease", "1s")
    door = gate()
    task = cli.submit("gate", door.path)
    door.reached()
    one.destroy()
    with pytest.raises(BrokenPipeError):
        door.writer.write(b"anybody?")
    door.close()
    worker(redis, "--lease", "1s")
    door.open(b"again")
    r = cli.wait(task)[task]
    assert (r["result"], r["attempt"]) == ("again", 2)
    assert [a["verdict"] for a in r["attempts"]] == ["worker_lost", "ok"]


def test_killed_worker_and_a_task_that_must_not_run_twice(redis, worker, cli, gate):
    one = worker(redis, "--lease", "1s")
    door = gate()
    call = cli.start("call", "--json", "--max-lost", "0", "gate", door.path)
    door.reached()
    one.destroy()
    door.close()
    worker(redis, "--lease", "1s")
    assert call.wait() == 126
    text = call.text("stdout")
    assert '"worker_lost"' in text and '"lost"' in text and '"unknown"' in text


def test_killed_worker_with_many_children(redis, worker, cli):
    one = worker(redis, "--concurrency", "8", "--lease", "1s")
    ids = [cli.submit("--once", "sleep", "3600000") for _ in range(8)]
    harness.until("all run", lambda: all(cli.state(i)["state"] == "running" for i in ids))
    one.destroy()
    worker(redis, "--lease", "1s")
    reports = cli.wait(*ids)
    assert all(r["verdict"] == "worker_lost" for r in reports.values())


def test_worker_that_hangs_is_fenced(redis, worker, cli, gate):
    """It comes to itself after its lease: the task is another's, and it knows."""
    one = worker(redis, "--lease", "500ms", "--allow-exec")
    door, other = gate(), gate()
    script = f"case $REAPQ_ATTEMPT in 1) cat {door.path};; *) cat {other.path};; esac"
    task = cli.submit("--", "sh", "-c", script)
    door.reached()
    one.send(signal.SIGSTOP)
    worker(redis, "--lease", "500ms", "--allow-exec")
    other.reached()
    one.send(signal.SIGCONT)
    one.wait_for_line("lease_gone")
    door.open(b"too late")
    other.open(b"second")
    r = cli.wait(task)[task]
    assert (r["stdout"], r["attempt"]) == ("second", 2)
    assert r["attempts"][0]["verdict"] == "worker_lost"


def keep_open(door, stop):
    """Lets every reader through, until stop is set and one more came."""
    while not stop.is_set():
        with open(door.path, "wb", buffering=0) as f:
            try:
                f.write(b"through")
            except BrokenPipeError:
                pass


def test_redis_restarts_with_its_memory(persistent_redis, worker, gate):
    redis, cli = persistent_redis, harness.Cli(persistent_redis)
    worker(redis)
    door = gate()
    call = cli.start("call", "gate", door.path)
    door.reached()
    redis.kill()
    redis.start()
    door.open(b"survived")
    assert call.wait() == 0, call.text()
    assert call.text("stdout") == "survived"
    assert cli("call", "echo", "after").text == "after"


def test_redis_restarts_without_its_memory(redis, worker, cli, gate):
    """The producer submits again; the future settles all the same."""
    worker(redis)
    door = gate()
    call = cli.start("call", "gate", door.path)
    door.reached()
    redis.kill()
    redis.start()
    door.close()
    stop = threading.Event()
    helper = threading.Thread(target=keep_open, args=(door, stop), daemon=True)
    helper.start()
    assert call.wait() == 0, call.text()
    stop.set()
    with open(door.path, "rb", buffering=0):
        helper.join(harness.GUARD)
    assert set(re.findall("through", call.text("stdout"))) == {"through"}
    assert cli("call", "echo", "after").text == "after"


def test_worker_waits_for_redis(redis, worker, cli):
    """Redis goes and comes back while nothing runs."""
    one = worker(redis)
    redis.kill()
    redis.start()
    assert cli("call", "echo", "back").text == "back"
    assert one.popen.poll() is None


def test_scripts_are_flushed(redis, worker, cli):
    worker(redis)
    assert cli("call", "echo", "1").text == "1"
    redis.client().script_flush()
    assert cli("call", "echo", "2").text == "2"


def test_environment_in_place_of_flags(redis, worker, cli):
    env = {"REAPQ_REDIS": redis.url, "REAPQ_QUEUE": "other", "REAPQ_CONCURRENCY": "3",
           "REAPQ_MODULE": harness.module("text"), "REAPQ_ALLOW_EXEC": "1",
           "REAPQ_GRACE": "5s", "REAPQ_LEASE": "2s", "REAPQ_DEFAULT_TIME_LIMIT": "200ms",
           "REAPQ_MAX_OPEN_FILES": "33", "REAPQ_LOG_LEVEL": "debug"}
    worker(None, env=env, modules=())
    assert cli("call", "--queue", "other", "echo", "hi").text == "hi"
    r = cli.report("run", "--queue", "other", "--", "sleep", "3600")
    assert (r["verdict"], r["limits"]["open_files"]) == ("time_limit", 33)
    known = cli("workers", "--json").report
    assert (known["slots"], known["queues"]) == (3, "other")


def test_the_rest_of_the_environment(worker, tmp_path):
    password = tmp_path / "password"
    password.write_text("secret\n")
    server = harness.Redis()
    server.client().config_set("requirepass", "secret")
    try:
        one = worker(server, env={"REAPQ_REDIS_PASSWORD_FILE": str(password),
                                  "REAPQ_KILL_GRACE": "1ms", "REAPQ_WARM": "0",
                                  "REAPQ_MODULE": ":".join([harness.module("text"),
                                                            harness.module("faults")])},
                     modules=())
        r = harness.Cli(server).report("call", "--time-limit", "50ms", "ignoreterm",
                                       env={"REAPQ_REDIS_PASSWORD": "secret"})
        assert r["verdict"] == "time_limit"
        one.stop()
    finally:
        server.stop()


def test_embedded_by_the_environment(worker):
    one = worker(None, env={"REAPQ_EMBEDDED": "yes"})
    one.wait_for_line(r"unix://", "stdout")


def test_a_flag_outranks_its_variable(redis, worker, cli):
    worker(redis, "--concurrency", "2", env={"REAPQ_CONCURRENCY": "7"})
    assert cli("workers", "--json").report["slots"] == 2


@pytest.mark.parametrize("flags", [
    ["--concurrency", "0"], ["--concurrency", "many"], ["--lease", "soon"],
    ["--no-such-flag"], ["--redis", "http://x"], ["--queue", "a b"], ["argument"],
    ["--max-memory", "lots"]])
def test_bad_usage(flags):
    one = harness.Worker(None, *flags, modules=(), ready=False)
    assert one.wait() == 2
    assert flags[-1] in one.text() or flags[0] in one.text()


def test_bad_variable_is_named():
    one = harness.Worker(None, env={"REAPQ_GRACE": "soon"}, modules=(), ready=False)
    assert one.wait() == 2
    assert "REAPQ_GRACE" in one.text()


BAD_MODULES = [
    ("/no/such/module.so", "No such file"),
    ("/etc/passwd", "passwd"),
    (os.path.join(harness.BAD_MODULES, "no_symbol.so"), "reapq_module"),
    (os.path.join(harness.BAD_MODULES, "bad_abi.so"), "1001"),
    (os.path.join(harness.BAD_MODULES, "bad_init.so"), "the tables are at the cleaner's"),
]


@pytest.mark.parametrize("path, reason", BAD_MODULES)
def test_bad_module_is_said_once_and_ends_the_worker(redis, path, reason):
    one = harness.Worker(redis, "--module", path, modules=(), ready=False)
    assert one.wait() not in (0, 2)
    assert path in one.text()
    assert one.text().count(reason) == 1
    assert "worker_ready" not in one.text()
    harness.reap_strangers()


def test_help_and_version():
    for name in "reapq", "reapq-worker":
        for flag in "--help", "--version":
            done = subprocess.run([harness.program(name), flag], capture_output=True,
                                  env=harness.clean_environment(), check=False)
            assert (done.returncode, done.stderr) == (0, b"")
            assert b"reapq" in done.stdout


def test_check(redis):
    one = harness.Worker(redis, "--check", modules=(), ready=False)
    assert one.wait() == 0
    assert "isolation" in (one.text() + one.text("stdout")).lower()


def test_embedded(worker):
    """A Redis of its own; its URL is printed, and it ends with the worker."""
    one = worker(None, "--embedded")
    url = one.wait_for_line(r"unix://[^\s\"?]+", "stdout").group(0)
    cli = harness.Cli(None)
    assert cli("--redis", url, "call", "echo", "hello").text == "hello" or \
        cli("call", "--redis", url, "echo", "hello").text == "hello"
    folder = os.path.dirname(url[len("unix://"):])
    servers = [p for p, s in harness.processes().items()
               if s[0] == "redis-server" and s[2] == one.pid]
    assert len(servers) == 1
    one.stop()
    assert not os.path.exists(folder)
    assert not harness.alive(servers[0])


def test_embedded_server_dies_with_a_killed_worker(worker):
    one = worker(None, "--embedded")
    url = one.wait_for_line(r"unix://[^\s\"?]+", "stdout").group(0)
    one.destroy()
    # nobody was left to do it
    shutil.rmtree(os.path.dirname(url[len("unix://"):]))


def can_unshare():
    return subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", "true"],
                          capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can_unshare(), reason="no PID namespace may be made here")
def test_pid_1(redis, worker, cli):
    """The worker as a container's first process: reaps strangers, ends on SIGTERM."""
    outer = worker(redis, "--allow-exec",
                   wrap=("unshare", "--pid", "--fork", "--mount-proc"))
    outer.ended = True
    pid = harness.until("the worker", lambda: [
        p for p, s in harness.children(outer.pid).items()
        if s[0].startswith("reapq-worker")])[0]
    for _ in range(5):
        assert cli("call", "echo", "x").text == "x"
        assert cli("run", "--", "sh", "-c", "(setsid sh -c 'exit 0' &) ; exit 0").status == 0
    assert cli("run", "--", "sh", "-c", "kill -SEGV $$").status == 139
    harness.until("all strangers are reaped", lambda: not [
        p for p, s in harness.children(pid).items() if s[1] == "Z"])
    os.kill(pid, signal.SIGTERM)
    assert outer.wait() == 0
