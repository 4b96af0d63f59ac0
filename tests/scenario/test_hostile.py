"""Garbage on the queue, put there by hand: dead-listed with a reason, and on it goes."""

import os

import msgpack
import pytest

import harness

BASE = "reapq:{default}:"
POLICY = "1,1,3,3600000,0,,"  # as submit.lua writes it
GOOD = {"v": 1, "id": "some-task", "h": "echo", "p": b"x"}

BOMBS = {
    "random": os.urandom(1000),
    "empty": b"",
    "zeros": bytes(100),
    "array-bomb": b"\xdd\xff\xff\xff\xff",
    "map-bomb": b"\xdf\xff\xff\xff\xff",
    "map-bomb-inside": b"\x81\xa1v" + b"\xdf\x7f\xff\xff\xff",
    "bin-bomb": b"\x81\xa1p\xc6\xff\xff\xff\xff",
    "deep": b"\x91" * 100000 + b"\xc0",
    "no-map": msgpack.packb([1, 2, 3]),
    "trailing": msgpack.packb(GOOD) + b"\xc0",
    "truncated": msgpack.packb(GOOD)[:-1],
    "version-99": msgpack.packb({**GOOD, "v": 99}),
    "no-version": msgpack.packb({k: v for k, v in GOOD.items() if k != "v"}),
    "handler-is-number": msgpack.packb({**GOOD, "h": 7}),
    "handler-is-long": msgpack.packb({**GOOD, "h": "h" * 129}),
    "no-handler": msgpack.packb({"v": 1, "id": "some-task", "p": b"x"}),
    "payload-is-map": msgpack.packb({**GOOD, "p": {"a": 1}}),
    "limits-are-text": msgpack.packb({**GOOD, "l": "none"}),
    "argv-is-number": msgpack.packb({**GOOD, "h": "exec", "x": {"a": 3}}),
    "argv-is-empty": msgpack.packb({**GOOD, "h": "exec", "x": {"a": []}}),
    "nul-in-argv": msgpack.packb({**GOOD, "h": "exec", "x": {"a": ["a\0b"]}}),
    "key-twice": b"\x82\xa1v\x01\xa1v\x01",
    "oversized": msgpack.packb({**GOOD, "p": bytes(40 << 20)}),
}


def plant(redis, task, message, state="P", policy=POLICY):
    client = redis.client()
    client.hset(BASE + "t:" + task, mapping={"m": message, "s": state, "o": policy})
    client.rpush(BASE + "p1", task)
    client.rpush(BASE + "w", "1")


def is_dead(redis, task):
    return redis.client().zscore(BASE + "dead", task) is not None


def reason(redis, task):
    return redis.client().hget(BASE + "dead:" + task, "why").decode()


@pytest.mark.parametrize("name", BOMBS)
def test_bad_message(node, name):
    task = "bad-" + name
    plant(node.redis, task, BOMBS[name])
    harness.until("it is on the dead list", lambda: is_dead(node.redis, task))
    assert reason(node.redis, task)
    r = node.cli.wait(task)[task]
    assert (r["outcome"], r["verdict"]) == ("failed", "not_started")
    assert r["message"]
    assert node.cli("call", "echo", "on it goes").text == "on it goes"
    assert node.worker.popen.poll() is None


def test_version_is_named(node):
    plant(node.redis, "newer", BOMBS["version-99"])
    assert "99" in node.cli.wait("newer")["newer"]["message"]


def test_unknown_fields_are_skipped(node):
    plant(node.redis, "some-task", msgpack.packb({**GOOD, "zz": {"new": [1, 2]}}))
    assert node.cli.wait("some-task")["some-task"]["result"] == "x"


@pytest.mark.parametrize("policy", ["", "garbage", "9,1,3,1,0,,", "1," * 500])
def test_bad_policy(node, policy):
    task = "policy-" + str(len(policy))
    plant(node.redis, task, msgpack.packb({**GOOD, "id": task}), policy=policy)
    harness.until("it is on the dead list", lambda: is_dead(node.redis, task))
    assert "policy" in reason(node.redis, task)


def test_entries_that_are_no_ids(node):
    client = node.redis.client()
    before = client.zcard(BASE + "dead")
    junk = [b"\x00\xff\xfe", b"a" * 100000, b"has space", b"", b"{x}:y", b"\n"]
    client.rpush(BASE + "p1", *junk)
    client.rpush(BASE + "w", "1")
    harness.until("they are on the dead list",
                  lambda: client.zcard(BASE + "dead") == before + len(junk))
    assert node.cli("call", "echo", "x").text == "x"


def test_task_keys_of_another_type(node):
    client = node.redis.client()
    client.set(BASE + "t:a-string", "I am no hash")
    client.rpush(BASE + "t:a-list", "nor am I")
    client.rpush(BASE + "p1", "a-string", "a-list", "never-submitted")
    client.rpush(BASE + "w", "1")
    for task in "a-string", "a-list":
        harness.until("it is on the dead list", lambda: is_dead(node.redis, task))
    assert node.cli("call", "echo", "x").text == "x"


def test_all_that_is_dead_can_be_counted(node):
    by_name = {q["name"]: q for q in node.cli("queues", "--json").reports}
    assert by_name["default"]["dead"] == node.redis.client().zcard(BASE + "dead")


def test_memory_does_not_grow(redis, worker, cli):
    one = worker(redis)

    def round_of(number):
        # 40 MB at once is for memory's peak: not in each round
        names = [name for name in BOMBS if name != "oversized" or number % 5 == 0]
        for name in names:
            plant(redis, f"r{number}-{name}", BOMBS[name])
        answer = cli("call", "echo", "x")
        assert answer.text == "x", answer
        harness.until("all are dead", lambda: all(
            is_dead(redis, f"r{number}-{name}") for name in names))

    round_of(0)
    before = harness.status_kb(one.pid, "VmRSS")
    for number in range(1, 21):
        round_of(number)
    # The last message may still be on its way out.
    harness.until("its memory is given back", lambda:
                  harness.status_kb(one.pid, "VmRSS") < before + (8 << 10))
    if not harness.ASAN:
        # a 5-byte bomb must not take 500 MB even for a moment
        assert harness.status_kb(one.pid, "VmHWM") < 300 << 10


RESULTS = {
    "random": os.urandom(100),
    "array-bomb": b"\xdd\xff\xff\xff\xff",
    "version-99": msgpack.packb({"v": 99}),
    "empty": b"",
    "text": b"result",
}


@pytest.mark.parametrize("name", RESULTS)
def test_bad_report_for_a_producer(redis, cli, name):
    """Its future settles all the same, and says that nobody can know any more."""
    redis.client().rpush(BASE + "r:some-task", RESULTS[name])
    r = cli.wait("some-task")["some-task"]
    assert (r["outcome"], r["verdict"]) == ("lost", "vanished")
    assert "could not be read" in r["message"]


def test_result_key_of_another_type(redis, cli):
    redis.client().set(BASE + "r:some-task", "x")
    r = cli.wait("some-task")["some-task"]
    assert (r["outcome"], r["verdict"]) == ("lost", "vanished")


def test_a_newer_verdict_is_shown(redis, cli):
    """As the newer worker worded it."""
    report = {"v": 1, "id": "some-task", "q": "default", "h": "echo", "a": 1, "o": "melted",
              "vd": "too_hot", "c": "proved", "m": "it melted", "zz": 1}
    redis.client().rpush(BASE + "r:some-task", msgpack.packb(report))
    r = cli.wait("some-task")["some-task"]
    assert (r["outcome"], r["verdict"], r["message"]) == ("melted", "too_hot", "it melted")
    assert cli("wait", "some-task").status == 1
