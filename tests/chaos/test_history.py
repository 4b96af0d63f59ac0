"""The checker itself: a good history passes, and each rule catches a bad one."""

import copy
import dataclasses
import sys

import pytest

from history import Checker, story
from records import Fault, History, Mark, Report, Task, Waiter

T = 1000.0


def mark(key, attempt=1, pid=50, worker_pid=5, at=T + 1, id_=None, nonce=None, what="S"):
    return Mark(what, id_ or key, attempt, worker_pid, pid, at,
                nonce or f"n{pid}", key)


def report(key, **more):
    given = {"id": key, "attempt": 1, "worker": "w-5", "pid": 50, "started_at": T + 1,
             "ended_at": T + 2, "submitted_at": T, "text": f"{key} n50 0",
             "attempts": [{"attempt": 1, "verdict": "ok", "worker": "w-5"}]}
    given.update(more)
    if given.get("verdict", "ok") != "ok":
        given["text"] = None
        given["attempts"] = more.get("attempts") or \
            [{"attempt": 1, "verdict": given["verdict"], "worker": "w-5"}]
    return Report(**given)


def lost(attempt):
    return {"attempt": attempt, "verdict": "worker_lost", "worker": f"w-{attempt}"}


def history(task, reports, marks, **more):
    """One task, told to two waiters."""
    reports = reports if isinstance(reports, list) else [reports]
    waiters = [Waiter(name, [task.key], copy.deepcopy(reports)) for name in ("one", "two")]
    return History({task.key: task}, waiters, marks, **more)


def task(**more):
    return Task("k", submitted=T, **more)


def rules(h):
    return sorted({v.rule for v in Checker(h).run()})


GOOD = {
    "plain": history(task(), report("k"), [mark("k")]),
    "large result": history(task(action="big", arg=7),
                            report("k", text="k n50 7", more=7), [mark("k")]),
    "crash": history(task(action="segv"),
                     report("k", verdict="signal", signal=11), [mark("k")]),
    "child killed": history(task(), report("k", verdict="signal", signal=9), [mark("k")],
                            faults=[Fault("child kill", T, T, pids=[50])]),
    "tried until good": history(
        task(action="until", arg=2, max_attempts=3),
        report("k", attempt=2, pid=51, text="k n51 0",
               attempts=[{"attempt": 1, "verdict": "error", "worker": "w-5"},
                         {"attempt": 2, "verdict": "ok", "worker": "w-5"}]),
        [mark("k"), mark("k", 2, 51)]),
    "worker lost once": history(
        task(), report("k", attempt=2, pid=51, text="k n51 0", attempts=[
            lost(1), {"attempt": 2, "verdict": "ok", "worker": "w-5"}]),
        [mark("k"), mark("k", 2, 51)]),
    "lost for good": history(task(max_lost=0), report("k", verdict="worker_lost",
                                                      attempts=[lost(1)]), [mark("k")]),
    "given back by a drain": history(
        task(max_lost=1), report("k", pid=53, text="k n53 0"),
        [mark("k", pid=p, worker_pid=9) for p in (50, 51, 52)] + [mark("k", pid=53)],
        lives=[{"pid": 9, "drained": T, "ended": T + 5}]),
    "cancelled in the queue": history(task(cancel="queued"), report(
        "k", verdict="cancelled", attempt=0, pid=None), []),
    "expired": history(task(deadline_s=2), report("k", verdict="expired", ended_at=T + 2.1),
                       []),
    "vanished with its Redis": history(task(lossy=True), report("k", verdict="vanished"), [],
                                       losses=1),
    "twice, as Redis lost data": history(
        task(lossy=True, max_lost=0), report("k"), [mark("k"), mark("k", pid=51)], losses=1),
}

BAD = {
    "never told": ("settled once", history(task(), [], [mark("k")])),
    "told twice": ("settled once", history(task(), [report("k"), report("k")], [mark("k")])),
    "not asked for": ("settled once", History(
        {"k": task()}, [Waiter("one", [], [report("k")])], [mark("k")])),
    "ran and is forgotten": ("ran, so settled", History(
        {"k": task()}, [Waiter("one", ["k"], died=True)], [mark("k")])),
    "no such task": ("settled once", History(
        {"k": task()}, [Waiter("one", ["k"], unknown=["k"])], [])),
    "nobody's": ("task known", History(
        {}, [Waiter("one", ["z"], [report("z")])], [])),
    "another's result": ("result right", history(task(), report("k", text="j n50 0"),
                                                 [mark("k")])),
    "result of another run": ("result right", history(
        task(), report("k", text="k n49 0"), [mark("k")])),
    "half a result": ("result right", history(
        task(action="big", arg=7), report("k", text="k n50 7", more=6), [mark("k")])),
    "no result": ("result right", history(task(), report("k", text=None), [mark("k")])),
    "good, and never ran": ("result right", history(task(), report("k"), [])),
    "failed, and never ran": ("verdict right", history(
        task(action="fail"), report("k", verdict="error"), [])),
    "wrong verdict": ("verdict right", history(
        task(), report("k", verdict="error"), [mark("k")])),
    "good though it crashes": ("verdict right", history(
        task(action="segv"), report("k"), [mark("k")])),
    "wrong signal": ("verdict right", history(
        task(action="segv"), report("k", verdict="signal", signal=6), [mark("k")])),
    "killed by nobody": ("verdict right", history(
        task(), report("k", verdict="signal", signal=9), [mark("k")])),
    "wrong status": ("verdict right", history(
        task(action="exit", arg=3), report("k", verdict="exit", exit_status=4), [mark("k")])),
    "cancelled by nobody": ("verdict right", history(
        task(), report("k", verdict="cancelled"), [])),
    "no deadline": ("verdict right", history(task(), report("k", verdict="expired"), [])),
    "before its deadline": ("verdict right", history(
        task(deadline_s=9), report("k", verdict="expired"), [])),
    "before its delay": ("verdict right", history(
        task(delay_s=5), report("k"), [mark("k")])),
    "vanished": ("verdict right", history(task(), report("k", verdict="vanished"), [])),
    "lost too soon": ("verdict right", history(
        task(max_lost=1), report("k", verdict="worker_lost", attempts=[lost(1)]),
        [mark("k")])),
    "not started": ("verdict right", history(
        task(), report("k", verdict="not_started"), [])),
    "tried too seldom": ("tries right", history(
        task(action="fail", max_attempts=3), report("k", verdict="error"), [mark("k")])),
    "tried too often": ("tries right", history(
        task(action="fail"), report("k", verdict="error", attempt=2, attempts=[
            {"attempt": 1, "verdict": "error", "worker": "w-5"},
            {"attempt": 2, "verdict": "error", "worker": "w-5"}]),
        [mark("k", 2)])),
    "once, and twice": ("runs bounded", history(
        task(max_lost=0), report("k"), [mark("k"), mark("k", pid=51)])),
    "too many runs": ("runs bounded", history(
        task(max_lost=1), report("k"), [mark("k", pid=p) for p in (50, 51, 52)])),
    "lost too often": ("losses right", history(
        task(max_lost=1), report("k", attempt=3, pid=53, text="k n53 0", attempts=[
            lost(1), lost(2), {"attempt": 3, "verdict": "ok", "worker": "w-5"}]),
        [mark("k"), mark("k", 2, 52), mark("k", 3, 53)])),
    "an attempt ran twice": ("runs explained", history(
        task(), report("k"), [mark("k"), mark("k", pid=51)])),
    "a run that nobody knows of": ("runs explained", history(
        task(), report("k", attempt=2, pid=51, text="k n51 0", attempts=[
            {"attempt": 1, "verdict": "ok", "worker": "w-9", "superseded": True},
            {"attempt": 2, "verdict": "ok", "worker": "w-5"}]),
        [mark("k"), mark("k", 2, 51)])),
    "of a fenced attempt": ("not fenced", history(
        task(), report("k", attempts=[{**lost(1), "worker": "w-5"},
                                      {"attempt": 1, "verdict": "ok", "worker": "w-5"}]),
        [mark("k")])),
    "of a superseded attempt": ("not fenced", history(
        task(), report("k", attempts=[{"attempt": 1, "verdict": "ok", "worker": "w-5",
                                       "superseded": True}]), [mark("k")])),
    "a later attempt ran": ("not fenced", history(
        task(), report("k"), [mark("k"), mark("k", 2, 51)])),
    "left in Redis": ("nothing left", history(
        task(), report("k"), [mark("k")], left=["l has 1 entry"])),
}


@pytest.mark.parametrize("name", GOOD)
def test_good(name):
    assert not Checker(GOOD[name]).run()


@pytest.mark.parametrize("name", BAD)
def test_bad(name):
    rule, h = BAD[name]
    assert rule in rules(h)


def test_waiters_disagree():
    h = copy.deepcopy(GOOD["plain"])
    h.waiters[1].reports[0].ended_at += 1
    assert rules(h) == ["waiters agree"]


def test_told_too_late():
    h = copy.deepcopy(GOOD["plain"])
    h.waiters[0].began, h.waiters[0].ended = T, T + 2 + 29
    assert not rules(h)
    h.waiters[0].ended += 2
    assert rules(h) == ["told soon"]
    h.waiters[0].began += 10
    assert not rules(h)


def test_a_dead_waiter_is_told_once_at_most():
    h = copy.deepcopy(GOOD["plain"])
    h.waiters[0].died = True
    h.waiters[0].reports *= 2
    assert rules(h) == ["settled once"]
    h.waiters[0].reports = []
    assert not rules(h)


def test_known_by_its_run_alone():
    """A map gives no ids: the mark says which task an id is."""
    h = history(task(), report("ID"), [mark("k", id_="ID")])
    for waiter in h.waiters:
        waiter.keys = ["ID"]
        waiter.reports[0].text = "k n50 0"
    assert not rules(h)


def test_known_by_its_tag_alone():
    """The worker of a task that may start once died before it began."""
    dead = Report("ID", "lost", "worker_lost", tag="b", attempts=[lost(1)])
    h = History({"b-1": Task("b-1", max_lost=0)}, [Waiter("one", ["ID"], [dead])])
    assert not rules(h)
    h.waiters[0].reports = [dataclasses.replace(dead, verdict="error", pid=50)]
    assert "verdict right" in rules(h)
    h.tasks["b-1"].max_lost = 1
    h.waiters[0].reports = [dead]
    assert rules(h) == ["verdict right"]


def test_vanished_before_it_ran():
    gone = [Report("ID", "lost", "vanished", ended_at=T + i) for i in range(2)]
    h = History({}, [Waiter(str(r.ended_at), ["ID"], [r], lossy=True) for r in gone])
    assert not rules(h)
    for waiter in h.waiters:
        waiter.lossy = False
    assert rules(h) == ["task known", "waiters agree"]


def test_unknown_after_a_loss():
    h = History({}, [Waiter("one", ["ID"], unknown=["ID"], lossy=True)])
    assert not rules(h)


def test_every_rule_is_broken_here():
    """So that a new rule without a bad history is noticed."""
    seen = {rule for rule, _ in BAD.values()} | {"waiters agree", "told soon"}
    for h in [*GOOD.values(), *(h for _, h in BAD.values())]:
        each = Checker(h)
        each.run()
        assert set(each.looked) <= seen


def test_story_has_what_was_near():
    h = copy.deepcopy(GOOD["child killed"])
    h.lives = [{"pid": 5, "node": "w1"}]
    text = story(h, "k")
    for part in ("Task(key='k'", "child kill", "mark Mark(what='S'", "one was told", "'w1'"):
        assert part in text


def test_report_of_a_large_result_keeps_its_length():
    line = ('{"id":"a","outcome":"returned","verdict":"ok","certainty":"proved","message":"m",'
            '"attempt":1,"worker":"w","pid":3,"tag":null,"started_at":1,"ended_at":2,'
            '"submitted_at":0,"exit_status":0,"signal":null,"attempts":[],"input":"k big 3",'
            '"result":"k 3-ab 3xxx","stdout":null}')
    got = Report.of(line)
    assert (got.text, got.more) == ("k 3-ab 3", 3)


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q"]))
