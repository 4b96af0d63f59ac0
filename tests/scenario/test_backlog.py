"""A long list of what has ended already: no one script walks through all of it."""

import harness
from deadlist import BASE, script

MANY = 1500  # of a list above 1,000 entries the cancelled stay on it


def submit(client, task, deadline_ms=0):
    script(client, "submit", task, b"m", 0, 0, 1, 1, 3, 3600000, deadline_ms, "", "")


def claim(client, seq):
    return script(client, "claim", "w", f"w.{seq}", 1, 5000, "p0,ps,p1,p2", 1, 0)


def test_a_claim_buries_only_so_many_that_expired(redis):
    r = redis.client()
    for i in range(MANY):
        submit(r, f"t{i}", 1)
    r.delete(BASE + "w")
    assert claim(r, 1)[0] == 0
    assert 0 < r.zcard(BASE + "dead") <= 300
    assert r.llen(BASE + "w") == 1, "the rest waits for the next claim"
    claims = 1
    while r.llen(BASE + "p1") > 0:
        claims += 1
        assert claim(r, claims) == [0]
    assert r.zcard(BASE + "dead") == MANY


def test_a_claim_passes_over_only_so_many_that_were_cancelled(redis):
    r = redis.client()
    for i in range(2 * MANY):
        submit(r, f"t{i}")
    for i in range(MANY):
        assert script(r, "cancel", f"t{i}", "user", 0) == 1
    assert claim(r, 1) == [0]
    assert MANY * 2 - 300 <= r.llen(BASE + "p1") < MANY * 2


def test_a_worker_gets_through_them_at_once(redis, worker, cli):
    r = redis.client()
    for i in range(MANY):
        submit(r, f"t{i}", 1)
    last = cli.submit("echo", "after them")
    worker(redis)
    assert cli.wait(last)[last]["verdict"] == "ok"
    assert r.zcard(BASE + "dead") == MANY


def tick(client):
    return script(client, "tick", 100, 300, 10000, 5000)


def test_a_clock_that_was_set_back_stops_no_tick(redis):
    """Redis's keys expire by its clock too: a lock then lasts for what it was set back."""
    r = redis.client()
    now_ms = r.time()[0] * 1000
    r.set(BASE + "tk", "1", px=3600000)
    r.hset(BASE + "tt", mapping={"last": now_ms + 3600000, "grace": now_ms + 3605000})
    submit(r, "t", 1)
    tick(r)
    while tick(r)[2] == 0:  # its deadline is a millisecond away
        r.delete(BASE + "tk")
    assert int(r.hget(BASE + "tt", "grace")) < r.time()[0] * 1000 + 60000


def follow_the_ticks(client):
    client.config_set("slowlog-log-slower-than", 0)
    client.config_set("slowlog-max-len", 100000)


def went_on(client):
    """How many ticks came at once after one that had done as much as it may."""
    return sum(b" reapq:{default}: 100 0 " in e["command"] for e in client.slowlog_get(100000))


def test_a_worker_ticks_on_while_there_is_more(redis, worker, cli):
    r = redis.client()
    follow_the_ticks(r)
    for i in range(350):
        script(r, "submit", f"t{i}", b"m", 1, 0, 1, 1, 3, 3600000, 0, "", "")
    worker(redis)
    harness.until("all are due, and have ended", lambda: r.zcard(BASE + "dead") == 350)
    assert went_on(r) >= 3


def test_so_does_a_producer_alone(redis, cli):
    r = redis.client()
    follow_the_ticks(r)
    for i in range(350):
        submit(r, f"t{i}", 1)
    waiter = cli.start("wait", cli.submit("echo", "x"))
    harness.until("all have expired", lambda: r.zcard(BASE + "dead") == 350)
    assert went_on(r) >= 3
    waiter.kill()


def test_an_answer_of_large_messages_is_cut_short(redis):
    """The lease runs while it travels: what a claim holds must arrive in that time."""
    r = redis.client()
    mib = b"m" * (1 << 20)
    for i in range(10):
        script(r, "submit", f"t{i}", mib * 3, 0, 0, 1, 1, 3, 3600000, 0, "", "")
    for i in range(5):
        out = script(r, "claim", "w", f"w.{i + 1}", 8, 5000, "p0,ps,p1,p2", 1, 0)
        assert out[1::5] == [b"t%d" % (2 * i), b"t%d" % (2 * i + 1)], "two, in their order"
    assert r.llen(BASE + "p1") == 0
