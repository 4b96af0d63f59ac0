"""Tasks that wait, are joined, cancelled, expire, and run again."""

import signal

import harness


def test_wait_from_another_process(node, gate):
    door = gate()
    task = node.cli.submit("gate", door.path)
    waiter = node.cli.start("wait", "--json", task)
    door.open(b"done")
    assert waiter.wait() == 0, waiter.text()
    assert '"result":"done"' in waiter.text("stdout").replace(": ", ":")
    assert node.cli.wait(task)[task]["result"] == "done"
    assert node.cli.wait(task)[task]["result"] == "done", "a result is never popped"


def test_many_waiters_on_one_task(node, gate):
    door = gate()
    task = node.cli.submit("gate", door.path)
    waiters = [node.cli.start("wait", "--json", task) for _ in range(4)]
    door.open(b"all")
    for waiter in waiters:
        assert waiter.wait() == 0, waiter.text()
        assert '"all"' in waiter.text("stdout")


def test_waiting_for_some_in_the_order_in_which_they_end(node, gate):
    doors = [gate(), gate()]
    ids = [node.cli.submit("gate", d.path) for d in doors]
    waiter = node.cli.start("wait", *ids)
    doors[1].open()
    waiter.wait_for_line(ids[1], "stdout")
    assert ids[0] not in waiter.text("stdout")
    doors[0].open()
    assert waiter.wait() == 0
    assert [line.split()[0] for line in waiter.text("stdout").splitlines()] == ids[::-1]


def test_wait_gives_up_and_the_task_goes_on(node, gate):
    door = gate()
    task = node.cli.submit("gate", door.path)
    assert node.cli("wait", "--timeout", "50ms", task).status == 124
    door.open()
    assert node.cli.wait(task)[task]["verdict"] == "ok"


def test_same_id_joins(node, gate):
    door = gate()
    assert node.cli.submit("--id", "the-one", "gate", door.path) == "the-one"
    second = node.cli.start("call", "--json", "--id", "the-one", "echo", "not this")
    door.open(b"first")
    assert second.wait() == 0
    assert '"first"' in second.text("stdout")
    again = node.cli("call", "--id", "the-one", "echo", "nor this")
    assert again.text == "first"


def test_unique_key_joins_a_live_task(node, gate):
    door = gate()
    first = node.cli.submit("--unique", "key", "gate", door.path)
    assert node.cli.submit("--unique", "key", "echo", "x") == first
    door.open()
    node.cli.wait(first)
    assert node.cli.submit("--unique", "key", "echo", "x") != first


def test_unknown_id(node):
    answer = node.cli("wait", "nobody-submitted-this")
    assert answer.status == 1
    assert "nobody-submitted-this" in answer.errors
    assert node.cli("status", "nobody-submitted-this").status == 1
    assert node.cli("cancel", "nobody-submitted-this").status == 1


def check_made_by_a_script(r, handler, tag):
    """No worker made the report, and still it says which task it is of."""
    assert (r["handler"], r["tag"], r["max_attempts"]) == (handler, tag, 1)
    assert 0 < r["submitted_at"] <= r["ended_at"]
    assert r["evidence"]


def test_cancel_before_it_starts(redis, cli):
    """Needs no worker."""
    task = cli.submit("--tag", "mine", "echo", "never")
    assert cli("cancel", task).status == 0
    r = cli.wait(task)[task]
    assert (r["outcome"], r["verdict"], r["certainty"]) == \
        ("cancelled", "cancelled", "proved")
    assert r["started_at"] is None and r["worker"] is None
    check_made_by_a_script(r, "echo", "mine")
    assert cli("call", "--id", task, "echo").status == 126
    assert cli("cancel", task).status == 1, "it has ended"


def test_cancel_of_any_payload(redis, cli):
    """Whatever the message holds, the report finds the task's name in it."""
    for size in 0, 1, 255, 256, 65535, 65536, 1000000:
        task = cli.submit("--tag", "t", "--payload-file", "-", "echo", input=b"\xc4" * size)
        cli("cancel", task)
        check_made_by_a_script(cli.wait(task)[task], "echo", "t")
    task = cli.submit("--tag", "t", "--stdin", "--env", "A=b", "--cwd", "/", "--memory", "1G",
                      "--max-attempts", "1", "--", "cat", "x", input=b"data")
    cli("cancel", task)
    check_made_by_a_script(cli.wait(task)[task], "exec", "t")


def test_cancelled_task_does_not_run(redis, worker, cli):
    task = cli.submit("echo", "never")
    cli("cancel", task)
    worker(redis)
    assert cli("call", "echo", "after").text == "after"
    assert cli.wait(task)[task]["verdict"] == "cancelled"


def test_cancel_while_it_runs(node, gate):
    door = gate()
    task = node.cli.submit("gate", door.path)
    door.reached()
    answer = node.cli("cancel", task)
    assert answer.status == 1
    assert "--kill" in answer.errors
    door.open(b"lived")
    assert node.cli.wait(task)[task]["result"] == "lived"


def test_cancel_with_kill(node, gate):
    door = gate()
    task = node.cli.submit("--", "sh", "-c", f"echo $$ > {door.path}; exec sleep 3600")
    with open(door.path) as f:
        pid = int(f.read())
    assert node.cli("cancel", "--kill", task).status == 0
    r = node.cli.wait(task)[task]
    assert (r["outcome"], r["verdict"], r["certainty"]) == \
        ("cancelled", "cancelled", "proved")
    assert not harness.alive(pid)


def test_priority_order(redis, worker, cli):
    """One slot: what matters runs first, whatever came first."""
    for priority in "low", "normal", "high":
        for i in range(3):
            cli.submit("--priority", priority, "--id", f"{priority}-{i}", "echo")
    worker(redis, "--concurrency", "1")
    ids = [f"{p}-{i}" for p in ("low", "normal", "high") for i in range(3)]
    reports = cli.wait(*ids)
    order = sorted(ids, key=lambda i: (reports[i]["started_at"], reports[i]["pid"]))
    rank = {"high": 0, "normal": 1, "low": 2}
    started = [(reports[i]["started_at"], rank[i.split("-")[0]]) for i in ids]
    assert started and all(a[1] <= b[1] for a in started for b in started
                           if a[0] < b[0]), order


def test_queues_in_order_of_priority(redis, worker, cli):
    slow = cli.submit("--queue", "slow", "echo", "s")
    fast = cli.submit("--queue", "fast", "echo", "f")
    worker(redis, "--concurrency", "1", "--queue", "fast", "--queue", "slow")
    reports = {q: cli("wait", "--queue", q, "--json", t).report
               for q, t in (("slow", slow), ("fast", fast))}
    assert reports["fast"]["queue"] == "fast"
    assert reports["fast"]["started_at"] <= reports["slow"]["started_at"]


def test_delay(node):
    task = node.cli.submit("--delay", "300ms", "echo")
    assert node.cli.state(task)["state"] == "delayed"
    r = node.cli.wait(task)[task]
    assert r["verdict"] == "ok"
    assert r["started_at"] - r["submitted_at"] >= 0.29


def test_deadline_of_a_task_that_runs(node):
    r = node.report("call", "--deadline", "500ms", "sleep", "3600000")
    assert (r["outcome"], r["verdict"], r["certainty"]) == ("expired", "expired", "proved")
    assert node.cli("call", "--deadline", "300ms", "sleep", "3600000").status == 126


def test_deadline_of_a_task_that_waits(redis, worker, cli):
    """Its slot is taken until after the deadline."""
    worker(redis, "--concurrency", "1")
    long = cli.submit("sleep", "3600000")
    harness.until("it runs", lambda: cli.state(long)["state"] == "running")
    r = cli.report("call", "--tag", "mine", "--deadline", "200ms", "echo", "never")
    assert (r["verdict"], r["certainty"], r["started_at"]) == ("expired", "proved", None)
    check_made_by_a_script(r, "echo", "mine")
    cli("cancel", "--kill", long)
    cli.wait(long)


def test_retries(node):
    r = node.report("call", "--max-attempts", "3", "--retry-delay", "10ms", "exit3")
    assert (r["verdict"], r["attempt"], r["max_attempts"]) == ("exit", 3, 3)
    assert [a["attempt"] for a in r["attempts"]] == [1, 2, 3]
    assert all(a["verdict"] == "exit" for a in r["attempts"])


def test_retry_only_on_some_verdicts(node):
    r = node.report("call", "--max-attempts", "3", "--retry-delay", "10ms",
                    "--retry-on", "signal", "exit3")
    assert r["attempt"] == 1
    r = node.report("call", "--max-attempts", "2", "--retry-delay", "10ms",
                    "--retry-on", "signal", "segv")
    assert r["attempt"] == 2


def test_retry_that_works(node, tmp_path):
    flag = tmp_path / "flag"
    r = node.report("run", "--max-attempts", "5", "--retry-delay", "10ms", "--", "sh", "-c",
                    f"test -e {flag} || {{ touch {flag}; kill -SEGV $$; }}")
    assert (r["outcome"], r["attempt"]) == ("returned", 2)
    assert [a["verdict"] for a in r["attempts"]] == ["signal", "ok"]


def test_interrupt_stops_the_task(node, gate):
    door = gate()
    call = node.cli.start("call", "gate", door.path)
    door.reached()
    call.send(signal.SIGINT)
    assert call.wait() == 128 + signal.SIGINT
    # its child is gone: nobody reads any more
    harness.until("the task was stopped", lambda: gone(door))


def gone(door):
    try:
        door.writer.write(b"x")
    except BrokenPipeError:
        return True
    return False


def test_priorities_are_strict(redis, worker, cli):
    """Whatever was first: one claim goes over all lists, and takes from the highest."""
    order = [(p, cli.submit("--priority", p, "echo", p))
             for p in ("low", "normal", "high", "low", "high", "normal") for _ in range(3)]
    one = worker(redis, "--concurrency", "1")
    reports = cli.wait(*[task for _, task in order])
    started = {p: [reports[task]["started_at"] for q, task in order if q == p]
               for p in ("high", "normal", "low")}
    # Whole milliseconds: the last of one may start in the same as the first of the next.
    assert max(started["high"]) <= min(started["normal"])
    assert max(started["normal"]) <= min(started["low"])
    assert all(r["attempt"] == 1 for r in reports.values())
    assert one.popen.poll() is None
