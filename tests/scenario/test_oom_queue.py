"""Too little memory here: the task goes on in a queue whose workers have more."""

import pytest

import harness

too_little = pytest.mark.rlimit_memory

MIB = 1 << 20


@pytest.fixture(scope="module")
def fleet():
    """A worker with little memory, and one of the queue "large"."""
    server = harness.Redis()
    small = harness.Worker(server, "--max-memory", "64M", "--allow-exec")
    large = harness.Worker(server, "--queue", "large", "--allow-exec", "--max-memory", "512M")
    fleet = harness.Cli(server)
    fleet.redis = server
    yield fleet
    try:
        small.stop()
        large.stop()
    finally:
        for one in small, large:
            print(one.text())
            one.kill()
        server.stop()


def tries(report):
    return [(a["attempt"], a["verdict"]) for a in report["attempts"]]


MORE = ("--memory", "300M", "--oom-queue", "large")


@too_little
def test_it_goes_on_there(fleet):
    """Whoever waits follows, and sees what was before."""
    r = fleet.report("call", *MORE, "--tag", "mine", "alloc", "120")
    assert (r["verdict"], r["result"], r["queue"], r["tag"]) == ("ok", "120", "large", "mine")
    assert tries(r) == [(1, "memory_limit"), (1, "ok")]
    assert [a["memory_limit"] // MIB for a in r["attempts"]] == [64, 300]


@too_little
def test_whoever_comes_later(fleet):
    """wait, status and why find it by the first queue's name, and by the second's."""
    task = fleet.submit(*MORE, "alloc", "120")
    assert fleet.wait(task)[task]["queue"] == "large"
    assert fleet.state(task)["result"] == "120"
    assert "large" in fleet("why", task).text
    assert fleet("wait", "--json", "--queue", "large", task).report["result"] == "120"


@too_little
def test_while_it_runs_there(fleet, gate):
    door = gate()
    script = (f"test $REAPQ_QUEUE = large || exec python3 -c 'x = bytearray(200 << 20)'; "
              f"cat {door.path}")
    task = fleet.submit(*MORE, "--", "sh", "-c", script)
    waiter = fleet.start("wait", "--json", task)
    door.reached()
    assert fleet.state(task)["state"] == "running"
    door.open(b"there")
    assert waiter.wait() == 0
    assert '"there"' in waiter.text("stdout")


@too_little
def test_of_many(fleet):
    lines = [f"{n}" for n in (1, 100, 2, 120, 3)]
    answer = fleet("map", "--keep-order", *MORE, "alloc", input="\n".join(lines).encode())
    assert answer.status == 0, answer
    assert answer.text.splitlines() == lines


@too_little
def test_first_more_memory_then_another_queue(fleet):
    r = fleet.report("call", "--memory", "40M", "--oom-retry-memory", "2x", "--retry-delay",
                     "10ms", "--oom-queue", "large", "alloc", "120")
    assert r["verdict"] == "ok"
    assert [a["memory_limit"] // MIB for a in r["attempts"]] == [40, 64, 64, 128]


@too_little
def test_too_little_there_too(fleet):
    r = fleet.report("call", *MORE, "--deadline", "1h", "--priority", "high", "alloc", "1024")
    assert (r["outcome"], r["verdict"], r["queue"]) == ("crashed", "memory_limit", "large")
    assert len(r["attempts"]) == 2


def test_nothing_else_goes_there(fleet):
    r = fleet.report("call", *MORE, "segv")
    assert (r["verdict"], r["queue"], len(r["attempts"])) == ("signal", "default", 1)


def test_once_is_once(fleet):
    answer = fleet("call", "--once", "--oom-queue", "large", "echo")
    assert answer.status == 2
    assert "--once" in answer.errors and "--oom-queue" in answer.errors


@too_little
def test_cancelled_there(fleet):
    fleet.submit("--queue", "nobody", "echo")
    task = fleet.submit("--memory", "300M", "--oom-queue", "nobody", "alloc", "120")
    waiter = fleet.start("wait", "--json", task)
    harness.until("it waits there", lambda: fleet.redis.client().exists(
        "reapq:{nobody}:t:" + task))
    assert fleet("cancel", "--queue", "nobody", task).status == 0
    waiter.wait()
    assert '"cancelled"' in waiter.text("stdout")
