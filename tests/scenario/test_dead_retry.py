"""What is on the dead list is put back, or taken off."""

import json

import harness
from deadlist import BASE, died, listed, script, shown, size_of_all


def flagged(tmp_path, name="mended"):
    """A command that dies until the flag is there."""
    flag = tmp_path / name
    return flag, ("--", "sh", "-c", f"test -e {flag} || kill -SEGV $$; echo well")


# ---- again ---------------------------------------------------------------------------

def test_retry(redis, worker, cli, tmp_path):
    worker(redis, "--allow-exec")
    flag, command = flagged(tmp_path)
    task = died(cli, "--max-attempts", "2", "--retry-delay", "1ms", "--priority", "low",
                "--tag", "mine", *command)
    assert len(shown(cli, task)["attempts"]) == 2
    # nothing has changed: it dies again, and is kept again
    assert cli("dead", "retry", task).text.strip() == task
    r = cli.wait(task)[task]
    assert (r["verdict"], r["attempt"]) == ("signal", 2)
    assert [a["attempt"] for a in shown(cli, task)["attempts"]] == [1, 2]
    flag.touch()
    assert cli("dead", "retry", task).status == 0
    r = cli.wait(task)[task]
    assert (r["outcome"], r["attempt"], r["max_attempts"], r["tag"], r["stdout"]) == \
        ("returned", 1, 2, "mine", "well\n")
    assert len(r["attempts"]) == 1
    assert listed(cli) == {}
    size_of_all(redis.client())


def test_who_waits_again_sees_the_new_outcome(redis, worker, cli, tmp_path):
    one = worker(redis, "--allow-exec")
    flag, command = flagged(tmp_path)
    task = died(cli, *command)
    one.stop()
    flag.touch()
    cli("dead", "retry", task)
    assert cli.state(task)["state"] == "queued"
    assert not redis.client().exists(BASE + "r:" + task), "the old result is gone"
    waiter = cli.start("wait", "--json", task)
    worker(redis, "--allow-exec")
    assert waiter.wait() == 0, waiter.text()
    assert json.loads(waiter.text("stdout"))["outcome"] == "returned"


def test_retry_of_what_expired(redis, worker, cli):
    """A deadline that has passed would end it once more: it is dropped."""
    task = cli.submit("--deadline", "1ms", "echo", "late, but well")
    one = worker(redis)
    cli.wait(task)
    cli("dead", "retry", task)
    assert cli.wait(task)[task]["result"] == "late, but well"
    one.stop()
    assert redis.client().zcard(BASE + "x") == 0


def test_retry_keeps_a_deadline_that_is_to_come(redis, worker, cli):
    task = cli.submit("--deadline", "1h", "exit3")
    one = worker(redis)
    cli.wait(task)
    one.stop()
    cli("dead", "retry", task)
    client = redis.client()
    deadline = int(client.zscore(BASE + "x", task))
    assert client.hget(BASE + "t:" + task, "o").split(b",")[4] == str(deadline).encode()


def test_retry_is_safe_to_send_again(redis, worker, cli):
    """The second copy of a request acts on the death that its sender saw, or not at all."""
    client = redis.client()
    one = worker(redis)
    task = died(cli, "exit3")
    one.stop()
    at = int(client.zscore(BASE + "dead", task))
    assert script(client, "dead_retry", task, at) == [1]
    assert script(client, "dead_retry", task, at) == [1], "it waits: that was asked for"
    assert client.lrange(BASE + "p1", 0, -1) == [task.encode()]
    assert {k for k in client.hkeys(BASE + "t:" + task)} == {b"m", b"o", b"s"}
    assert client.ttl(BASE + "t:" + task) == -1
    worker(redis)
    cli.wait(task)
    assert script(client, "dead_retry", task, at) == [0], "that is another death"
    assert script(client, "dead_remove", task, at) == 0
    assert task in listed(cli)


def test_retry_refuses_a_live_task(redis, worker, cli):
    one = worker(redis)
    cli("call", "--id", "same", "--result-ttl", "1ms", "exit3")
    one.stop()
    harness.until("its result is gone", lambda: not redis.client().exists(BASE + "r:same"))
    cli.submit("--id", "same", "echo", "another")
    answer = cli("dead", "retry", "same")
    assert answer.status == 1 and "a live task has the id same" in answer.errors
    assert "same" in listed(cli)


def test_retry_refuses_one_that_ended_otherwise_since(redis, worker, cli):
    worker(redis)
    cli("call", "--id", "same", "--result-ttl", "1ms", "exit3")
    harness.until("its result is gone", lambda: not redis.client().exists(BASE + "r:same"))
    assert cli("call", "--id", "same", "echo", "fine").text == "fine"
    answer = cli("dead", "retry", "same")
    assert answer.status == 1 and "has run again" in answer.errors
    assert cli.wait("same")["same"]["result"] == "fine"


def test_retry_and_a_unique_key(redis, worker, cli):
    one = worker(redis)
    task = died(cli, "--unique", "key", "exit3")
    one.stop()
    holder = cli.submit("--unique", "key", "--delay", "1h", "echo")
    answer = cli("dead", "retry", task)
    assert answer.status == 1 and holder in answer.errors
    cli("cancel", holder)
    assert cli("dead", "retry", task).status == 0
    assert cli.submit("--unique", "key", "echo") == task, "it holds the key again"


def test_retry_where_redis_is_full(redis, worker, cli):
    one = worker(redis)
    task = died(cli, "exit3")
    one.stop()
    client = redis.client()
    client.config_set("maxmemory", 1)
    answer = cli("dead", "retry", task)
    assert answer.status == 125, answer
    client.config_set("maxmemory", 0)
    assert task in listed(cli)
    assert cli("dead", "retry", task).status == 0


def test_what_is_unreadable_is_not_run(redis, worker, cli):
    client = redis.client()
    client.hset(BASE + "t:junk", mapping={"m": b"\xc1junk", "s": "P",
                                          "o": "1,1,3,3600000,0,,"})
    client.hset(BASE + "t:no-policy", mapping={"m": b"x", "s": "P", "o": "garbage"})
    client.rpush(BASE + "p1", b"no \x1b[2J id", "junk", "no-policy")
    worker(redis)
    cli("call", "echo", "they are read by now")
    entries = listed(cli)
    assert len(entries) == 3
    assert not any(e["retryable"] for e in entries.values())
    answer = cli("dead", "retry", *entries)
    assert answer.status == 1
    assert answer.errors.count("cannot be run again: its record cannot be read") == 3
    answer = cli("dead", "retry", "--all")
    assert answer.status == 0 and "3 more cannot be run again" in answer.errors
    text = cli("dead", "show", *entries).text
    assert "\\x1b[2J id" in text and "\x1b" not in text
    assert cli("dead", "rm", "--all").status == 0
    assert listed(cli) == {}


def test_all_page_by_page(redis, worker, cli):
    """Many in the same millisecond, more than a page of them."""
    client = redis.client()
    one = worker(redis)
    lines = "\n".join(map(str, range(450))).encode()
    cli("map", "exit3", input=lines)
    cli("map", "error", input=b"a\nb\n")
    at = int(client.zrange(BASE + "dead", 0, 0, withscores=True)[0][1])
    client.zadd(BASE + "dead", {i: at for i in client.zrange(BASE + "dead", 0, -1)})
    one.stop()
    answer = cli("dead", "ls", "--json")
    ids = [e["id"] for e in answer.reports]
    assert len(ids) == len(set(ids)) == 452
    assert len(listed(cli, "--limit", "7")) == 7
    assert len(listed(cli, "--handler", "error")) == 2
    answer = cli("dead", "retry", "--all", "--handler", "exit3", "--verdict", "exit")
    assert answer.status == 0, answer
    assert len(set(answer.text.split())) == 450
    assert client.llen(BASE + "p1") == 450
    assert len(listed(cli)) == 2
    worker(redis)
    harness.until("all have died again", lambda: client.zcard(BASE + "dead") == 452)
    size_of_all(client)


# ---- off the list --------------------------------------------------------------------

def test_rm(redis, worker, cli):
    worker(redis)
    ids = [died(cli, "exit3"), died(cli, "segv"), died(cli, "exit3")]
    assert cli("dead", "rm", ids[0]).status == 0
    answer = cli("dead", "rm", ids[0], "never-was")
    assert answer.status == 1 and "never-was" in answer.errors
    assert set(listed(cli)) == set(ids[1:])
    assert cli.wait(ids[0])[ids[0]]["verdict"] == "exit", "the result stays"
    cli("dead", "rm", "--all", "--older-than", "1h")
    assert set(listed(cli)) == set(ids[1:])
    cli("dead", "rm", "--all", "--verdict", "signal")
    assert set(listed(cli)) == {ids[2]}
    cli("dead", "rm", "--all", "--older-than", "0ms")
    assert listed(cli) == {}
    assert size_of_all(redis.client()) == 0


def test_usage(redis, cli):
    for bad in (["foo"], ["retry"], ["rm"], ["show"], ["ls", "id"], ["rm", "--all", "id"],
                ["show", "--all"], ["ls", "--all"], ["retry", "a b"],
                ["retry", "--verdict", "exit", "id"], ["--verdict", "bogus"],
                ["retry", "--all", "--limit", "3"]):
        assert cli("dead", *bad).status == 2, bad
    assert cli("crashes", "id").status == 2
    assert cli("dead", "show", "nobody").status == 1
    assert cli("dead", "retry", "nobody").status == 1
    answer = cli("dead")
    assert (answer.status, answer.text) == (0, "")
    assert "nothing on the dead list" in answer.errors


def test_another_queue(redis, worker, cli):
    worker(redis, "--queue", "other")
    task = cli.submit("--queue", "other", "exit3")
    cli("wait", task)
    assert listed(cli) == {}
    name = "other/" + task.rpartition("/")[2]
    assert task == name
    assert name in cli("dead", "--queue", "other").text
    assert cli("dead", "show", name).status == 0
    assert cli("dead", "retry", name).text.strip() == name
    cli("wait", name)
    assert cli("crashes", "--queue", "other", "--json").report["count"] == 1
