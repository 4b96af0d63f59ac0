"""Too little memory: the task runs again with more of it."""

import signal

import pytest

import harness

too_little = pytest.mark.rlimit_memory

MIB = 1 << 20


@pytest.fixture(scope="module")
def capped():
    """A worker that gives no task more than 256 MiB."""
    server = harness.Redis()
    one = harness.Worker(server, "--max-memory", "256M", "--allow-exec", "--concurrency", "2")
    yield harness.Cli(server)
    try:
        one.stop()
    finally:
        print(one.text())
        one.kill()
        server.stop()


def tries(report):
    return [(a["verdict"], a["memory_limit"] // MIB) for a in report["attempts"]]


@too_little
def test_doubled_until_it_is_enough(capped):
    r = capped.report("call", "--memory", "48M", "--retry-delay", "10ms",
                      "--oom-retry-memory", "2x", "alloc", "120")
    assert (r["verdict"], r["result"]) == ("ok", "120"), r
    assert r["limits"]["memory"] == 192 * MIB
    assert tries(r) == [("memory_limit", 48), ("memory_limit", 96), ("ok", 192)]
    assert [a["attempt"] for a in r["attempts"]] == [1, 2, 3]
    text = capped("why", r["id"]).text
    assert "48 MiB" in text and "192 MiB" in text


@too_little
def test_by_a_step(capped):
    r = capped.report("call", "--memory", "48M", "--retry-delay", "10ms",
                      "--oom-retry-memory", "100M", "alloc", "120")
    assert tries(r) == [("memory_limit", 48), ("ok", 148)]


@too_little
def test_up_to_the_ceiling(capped):
    """Then the failures count: there are two more of them."""
    r = capped.report("call", "--memory", "100M", "--retry-delay", "10ms",
                      "--max-attempts", "2", "--oom-retry-memory", "2x", "alloc", "1024")
    assert (r["outcome"], r["verdict"]) == ("crashed", "memory_limit")
    assert tries(r) == [("memory_limit", m) for m in (100, 200, 256, 256)]
    assert [a["attempt"] for a in r["attempts"]] == [1, 2, 3, 4]


def test_nothing_else_is_retried(capped):
    r = capped.report("call", "--memory", "64M", "--oom-retry-memory", "2x", "segv")
    assert (r["verdict"], len(r["attempts"])) == ("signal", 1)


@too_little
def test_the_payload_comes_along(capped):
    """Its message is written anew: the command, its input and its environment are the same."""
    script = ("cat; echo $A $REAPQ_ATTEMPT; test $REAPQ_ATTEMPT = 2 || "
              "exec python3 -c 'x = bytearray(200 << 20)'")
    r = capped.report("run", "--stdin", "--memory", "64M", "--env", "A=b", "--cwd", "/",
                      "--tag", "mine", "--retry-delay", "10ms", "--oom-retry-memory", "3x",
                      "--", "sh", "-c", script, input=b"\x00in")
    assert (r["verdict"], r["stdout"], r["tag"]) == ("ok", "\x00inb 2\n", "mine"), r
    assert r["submitted_at"] > 0


def test_once_is_once(capped):
    answer = capped("call", "--once", "--oom-retry-memory", "2x", "echo")
    assert answer.status == 2
    assert "--once" in answer.errors


@too_little
def test_cancelled_between_two_tries(capped):
    task = capped.submit("--memory", "48M", "--retry-delay", "1h", "--oom-retry-memory", "2x",
                         "alloc", "120")
    harness.until("it waits for its second try",
                  lambda: capped.state(task)["state"] == "delayed")
    assert capped("cancel", task).status == 0
    r = capped.wait(task)[task]
    assert r["verdict"] == "cancelled"
    assert r["attempts"][0]["memory_limit"] == 48 * MIB


@too_little
def test_a_suspect_with_too_little_memory(redis, worker, cli, gate):
    """Three budgets: a lost worker, a raised limit, and a failure."""
    door = gate()
    one = worker(redis, "--lease", "500ms", "--allow-exec")
    script = (f"case $REAPQ_ATTEMPT in 1) exec cat {door.path};; "
              "2) exec python3 -c 'x = bytearray(200 << 20)';; 3) exit 3;; esac")
    task = cli.submit("--memory", "64M", "--max-attempts", "2", "--retry-delay", "10ms",
                      "--retry-on", "exit", "--oom-retry-memory", "2x", "--", "sh", "-c", script)
    door.reached()
    one.send(signal.SIGKILL)
    one.wait()
    one.ended = True
    door.close()
    harness.reap_strangers()
    worker(redis, "--lease", "500ms", "--allow-exec")
    r = cli.wait(task)[task]
    assert [(a["attempt"], a["verdict"]) for a in r["attempts"]] == \
        [(1, "worker_lost"), (2, "memory_limit"), (3, "exit"), (4, "ok")]
    assert r["limits"]["memory"] == 128 * MIB
