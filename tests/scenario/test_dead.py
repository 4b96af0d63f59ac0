"""The dead list: what failed for good is kept, as it was, within bounds."""

import json
import re

import msgpack
import pytest

import harness
from deadlist import BASE, died, listed, shown, size_of_all


# ---- what is kept --------------------------------------------------------------------

WAYS = {
    "exit": (["exit3"], "exit", None),
    "error": (["error", "said so"], "error", None),
    "segv": (["segv"], "signal", "SIGSEGV"),
    "command": (["--", "sh", "-c", "kill -ABRT $$"], "signal", "SIGABRT"),
    "time": (["--time-limit", "50ms", "sleep", "600000"], "time_limit", "SIGTERM"),
    "result": (["--result-limit", "1K", "big", "1"], "result_limit", None),
    "none": (["no-such-handler"], "not_started", None),
    "deadline": (["--deadline", "100ms", "sleep", "600000"], "expired", "SIGTERM"),
    "once": (["--once", "exit3"], "exit", None),
    "unique": (["--unique", "key", "exit3"], "exit", None),
    "retried": (["--max-attempts", "3", "--retry-delay", "1ms", "exit3"], "exit", None),
    "not-retried": (["--max-attempts", "3", "--retry-on", "oom", "exit3"], "exit", None),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_failure_is_kept(node, way):
    args, verdict, signal = WAYS[way]
    before = node.redis.client().zcard(BASE + "dead")
    task = node.cli.submit("--tag", "mine", *args)
    report = node.cli.wait(task)[task]
    assert report["verdict"] == verdict
    entry = listed(node.cli)[task]
    assert (entry["verdict"], entry["signal"]) == (verdict, signal)
    assert entry["handler"] == report["handler"] and entry["retryable"]
    assert entry["message"] == report["message"]
    assert entry["attempts"] == report["attempt"]
    whole = shown(node.cli, task)
    assert whole["state"] == "dead"
    # the very report, with every attempt
    assert {k: v for k, v in whole.items() if k in report} == report
    assert node.redis.client().zcard(BASE + "dead") == before + 1
    size_of_all(node.redis.client())


def test_what_is_no_failure_is_not_kept(redis, worker, cli, gate):
    worker(redis, "--allow-exec")
    cli("call", "echo", "x")
    cli("run", "--", "true")
    door = gate()
    running = cli.submit("gate", door.path)
    door.reached()
    cli("cancel", "--kill", running)
    cli("cancel", cli.submit("--delay", "1h", "echo"))
    assert cli.wait(running)[running]["outcome"] == "cancelled"
    assert listed(cli) == {}
    assert not redis.client().exists(BASE + "dz", BASE + "dead")


def test_expired_before_it_started(redis, worker, cli):
    """By the tick or the claim, whichever comes first; of any size."""
    small = cli.submit("--deadline", "1ms", "--tag", "mine", "echo", "x")
    large = cli.submit("--deadline", "1ms", "--payload-file", "-", "echo",
                       input=b"x" * 2000000)
    worker(redis)
    assert cli.wait(small)[small]["verdict"] == "expired"
    cli.wait(large)
    entries = listed(cli, "--verdict", "expired")
    assert set(entries) == {small, large}
    assert entries[small]["handler"] == "echo"
    assert entries[small]["attempts"] == 0
    assert entries[large]["message_len"] > 2000000
    assert all(e["retryable"] for e in entries.values())


def test_lost_with_all_its_workers(redis, worker, cli, gate):
    door = gate()
    task = cli.submit("--max-lost", "1", "gate", door.path)
    for _ in range(2):
        one = worker(redis, "--lease", "500ms")
        door.reached()
        one.destroy()
        door.close()
    r = cli.wait(task)[task]
    assert (r["outcome"], r["verdict"]) == ("lost", "worker_lost")
    entry = listed(cli)[task]
    assert (entry["handler"], entry["verdict"], entry["signal"]) == \
        ("gate", "worker_lost", None)
    assert [a["verdict"] for a in shown(cli, task)["attempts"]] == ["worker_lost"] * 2
    assert cli("dead", "retry", task).text.strip() == task
    worker(redis)
    door.open(b"at last")
    assert cli.wait(task)[task]["result"] == "at last"
    assert listed(cli) == {}


def test_stopped_task_that_must_not_start_twice(redis, worker, cli, gate):
    one = worker(redis, "--grace", "10ms", "--kill-grace", "10ms")
    door = gate()
    task = cli.submit("--once", "gate", door.path)
    door.reached()
    one.stop()
    assert cli.wait(task)[task]["verdict"] == "worker_lost"
    assert listed(cli)[task]["verdict"] == "worker_lost"


# ---- it never keeps a task from ending -----------------------------------------------

@pytest.mark.parametrize("foreign", [
    {"dead": "x"}, {"dz": "x"}, {"cfg": "x"}, {"dead": "x", "dz": "x"}])
def test_foreign_keys(redis, worker, cli, foreign):
    client = redis.client()
    for key, value in foreign.items():
        client.set(BASE + key, value)
    worker(redis)
    for _ in range(2):
        assert cli.report("call", "exit3")["verdict"] == "exit"
    assert len(listed(cli)) == 2


def test_a_foreign_record_is_replaced(redis, worker, cli):
    redis.client().set(BASE + "dead:it", "x")
    redis.client().hset(BASE + "dz", mapping={"": "junk", "it": "more junk"})
    worker(redis)
    cli("call", "--id", "it", "exit3")
    assert shown(cli, "it")["verdict"] == "exit"


def test_a_list_that_cannot_be_written(redis, worker, cli):
    """An error in the middle of it, here of an ACL's: the task ends all the same."""
    redis.client().execute_command("ACL", "SETUSER", "default", "-rename")
    worker(redis)
    for args in (["exit3"], ["--deadline", "100ms", "sleep", "600000"]):
        assert cli.report("call", *args)["outcome"] in ("failed", "expired")
    assert listed(cli) == {}
    redis.client().execute_command("ACL", "SETUSER", "default", "+rename")
    assert died(cli, "exit3") in listed(cli)


@pytest.mark.parametrize("junk", ["", "x", "-1", "nan", "inf", "1e400", "\0"])
def test_settings_that_are_none_are_the_defaults(redis, worker, cli, junk):
    redis.client().hset(BASE + "cfg", mapping={
        "dead_max": junk, "dead_ms": junk, "dead_bytes": junk})
    worker(redis)
    task = died(cli, "exit3")
    assert task in listed(cli)
    assert redis.client().pttl(BASE + "dead:" + task) > 6 * 86400000


# ---- bounds --------------------------------------------------------------------------

def test_bounded_by_count(redis, worker, cli):
    client = redis.client()
    client.hset(BASE + "cfg", "dead_max", 3)
    worker(redis, "--concurrency", "1")
    ids = [died(cli, "exit3") for _ in range(5)]
    assert list(listed(cli)) == ids[:1:-1], "the newest first, the oldest gone"
    assert not client.exists(*[BASE + "dead:" + i for i in ids[:2]])
    size_of_all(client)
    client.hset(BASE + "cfg", "dead_max", 1)
    harness.until("the tick has taken the rest", lambda: len(listed(cli)) == 1)
    size_of_all(client)


def test_bounded_by_age(redis, worker, cli):
    client = redis.client()
    worker(redis)
    old, young = died(cli, "exit3"), died(cli, "exit3")
    assert 0 < client.pttl(BASE + "dead:" + old) <= 7 * 86400000
    client.zadd(BASE + "dead", {old: client.zscore(BASE + "dead", old) - 7 * 86400000})
    harness.until("the tick has taken it", lambda: client.zcard(BASE + "dead") == 1)
    assert list(listed(cli)) == [young]
    assert not client.exists(BASE + "dead:" + old)
    size_of_all(client)


def test_bounded_by_size(redis, worker, cli):
    client = redis.client()
    client.hset(BASE + "cfg", "dead_bytes", 100000)
    worker(redis)
    for _ in range(20):
        cli("call", "--payload-file", "-", "error", input=b"e" * 10000)
    assert 1 <= len(listed(cli)) < 10
    assert size_of_all(client) <= 100000


def test_a_message_that_is_too_large_is_not_kept(redis, worker, cli):
    """But what it died of is."""
    client = redis.client()
    client.hset(BASE + "cfg", "dead_bytes", 100000)
    worker(redis)
    task = cli.submit("--payload-file", "-", "nullread", input=b"x" * 50000)
    report = cli.wait(task)[task]
    entry = listed(cli)[task]
    assert not entry["retryable"] and entry["message_len"] > 50000
    assert shown(cli, task)["backtrace"] == report["backtrace"]
    answer = cli("dead", "retry", task)
    assert answer.status == 1 and "too large" in answer.errors
    assert size_of_all(client) < 25000


def test_a_report_that_is_too_large_is_kept_in_short(redis, worker, cli):
    redis.client().hset(BASE + "cfg", "dead_bytes", 100000)
    worker(redis)
    task = died(cli, "stderr", "200000")
    r = shown(cli, task)
    assert (r["handler"], r["verdict"], r["stderr"]) == ("stderr", "signal", None)
    assert "SIGABRT" in r["message"]
    assert listed(cli)[task]["signal"] == "SIGABRT"
    assert any("too large to be kept" in e["what"] for e in r["evidence"])
    assert cli("dead", "retry", task).status == 0, "its message is there"
    cli.wait(task)


def test_no_dead_list(redis, worker, cli):
    redis.client().hset(BASE + "cfg", "dead_max", 0)
    worker(redis)
    task = died(cli, "exit3")
    assert listed(cli) == {}
    assert not redis.client().exists(BASE + "dead:" + task)


# ---- strangers -----------------------------------------------------------------------

def hostile_records():
    good = {"m": b"x", "o": "1,1,3,3600000,0,,", "at": "1", "why": "w",
            "sg": "h\tsignal\tSIGSEGV\tf", "r": b""}
    return {
        "escape": {**good, "why": b"\x1b[2Jwhy\r\n", "sg": b"h\x1b]0;x\x07\tsig\x1bnal\t\x9b\tf\x7f"},
        "no-utf8": {**good, "why": b"\xff\xfe", "sg": b"\xff\t\xfe\t\xfd\t\xfc"},
        "nul": {**good, "why": b"a\0b", "sg": b"h\0h\tv\0v\ts\tf"},
        "long": {**good, "why": b"w" * 1000000, "sg": b"h" * 1000000},
        "tabs": {**good, "sg": b"\t" * 100000},
        "empty": {**good, "why": b"", "sg": b""},
        "numbers": {**good, "mx": "1e400", "a": "-5"},
        "policy": {**good, "o": "garbage"},
        "no-message": {k: v for k, v in good.items() if k != "m"},
        "report": {**good, "r": b"\xdd\xff\xff\xff\xff"},
        "deep": {**good, "r": b"\x91" * 100000},
        "earlier": {**good, "r": msgpack.packb({"v": 1, "vd": "exit", "o": "failed"}),
                    "h": b"\xc1" * 1000},
        "earlier-fine": {**good, "r": msgpack.packb({"v": 1, "vd": "exit", "o": "failed"})},
        "no-fields": {"why": "old"},
        "many": {**good, **{f"x{i}": "y" for i in range(1000)}},
    }


def test_hostile_records(redis, worker, cli):
    client = redis.client()
    records = hostile_records()
    for i, (name, fields) in enumerate(records.items()):
        client.hset(BASE + "dead:" + name, mapping=fields)
        client.zadd(BASE + "dead", {name: 1795000000000 + i})
    client.set(BASE + "dead:a-string", "x")
    client.zadd(BASE + "dead", {
        "a-string": 1795000000100, "no-record": 1795000000101, b"\x1b[2J": 1795000000102,
        "../../x:y": 1795000000103, "l" * 5000: 1795000000104, "": 1795000000105,
        "infinite": "inf", "minus": "-inf", "half": 1795000000000.5})
    entries = listed(cli)
    assert set(entries) == {*records, "a-string"}
    assert all(len(json.dumps(e)) < 3000 for e in entries.values())
    assert entries["escape"]["message"].startswith("\x1b[2J"), "JSON escapes it itself"
    for command in ["dead"], ["crashes"], ["dead", "show", *entries]:
        answer = cli(*command)
        assert answer.status == 0, answer
        # a DEL and the C1 controls too
        assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f\x9b]", answer.out), answer
        assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f\x9b]", answer.err), answer
        answer.out.decode()
    for task in entries:
        cli("dead", "show", "--json", task).out.decode()
        answer = cli("why", task)
        assert answer.status == (0 if task == "earlier-fine" else 1), answer
        assert b"\x1b" not in answer.out + answer.err
    for task in "a-string", "policy", "no-message", "no-fields", "many":
        assert cli("dead", "retry", task).status == 1, task
    assert cli("crashes", "--json").status == 0
    # a worker runs what was put back like any other junk, and goes on
    answer = cli("dead", "retry", "--all")
    assert answer.status == 0, answer
    worker(redis)
    assert cli.report("call", "exit3")["verdict"] == "exit"
    assert cli("dead", "rm", "--all").status == 0
    assert listed(cli) == {}
