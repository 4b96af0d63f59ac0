"""A task that lost its worker runs alone, so that it takes nobody along a second time."""

import signal

import harness

POISON = "kill -9 $PPID; exec sleep 3600"


def dead(one):
    """It was killed by what it ran."""
    one.wait()
    one.ended = True


def lost_on(report):
    return [a["worker"] for a in report["attempts"] if a["verdict"] == "worker_lost"]


def test_poison_among_innocents(redis, worker, cli, gate):
    """Its first death takes its neighbours along; the second nobody."""
    first = worker(redis, "--lease", "1s", "--allow-exec", "--concurrency", "4")
    trap, doors = gate(), [gate() for _ in range(3)]
    near = [cli.submit("--", "sh", "-c",
                       f"test $REAPQ_ATTEMPT != 1 || exec cat {d.path}") for d in doors]
    poison = cli.submit("--max-lost", "1", "--", "sh", "-c",
                        f"test $REAPQ_ATTEMPT != 1 || cat {trap.path}; {POISON}")
    for door in [*doors, trap]:
        door.reached()
    others = [worker(redis, "--lease", "1s", "--allow-exec", "--concurrency", "4")
              for _ in range(2)]
    far = [cli.submit("--", "sleep", "0.3") for _ in range(47)]
    trap.open()
    dead(first)
    reports = cli.wait(poison, *near, *far)
    r = reports.pop(poison)
    assert (r["outcome"], r["verdict"], r["attempt"]) == ("lost", "worker_lost", 2)
    assert len(set(lost_on(r))) == 2, "two workers, not one twice"
    assert all(x["verdict"] == "ok" for x in reports.values())
    assert {w for x in reports.values() for w in lost_on(x)} == {lost_on(r)[0]}
    assert all(not lost_on(reports[i]) for i in far)
    killed = [o for o in others if str(o.pid) in lost_on(r)[1].split("-")]
    assert len(killed) == 1
    dead(killed[0])
    for door in doors:
        door.close()
    harness.reap_strangers()


def make_suspect(redis, worker, cli, gate, script, *flags):
    """A task whose first attempt lost its worker."""
    door = gate()
    one = worker(redis, "--lease", "500ms", "--allow-exec", "--concurrency", "1", *flags)
    task = cli.submit("--", "sh", "-c", f"test $REAPQ_ATTEMPT != 1 || exec cat {door.path}; {script}")
    door.reached()
    one.destroy()
    door.close()
    return task


def suspects(redis):
    return redis.client().lrange("reapq:{default}:ps", 0, -1)


def test_nothing_starts_beside_it(redis, worker, cli, gate):
    """Free slots, another queue, and tasks that wait: none is taken until it has ended."""
    inside = gate()
    task = make_suspect(redis, worker, cli, gate, f"cat {inside.path}")
    one = worker(redis, "--lease", "500ms", "--allow-exec", "--concurrency", "4",
                 "--queue", "default", "--queue", "other")
    inside.reached()
    waiting = [cli.submit("--priority", "high", "echo"), cli.submit("--queue", "other", "echo")]
    # A second pair of eyes sees that they can be had; this worker does not take them.
    other = worker(redis, "--concurrency", "1", "--queue", "third")
    assert cli("call", "--queue", "third", "echo", "x").text == "x"
    assert cli.state(waiting[0])["state"] == "queued"
    assert cli("status", "--json", "--queue", "other", waiting[1]).report["state"] == "queued"
    inside.open(b"alone")
    r = cli.wait(task)[task]
    assert (r["stdout"], r["attempt"]) == ("alone", 2)
    started = cli.wait(waiting[0])[waiting[0]]["started_at"]
    assert started >= r["ended_at"] - 0.001
    assert cli("wait", "--json", "--queue", "other", waiting[1]).report["verdict"] == "ok"
    one.stop()
    other.stop()


def test_not_beside_a_neighbour(redis, worker, cli, gate):
    """A worker with a running task and free slots waits for that to end."""
    task = make_suspect(redis, worker, cli, gate, "true")
    door = gate()
    neighbour = cli.submit("--priority", "high", "--", "cat", door.path)
    one = worker(redis, "--lease", "500ms", "--allow-exec", "--concurrency", "4",
                 "--log-level", "debug")
    door.reached()
    harness.until("it waits in its lane", lambda: suspects(redis) == [task.encode()])
    harness.until("a worker reserves it", lambda: redis.client().get("reapq:{default}:qr"))
    late = cli.submit("echo")
    assert cli.state(task)["state"] == "queued"
    assert cli.state(late)["state"] == "queued"
    door.open()
    reports = cli.wait(task, neighbour, late)
    assert all(r["verdict"] == "ok" for r in reports.values())
    assert reports[task]["started_at"] >= reports[neighbour]["ended_at"] - 0.001
    assert reports[late]["started_at"] >= reports[task]["ended_at"] - 0.001
    one.stop()


def test_a_steady_backlog_does_not_keep_it_waiting(redis, worker, cli, gate):
    """High priority, more than can be done, and every slot busy all the time."""
    task = make_suspect(redis, worker, cli, gate, "true")
    ids = [cli.submit("--priority", "high", "--", "sleep", "0.1") for _ in range(100)]
    worker(redis, "--lease", "500ms", "--allow-exec", "--concurrency", "2")
    reports = cli.wait(task, *ids)
    r = reports.pop(task)
    assert r["verdict"] == "ok"
    later = [x for x in reports.values() if x["started_at"] >= r["ended_at"] - 0.001]
    assert later, "the suspect came last of all"
    assert all(x["started_at"] >= r["ended_at"] - 0.001 or
               x["ended_at"] <= r["started_at"] + 0.001 for x in reports.values()), "company"


def test_one_slot_just_takes_it(redis, worker, cli, gate):
    task = make_suspect(redis, worker, cli, gate, "true")
    worker(redis, "--lease", "500ms", "--allow-exec", "--concurrency", "1")
    assert cli.wait(task)[task]["verdict"] == "ok"


def test_given_back_it_stays_a_suspect(redis, worker, cli, gate):
    """A drain does not count, and does not let it out of its lane."""
    inside = gate()
    task = make_suspect(redis, worker, cli, gate, f"cat {inside.path}")
    one = worker(redis, "--lease", "500ms", "--allow-exec", "--grace", "50ms",
                 "--kill-grace", "50ms")
    inside.reached()
    one.stop()
    inside.close()
    assert suspects(redis) == [task.encode()]
    worker(redis, "--lease", "500ms", "--allow-exec")
    inside.open(b"third")
    r = cli.wait(task)[task]
    assert (r["stdout"], r["attempt"]) == ("third", 2)
    assert [a["verdict"] for a in r["attempts"]] == ["worker_lost", "ok"]


def test_a_retry_of_it_is_a_suspect_too(redis, worker, cli, gate):
    """Its budgets are apart: one worker lost, and two failures."""
    door = gate()
    one = worker(redis, "--lease", "500ms", "--allow-exec", "--concurrency", "1")
    task = cli.submit("--max-attempts", "3", "--retry-delay", "10ms", "--retry-on", "exit",
                      "--", "sh", "-c",
                      f"test $REAPQ_ATTEMPT != 1 || exec cat {door.path}; exit 3")
    door.reached()
    one.destroy()
    door.close()
    two = worker(redis, "--lease", "500ms", "--allow-exec", "--concurrency", "3")
    r = cli.wait(task)[task]
    assert [(a["attempt"], a["verdict"]) for a in r["attempts"]] == \
        [(1, "worker_lost"), (2, "exit"), (3, "exit"), (4, "exit")]
    two.wait_for_line("quarantine", count=3)
    two.stop()


def test_cancelled_in_its_lane(redis, worker, cli, gate):
    task = make_suspect(redis, worker, cli, gate, "true")
    waiter = cli.start("wait", "--json", task)
    harness.until("it waits in its lane", lambda: suspects(redis) == [task.encode()])
    assert cli("cancel", task).status == 0
    assert not suspects(redis)
    waiter.wait()
    assert '"cancelled"' in waiter.text("stdout")


def test_a_late_finisher_is_refused_and_told(redis, worker, cli, gate):
    """Stopped past its lease, with a child that ends meanwhile: its report is kept."""
    first, second = gate(), gate()
    script = f"case $REAPQ_ATTEMPT in 1) cat {first.path};; *) cat {second.path};; esac"
    one = worker(redis, "--lease", "500ms", "--allow-exec")
    task = cli.submit("--", "sh", "-c", script)
    first.reached()
    one.send(signal.SIGSTOP)
    first.open(b"late")
    worker(redis, "--lease", "500ms", "--allow-exec")
    second.reached()
    one.send(signal.SIGCONT)
    one.wait_for_line("report_fenced|lease_gone")
    harness.until("its report has been kept", lambda: b"\xa2su\xc3" in (
        redis.client().hget("reapq:{default}:t:" + task, "h") or b""))
    second.open(b"in time")
    r = cli.wait(task)[task]
    assert (r["stdout"], r["attempt"]) == ("in time", 2)
    late = [a for a in r["attempts"] if a["superseded"]]
    assert [(a["attempt"], a["worker"].split("-")[-2]) for a in late] == [(1, str(one.pid))]
    assert [a["verdict"] for a in r["attempts"] if not a["superseded"]] == \
        ["worker_lost", "ok"]


def test_drain_of_two_queues_and_a_retry(redis, worker, cli, gate):
    """Each goes back to the head of its own queue, and no attempt is counted."""
    flags = ("--lease", "1s", "--allow-exec", "--grace", "20ms", "--kill-grace", "20ms",
             "--concurrency", "2", "--queue", "default", "--queue", "other")
    doors = [gate(), gate()]
    one = worker(redis, *flags)
    script = "test $REAPQ_ATTEMPT != 1 || exit 3; cat %s"
    ids = [cli.submit("--queue", q, "--max-attempts", "3", "--retry-delay", "10ms", "--",
                      "sh", "-c", script % d.path).split("/")[-1]
           for q, d in zip(("default", "other"), doors)]
    for door in doors:
        door.reached()
    behind = [cli.submit("--queue", q, "echo").split("/")[-1] for q in ("default", "other")]
    one.stop()
    for queue, head, next_one, door in zip(("default", "other"), ids, behind, doors):
        door.close()
        assert redis.client().lrange(f"reapq:{{{queue}}}:p1", 0, -1) == \
            [head.encode(), next_one.encode()]
    worker(redis, *flags)
    for queue, task, door in zip(("default", "other"), ids, doors):
        door.open(b"through")
        r = cli("wait", "--json", "--queue", queue, task).report
        assert (r["stdout"], r["attempt"]) == ("through", 2)
        assert [(a["attempt"], a["verdict"]) for a in r["attempts"]] == [(1, "exit"), (2, "ok")]
    for queue, task in zip(("default", "other"), behind):
        assert cli("wait", "--json", "--queue", queue, task).report["verdict"] == "ok"


def test_all_workers_are_gone_and_a_waiter_sees_it(redis, worker, cli, gate):
    """The waiter's own ticks end the lease: no worker is needed for that."""
    door = gate()
    one = worker(redis, "--lease", "500ms")
    task = cli.submit("--once", "gate", door.path)
    door.reached()
    waiter = cli.start("wait", "--json", task)
    one.destroy()
    door.close()
    waiter.wait()
    assert '"worker_lost"' in waiter.text("stdout")
