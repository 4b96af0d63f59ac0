"""What only a hostile task, a hand in Redis, or bad timing brings about."""

import os
import resource
import signal
import time

import msgpack

import harness

BASE = "reapq:{default}:"


def verdict(report):
    return report["outcome"], report["verdict"], report["certainty"]


def test_a_traced_child_settles(node):
    """Its death goes to the tracer first, which is its own leftover."""
    r = node.report("call", "traced")
    assert verdict(r) == ("returned", "ok", "proved")
    assert r["leftover_processes"] == 1
    harness.until("the tracer is gone", lambda: not harness.alive(int(r["result"])))


def test_a_task_cannot_flood_the_log(node):
    before = node.worker.text().count("task_says")
    r = node.report("call", "logs", "5000")
    assert r["verdict"] == "ok"
    node.worker.wait_for_line("task_said_more.*dropped=4800")
    assert node.worker.text().count("task_says") - before == 200


def test_once_is_once_also_when_a_worker_ends(redis, worker, cli, gate):
    one = worker(redis, "--grace", "0ms", "--kill-grace", "50ms")
    door = gate()
    task = cli.submit("--once", "gate", door.path)
    door.reached()
    one.stop()
    door.close()
    worker(redis)
    r = cli.wait(task)[task]
    assert (r["outcome"], r["verdict"]) == ("lost", "worker_lost")
    assert "told to end" in r["message"]
    assert r["attempt"] == 1


def test_cancelled_while_its_worker_ends(redis, worker, cli):
    one = worker(redis, "--grace", "0ms", "--kill-grace", "2s")
    task = cli.submit("ignoreterm")
    one.wait_for_line("ignoring SIGTERM")
    one.send(signal.SIGTERM)
    one.wait_for_line("grace_over")
    assert cli("cancel", "--kill", task).status == 0
    r = cli.wait(task)[task]
    assert verdict(r) == ("cancelled", "cancelled", "proved")
    assert one.wait() == 0
    one.ended = True


def test_unfit_task_claimed_while_draining(redis, worker, cli, gate):
    """Its claim is under way when the signal comes; it is refused all the same."""
    one = worker(redis, "--grace", "1h", "--concurrency", "2")
    door = gate()
    cli.submit("gate", door.path)
    door.reached()
    client = redis.client()
    # No wake-up: the worker finds it when it looks by itself, behind the pause.
    planted(client, "unfit", "P", "no-such-handler", "1,1,3,3600000,0,,")
    client.rpush(BASE + "p1", "unfit")
    client.execute_command("CLIENT", "PAUSE", "600000", "WRITE")
    harness.until("a claim is held back", lambda: is_blocked(client, ":claims"))
    one.send(signal.SIGTERM)
    one.wait_for_line("draining")
    client.execute_command("CLIENT", "UNPAUSE")
    door.open()
    assert one.wait() == 0
    one.ended = True
    assert cli.wait("unfit")["unfit"]["verdict"] == "not_started"


def is_blocked(client, name):
    return any(c["name"].endswith(name) and "b" in c["flags"]
               for c in client.client_list())


def test_embedded_server_that_dies_ends_the_worker(worker):
    one = worker(None, "--embedded")
    servers = [p for p, s in harness.children(one.pid).items() if s[0] == "redis-server"]
    os.kill(servers[0], signal.SIGKILL)
    assert one.wait() == 1
    one.ended = True
    assert "the embedded redis-server died" in one.text()


def test_limits_shown_are_those_in_force(redis, worker, cli):
    """A worker cannot give more than its own hard limits allow."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    worker(redis, "--allow-exec")
    r = cli.report("run", "--open-files", "1000000000", "--", "sh", "-c", "ulimit -n")
    assert r["limits"]["open_files"] == int(r["stdout"]) == hard


def test_foreign_key_in_place_of_a_result(node, gate):
    door = gate()
    task = node.cli.submit("gate", door.path)
    door.reached()
    node.redis.client().set(BASE + "r:" + task, "mine")
    door.open(b"yours")
    harness.until("the result has its place",
                  lambda: node.redis.client().type(BASE + "r:" + task) == b"list")
    assert node.cli.wait(task)[task]["result"] == "yours"


def planted(client, task, state, handler="echo", policy="junk"):
    message = msgpack.packb({"v": 1, "id": task, "h": handler, "p": b"x"})
    client.hset(BASE + "t:" + task, mapping={"m": message, "s": state, "o": policy})


def is_dead(client, task):
    return client.zscore(BASE + "dead", task) is not None


def test_bad_policy_of_a_delayed_task(node):
    client = node.redis.client()
    planted(client, "delayed-junk", "D")
    client.zadd(BASE + "d", {"delayed-junk": 1})
    harness.until("it is dead", lambda: is_dead(client, "delayed-junk"))
    assert node.cli.wait("delayed-junk")["delayed-junk"]["verdict"] == "not_started"
    assert node.cli.report("call", "echo", "on")["result"] == "on"


def test_bad_policy_of_a_lost_task(node):
    client = node.redis.client()
    planted(client, "lost-junk", "Rsomebody.1")
    client.zadd(BASE + "l", {"lost-junk": 1})
    harness.until("it is dead", lambda: is_dead(client, "lost-junk"))
    assert node.cli.wait("lost-junk")["lost-junk"]["verdict"] == "not_started"


def test_foreign_keys_beside_the_lists(redis, worker, cli):
    """Wrong types in any of our keys: nothing that was popped is lost."""
    client = redis.client()
    good = cli.submit("echo", "fine")
    for key, value in ("l", "x"), ("w", "x"), ("dead", "x"), ("tt", "x"), ("cfg", "x"), \
            ("tk", "x"), ("ws", "x"), ("d", "x"), ("x", "x"):
        client.set(BASE + key, value)
    client.hset(BASE + "t:expired", mapping={
        "m": "x", "s": "P", "o": "1,1,3,3600000,1000,somebody,"})
    client.set(BASE + "n:somebody", "x")
    client.set(BASE + "a:somebody", "1")
    client.rpush(BASE + "p0", "expired")
    worker(redis)
    assert cli.wait(good)[good]["result"] == "fine"
    assert cli.wait("expired")["expired"]["verdict"] == "expired"
    assert cli.report("call", "echo", "and on")["result"] == "and on"


def test_a_foreign_list_is_replaced(redis, worker, cli):
    redis.client().set(BASE + "p1", "x")
    worker(redis)
    assert cli.report("call", "echo", "on")["result"] == "on"


def test_cancelled_tasks_leave_their_list(redis, cli):
    ids = [cli.submit("echo", str(i)) for i in range(5)]
    client = redis.client()
    assert client.llen(BASE + "p1") == 5
    cli("cancel", *ids)
    assert client.llen(BASE + "p1") == 0


def test_tombstones_go_from_the_head(redis, cli):
    """Ids whose record is gone, whatever took it."""
    client = redis.client()
    client.rpush(BASE + "p1", *[f"gone-{i}" for i in range(250)])
    # A producer that waits runs the tick, with no worker there.
    waiting = cli.start("call", "--delay", "1h", "echo")
    harness.until("they are gone", lambda: client.llen(BASE + "p1") == 0)
    waiting.kill()


def test_the_question_does_not_wake_a_sleeper(node):
    """Where it was is asked at its time limit; it must not go on because of that."""
    r = node.report("call", "--time-limit", "300ms", "nap", "3600000")
    assert verdict(r) == ("crashed", "time_limit", "proved")
    assert r["result"] is None


def test_dead_before_its_time_limit(redis, worker, cli, gate):
    """A worker that notices late does not put the death down to itself."""
    one = worker(redis)
    door = gate()
    task = cli.submit("--time-limit", "500ms", "gate", door.path)
    door.reached()
    one.send(signal.SIGSTOP)
    # reached() may return a moment before the child's own open() does
    os.kill(harness.until("the gate is open", lambda: child_of(one)), signal.SIGSEGV)
    start = time.monotonic()
    harness.until("its limit is over", lambda: time.monotonic() > start + 0.6)
    one.send(signal.SIGCONT)
    r = cli.wait(task)[task]
    assert (r["verdict"], r["signal"]["number"]) == ("signal", signal.SIGSEGV)


def child_of(one):
    """The one child that has the gate open; None: none has."""
    for pid in harness.children(one.pid):
        try:
            links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        except OSError:
            continue
        if any("reapq-gate-" in link for link in links):
            return pid
    return None
