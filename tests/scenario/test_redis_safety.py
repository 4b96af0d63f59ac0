"""Where tasks are safe: a Redis that does not evict, and how sure a submit may be."""

import signal

import pytest

import harness


# ---- a Redis that throws tasks away ----------------------------------------------

@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
def test_eviction_is_refused(redis, worker, cli, policy):
    redis.client().config_set("maxmemory", "100mb")
    redis.client().config_set("maxmemory-policy", policy)
    cure = "CONFIG SET maxmemory-policy noeviction"
    one = harness.Worker(redis, ready=False)
    assert one.wait() == 1
    assert cure in one.text() and policy in one.text() and "--force" in one.text()
    harness.reap_strangers()
    refused = cli("submit", "echo", "x")
    assert (refused.status, refused.text) == (125, "")
    assert cure in refused.errors
    # Who looks puts nothing at risk.
    assert cli("queues").status == 0
    forced = worker(redis, "--force")
    assert policy in forced.wait_for_line("redis_may_evict").string
    answer = cli("call", "--force", "echo", "x")
    assert (answer.status, answer.text) == (0, "x")
    assert "may evict" in answer.errors


def test_eviction_that_cannot_happen_yet(redis, worker, cli):
    """No maxmemory: nothing is evicted today. The worker says it, once."""
    redis.client().config_set("maxmemory-policy", "allkeys-lru")
    one = worker(redis)
    answer = cli("call", "echo", "x")
    assert (answer.status, answer.text, answer.errors) == (0, "x", "")
    assert one.text().count("redis_may_evict") == 1


def test_info_is_denied(redis, worker, cli):
    """It cannot be checked; that is said once, and all goes on."""
    redis.client().execute_command("ACL", "SETUSER", "default", "-info")
    one = worker(redis)
    assert one.text().count("redis_unchecked") == 1
    answer = cli("call", "echo", "x")
    assert (answer.status, answer.text) == (0, "x")
    assert answer.errors.count("the ACL denies INFO") == 1
    assert cli("queues").errors == ""


# ---- durability -----------------------------------------------------------------

def version(redis):
    info = redis.client().info("server")
    if "valkey_version" in info:
        return (8, 0)
    return tuple(int(n) for n in info["redis_version"].split(".")[:2])


def test_waitaof_needs_a_newer_redis(redis, cli):
    answer = cli("submit", "--durability", "aof", "echo", "x")
    assert (answer.status, answer.text) == (125, "")
    if version(redis) < (7, 2):
        found = redis.client().info("server")["redis_version"]
        assert "WAITAOF" in answer.errors and "7.2" in answer.errors
        assert f"this is Redis {found}" in answer.errors
    else:
        assert "appendonly" in answer.errors, "it keeps no append-only file"
    assert cli("queues").text == ""


def test_waitaof(persistent_redis, worker):
    if version(persistent_redis) < (7, 2):
        pytest.skip("this Redis has no WAITAOF")
    cli = harness.Cli(persistent_redis)
    worker(persistent_redis)
    assert cli("call", "--durability", "aof", "echo", "x").text == "x"
    done = cli("map", "--durability", "aof", "echo", input=b"1\n2\n3\n")
    assert (done.status, sorted(done.text.split())) == (0, ["1", "2", "3"])
    stats = persistent_redis.client().info("commandstats")
    assert stats["cmdstat_waitaof"]["calls"] == 4, "a probe each, and one for each batch"


def replica_of(redis):
    """A replica on a socket of its own, fed over loopback."""
    r = redis.client()
    r.config_set("bind", "127.0.0.1")
    port = harness.free_port()
    r.config_set("port", port)
    r.config_set("repl-diskless-sync-delay", 0)
    replica = harness.Redis(args=["--replicaof", f"127.0.0.1 {port}"])
    harness.until("the replica is in sync", lambda: [
        v for k, v in r.info("replication").items()
        if k.startswith("slave0") and v["state"] == "online"])
    return replica


def test_wait_for_a_replica(redis, worker, cli):
    replica = replica_of(redis)
    try:
        worker(redis)
        lines = b"".join(b"%d\n" % i for i in range(100))
        done = cli("map", "--durability", "replica", "echo", input=lines)
        assert (done.status, done.errors) == (0, "")
        assert redis.client().info("commandstats")["cmdstat_wait"]["calls"] == 1
        task = cli.submit("--durability", "replica", "--delay", "1h", "echo", "x")
        assert replica.client().exists("reapq:{default}:t:" + task) == 1
        # It hears nothing any more: what is submitted is not confirmed, and goes on.
        replica.process.send(signal.SIGSTOP)
        lost = cli("submit", "--durability", "replica", "--durability-timeout", "20ms",
                   "echo", "x")
        assert lost.status == 125
        assert "1 task was submitted, but not confirmed: no replica has it within 20 ms" \
            in lost.errors
        task = lost.text.strip()
        assert cli.wait(task)[task]["result"] == "x"
        answer = cli("call", "--durability", "replica", "--durability-timeout", "20ms",
                     "echo", "y")
        assert (answer.status, answer.text) == (0, "y"), "the future is kept"
        assert "not confirmed" in answer.errors
        done = cli("map", "--durability", "replica", "--durability-timeout", "20ms",
                   "echo", input=b"z\n")
        assert (done.status, done.text) == (0, "z\n")
        assert "not confirmed" in done.errors
        # Nor does a new connection confirm what went over the old one.
        one = cli.start("call", "--durability", "replica", "--durability-timeout", "10m",
                        "echo", "w")
        r = redis.client()
        harness.until("it waits for the replica", lambda: [
            c for c in r.client_list() if c["cmd"] == "wait"])
        r.client_kill_filter(_type="normal")
        assert one.wait() == 0, one.text()
        assert one.text("stdout") == "w"
        assert "not confirmed: lost Redis" in one.text()
    finally:
        replica.process.send(signal.SIGCONT)
        replica.stop()


@pytest.mark.parametrize("args", [["--durability", "raid"], ["--durability-timeout", "1h"]])
def test_bad_durability(cli, args):
    assert cli("submit", *args, "echo", "x").status == 2
