"""Queues that are paused, drained, limited in rate or in length."""

import json

import pytest

import harness


def queue(cli, name="default"):
    answer = cli("queues", "--json")
    assert answer.status == 0, answer
    return {q["name"]: q for q in answer.reports}[name]


# ---- pause and resume -----------------------------------------------------------

def test_paused_queue_starts_nothing(redis, worker, cli):
    one = worker(redis, "--lease", "500ms")
    for _ in range(2):  # idempotent
        assert cli("pause", "default").status == 0
    assert (queue(cli)["paused"], queue(cli)["draining"]) == (True, False)
    task = cli.submit("echo", "later")
    before = harness.until("it has asked", lambda: cli("workers", "--json").report[
        "fetched_at"])
    harness.until("it has asked again", lambda: cli("workers", "--json").report[
        "fetched_at"] > before)
    assert cli.state(task)["state"] == "queued"
    assert cli("resume", "default").status == 0
    assert cli("resume", "default").status == 0
    assert cli.wait(task)[task]["result"] == "later"
    assert queue(cli)["paused"] is False
    assert "claim_failed" not in one.text()


def test_paused_queue_does_not_stop_the_others(redis, worker, cli):
    worker(redis, "--queue", "a", "--queue", "b", "--queue", "c")
    assert cli("pause", "a").status == 0
    assert cli("limit", "b", "--rate", "1/h").status == 0
    assert cli("call", "--queue", "b", "echo", "1").text == "1"
    held = [cli.submit("--queue", q, "echo", "held") for q in "ab"]
    for i in range(5):
        assert cli("call", "--queue", "c", "echo", str(i)).text == str(i)
    assert [cli.state(t)["state"] for t in held] == ["queued", "queued"]
    assert cli("resume", "a").status == 0
    assert cli("limit", "b", "--rate", "none").status == 0
    assert {r["result"] for r in cli.wait(*held).values()} == {"held"}


def test_resume_rings_the_bell(redis, cli):
    """Workers that wait are woken by what resume pushes, not by their next look."""
    r = redis.client()
    assert cli("pause", "default").status == 0
    for i in range(3):
        cli.submit("echo", str(i))
    r.delete("reapq:{default}:w")
    assert cli("resume", "default").status == 0
    assert r.llen("reapq:{default}:w") == 3
    assert cli("resume", "default").status == 0
    assert r.llen("reapq:{default}:w") == 3, "as many as may find something, not more"


def test_cancel_deadline_and_retry_on_a_paused_queue(redis, worker, cli):
    worker(redis)
    assert cli("pause", "default").status == 0
    late = cli.submit("--deadline", "300ms", "echo", "late")
    gone = cli.submit("echo", "gone")
    due = cli.submit("--delay", "1ms", "echo", "due")
    assert cli("cancel", gone).status == 0
    assert cli.wait(gone)[gone]["verdict"] == "cancelled"
    assert cli.wait(late)[late]["verdict"] == "expired"
    harness.until("it is due", lambda: cli.state(due)["state"] == "queued")
    assert cli("resume", "default").status == 0
    assert cli.wait(due)[due]["result"] == "due"


def test_what_runs_goes_on_when_the_queue_is_paused(redis, worker, cli, gate):
    worker(redis)
    door = gate()
    call = cli.start("call", "gate", door.path)
    door.reached()
    assert cli("pause", "default").status == 0
    door.open(b"went on")
    assert call.wait() == 0
    assert call.text("stdout") == "went on"


def test_pause_outlives_redis(persistent_redis, worker):
    cli = harness.Cli(persistent_redis)
    assert cli("pause", "default").status == 0
    assert cli("limit", "default", "--rate", "5/m", "--max-length", "7").status == 0
    persistent_redis.kill()
    persistent_redis.start()
    q = queue(cli)
    assert (q["paused"], q["rate"], q["max_length"]) == (
        True, {"starts": 5, "per_ms": 60000}, 7)
    assert cli("limit", "default").text == "rate 5/m, max-length 7\n"
    assert "paused" in cli("queues").text


# ---- drain ----------------------------------------------------------------------

def test_drain(redis, worker, cli, gate):
    worker(redis, "--concurrency", "1")
    door = gate()
    running = cli.submit("gate", door.path)
    door.reached()
    queued = cli.submit("echo", "queued")
    delayed = cli.submit("--delay", "50ms", "echo", "delayed")
    drain = cli.start("drain", "default")
    harness.until("it drains", lambda: queue(cli)["draining"])
    refused = cli("submit", "echo", "too late")
    assert (refused.status, refused.text) == (125, "")
    assert "queue default is draining" in refused.errors
    for command in ("call", "run"):
        refused = cli(command, "echo", "x")
        assert refused.status == 125
        assert "draining" in refused.errors
    # What is there already is joined all the same.
    assert cli("submit", "--id", queued, "echo", "queued").text.strip() == queued
    assert drain.popen.poll() is None
    door.open(b"done")
    assert drain.wait() == 0, drain.text()
    assert {t: r["result"] for t, r in cli.wait(running, queued, delayed).items()} == {
        running: "done", queued: "queued", delayed: "delayed"}
    assert cli("submit", "echo", "x").status == 125, "it stays closed"
    assert cli("resume", "default").status == 0
    assert cli("call", "echo", "open again").text == "open again"


def test_drain_says_why_it_does_not_end(redis, cli):
    cli.submit("echo", "x")
    answer = cli("drain", "default", "--timeout", "10ms")
    assert answer.status == 124
    assert "no worker: 1 queued, 0 delayed, 0 running" in answer.errors
    assert "--timeout ran out" in answer.errors
    assert cli("pause", "default").status == 0
    assert "paused" in cli("drain", "default", "--timeout", "10ms").errors
    assert queue(cli)["draining"] is True


def test_map_into_a_draining_queue(redis, worker, cli, gate):
    """What it had submitted is printed; the rest is not lost without a word."""
    worker(redis, "--concurrency", "4")
    door = gate()
    one = harness.Process([harness.program("reapq"), "map", "--window", "1", "gate"],
                          env=cli.environment({}), stdin=-1)
    one.popen.stdin.write(f"{door.path}\nnever\nnever\n".encode())
    one.popen.stdin.close()
    door.reached()
    drain = cli.start("drain", "default")
    harness.until("it drains", lambda: queue(cli)["draining"])
    door.open(b"first")
    assert one.wait() == 125, one.text()
    assert one.text("stdout") == "first"
    assert "draining" in one.text() and "1 tasks were submitted" in one.text()
    assert drain.wait() == 0


# ---- rate -----------------------------------------------------------------------

def test_rate_over_several_workers(redis, worker, cli):
    """In no window more starts than the limit, whoever claims; and all of them run."""
    limit, window = 5, 400
    for _ in range(3):
        worker(redis, "--allow-exec", "--concurrency", "8")
    base = "reapq:{default}:"
    assert cli("limit", "default", "--rate", f"{limit}/s").status == 0
    redis.client().hset(base + "cfg", "rl_ms", window)
    assert queue(cli)["rate"] == {"starts": limit, "per_ms": window}
    done = cli("map", "--json", "echo", input=b"".join(b"%d\n" % i for i in range(23)))
    assert done.status == 0
    assert len(done.reports) == 23
    assert redis.client().llen(base + "rl") <= limit


def claim(redis, script, seq, n):
    """One claim by claim.lua itself; how many came, and its code."""
    out = script(keys=["reapq:{default}:"],
                 args=["w", f"w.{seq}", n, 5000, "p0,ps,p1,p2"], client=redis)
    return (len(out) - 1) // 5, out[0]


def expand(name):
    import os
    import re
    folder = os.path.join(os.path.dirname(__file__), "..", "..", "common", "lua")

    def text(n):
        with open(os.path.join(folder, n + ".lua"), encoding="ascii") as f:
            return re.sub(r"--@(\w+)\n", lambda m: text("_" + m.group(1)), f.read())
    return text(name)


def test_no_window_has_more_than_the_limit(redis, cli):
    """claim.lua alone, asked in a loop: every window of the history is looked at."""
    r = redis.client()
    script = r.register_script(expand("claim"))
    r.hset("reapq:{default}:cfg", mapping={"rl_max": 7, "rl_ms": 50})
    for i in range(60):
        cli.submit("--id", f"t{i}", "echo", str(i)) if i < 2 else r.evalsha(
            r.script_load(expand("submit")), 1, "reapq:{default}:", f"t{i}", b"m", 0, 0, 1,
            1, 3, 3600000, 0, "", "")
    times, got, seq = [], 0, 0
    while got < 60:
        seq += 1
        n, code = claim(r, script, seq, 4)
        if n:
            at = int(r.lindex("reapq:{default}:rl", -1))
            times += [at] * n
            got += n
        else:
            assert 0 < code <= 50, code
        assert r.llen("reapq:{default}:rl") <= 7
    for i in range(len(times) - 7):
        assert times[i + 7] - times[i] >= 50, times
    assert times[-1] - times[0] >= 50 * 8


@pytest.mark.parametrize("junk", [
    {"rl_max": "0", "rl_ms": "0"}, {"rl_max": "nan"}, {"rl_max": "-1", "rl_ms": "x"},
    {"max_len": "lots"}, {"rl_max": "99999999999999999999"}])
def test_junk_in_the_policy_stops_nothing(redis, worker, cli, junk):
    r = redis.client()
    r.hset("reapq:{default}:cfg", mapping=junk)
    r.set("reapq:{default}:rl", "an older version's counter")
    worker(redis)
    assert cli("call", "echo", "x").text == "x"
    assert cli("queues", "--json").status == 0


def test_a_lower_rate_counts_the_starts_before_it(redis, worker, cli):
    worker(redis)
    assert cli("limit", "default", "--rate", "100/h").status == 0
    for i in range(4):
        assert cli("call", "echo", "x").text == "x"
    assert cli("limit", "default", "--rate", "2/h").status == 0
    held = cli.submit("echo", "held")
    assert redis.client().llen("reapq:{default}:rl") == 2
    assert cli("limit", "default", "--rate", "3/h").status == 0
    assert cli.wait(held)[held]["result"] == "held", "2 of 3 are known: there is room"


# ---- length ---------------------------------------------------------------------

def test_full_queue(redis, worker, cli):
    assert cli("limit", "default", "--max-length", "4").status == 0
    kept = [cli.submit("echo", "a"), cli.submit("--priority", "high", "echo", "b"),
            cli.submit("--priority", "low", "echo", "c"),
            cli.submit("--delay", "1h", "echo", "d")]
    refused = cli("submit", "--priority", "high", "echo", "e")
    assert (refused.status, refused.text) == (125, "")
    assert "queue default is full: 4 tasks wait, its maximum length is 4" in refused.errors
    assert cli("submit", "--id", kept[0], "echo", "a").status == 0, "it is there already"
    unique = cli("submit", "--unique", "k", "echo", "x")
    assert unique.status == 125
    assert redis.client().exists("reapq:{default}:u:k") == 0, "nothing is half done"
    assert cli("cancel", kept[3]).status == 0
    assert cli("submit", "echo", "e").status == 0
    assert cli("limit", "default", "--max-length", "none").status == 0
    worker(redis)
    assert cli("call", "echo", "f").text == "f"


def test_map_waits_for_room(redis, worker, cli):
    """Back-pressure: a map is slower over a short queue, and loses nothing."""
    worker(redis, "--concurrency", "2")
    assert cli("limit", "default", "--max-length", "3").status == 0
    lines = [str(i) for i in range(200)]
    done = cli("map", "--keep-order", "echo", input="\n".join(lines).encode())
    assert done.status == 0, done
    assert done.text.split() == lines


def test_map_waits_for_others(redis, worker, cli, gate):
    """The queue is full of strangers' tasks: it says so once, and goes on later."""
    assert cli("limit", "default", "--max-length", "1").status == 0
    cli.submit("echo", "stranger")
    one = harness.Process([harness.program("reapq"), "map", "echo"],
                          env=cli.environment({}), stdin=-1)
    one.popen.stdin.write(b"mine\n")
    one.popen.stdin.close()
    one.wait_for_line("is full: 1 tasks wait.*waiting for room")
    worker(redis)
    assert one.wait() == 0
    assert one.text("stdout") == "mine"


# ---- usage ----------------------------------------------------------------------

@pytest.mark.parametrize("args", [
    ["pause"], ["resume", "a", "b"], ["drain", "no/queue"], ["limit", "q", "--rate", "5"],
    ["limit", "q", "--rate", "0/s"], ["limit", "q", "--rate", "5/d"],
    ["limit", "q", "--rate", "1000000/s"], ["limit", "q", "--max-length", "0"],
    ["pause", "q", "--rate", "1/s"]])
def test_bad_usage(cli, args):
    assert cli(*args).status == 2


def test_limits_are_shown(cli):
    assert cli("limit", "q").text == "rate none, max-length none\n"
    assert cli("limit", "q", "--rate", "10/s").text == ""
    assert cli("limit", "q", "--max-length", "100").status == 0
    assert cli("limit", "q").text == "rate 10/s, max-length 100\n"
    assert json.dumps(queue(cli, "q")["rate"]) == '{"starts": 10, "per_ms": 1000}'
    row = [line.split() for line in cli("queues").text.splitlines()
           if line.startswith("q ")][0]
    assert row[-3:] == ["open", "10/s", "100"]
