"""The checker: a pure function from a history to what is wrong with it.

Each rule is a method that yields violations, and counts what it looked at: a rule that
looked at nothing has shown nothing. test_history.py has a bad history for each.
"""

import collections
import dataclasses

from records import Violation

LATE = 30    # seconds within which a waiter learns of an end, whatever goes on
GRACE = 0.25  # seconds by which clocks of one machine may disagree with a report's
RAN = {"ok", "error", "exit", "signal", "time_limit", "result_limit"}


class Checker:
    def __init__(self, history):
        self.h = history
        self.looked = collections.Counter()
        self.starts = collections.defaultdict(list)    # id -> marks S
        self.by_id = collections.defaultdict(list)     # id -> [(waiter, report)]
        self.key_of = {}                               # id -> key
        self.killed = {p for f in history.faults if f.kind == "child kill" for p in f.pids}
        self.batches = {}                              # tag -> one of its tasks
        for task in history.tasks.values():
            self.batches.setdefault(task.key.rpartition("-")[0], task)
        self.drained = [(life["pid"], life["drained"], life["ended"] or 9e12)
                        for life in history.lives if life.get("drained")]
        for mark in history.marks:
            if mark.what == "S":
                self.starts[mark.id].append(mark)
            self.key_of[mark.id] = mark.key
        for waiter in history.waiters:
            for report in waiter.reports:
                self.by_id[report.id].append((waiter, report))
                if report.id in history.tasks:
                    self.key_of[report.id] = report.id
                elif report.input:
                    self.key_of[report.id] = report.input.split()[0]

    def task(self, id_):
        """What was asked for. Of a dead producer's task that never ran only its tag is
        known, and so its flags."""
        task = self.h.tasks.get(self.key_of.get(id_, id_))
        if task or id_ not in self.by_id:
            return task
        twin = self.batches.get(self.by_id[id_][0][1].tag)
        return twin and dataclasses.replace(twin, key=id_, action="unknown")

    def lossy(self, id_):
        """Redis may have lost it: nothing of a task may be known but that."""
        task = self.task(id_)
        return task.lossy if task else any(w.lossy for w, _ in self.by_id.get(id_, ()))

    def run(self):
        rules = [self.settled_once, self.told_soon, self.nobody_forgotten,
                 self.waiters_agree, self.known_task, self.result_right, self.verdict_right,
                 self.losses_right, self.tries_right, self.runs_bounded,
                 self.runs_explained, self.not_fenced, self.nothing_left]
        return [v for rule in rules for v in rule()]

    # ---- settlement ---------------------------------------------------------------

    def settled_once(self):
        """Every waiter that lived was told each task once; one that died, at most once."""
        for waiter in self.h.waiters:
            told = collections.Counter(
                (r.input.split()[0] if r.input else r.id) for r in waiter.reports)
            gone = set(waiter.unknown)
            for key in waiter.keys:
                self.looked["settled once"] += 1
                n = told.pop(key, 0)
                task = self.h.tasks.get(self.key_of.get(key, key))
                if n > 1:
                    yield Violation("settled once", key, f"{waiter.name} was told {n} times")
                elif n == 0 and key in gone:
                    if not (waiter.lossy or task and task.lossy):
                        yield Violation("settled once", key,
                                        f"{waiter.name}: no such task, and no data was lost")
                elif n == 0 and not waiter.died:
                    yield Violation("settled once", key, f"{waiter.name} was never told")
            for key, n in told.items():
                yield Violation("settled once", key,
                                f"{waiter.name} was told {n} times and had not asked")

    def told_soon(self):
        """A waiter ends when its last task does. Faults last for seconds: a hint that was
        lost in one has to be made up for."""
        for waiter in self.h.waiters:
            ends = [r.ended_at for r in waiter.reports if r.ended_at]
            if waiter.died or not waiter.ended or not ends:
                continue
            self.looked["told soon"] += 1
            late = waiter.ended - max(waiter.began, *ends)
            if late > LATE:
                last = max(waiter.reports, key=lambda r: r.ended_at or 0)
                yield Violation("told soon", last.id, f"{waiter.name} was told {late:.1f} s "
                                "after it had ended")

    def nobody_forgotten(self):
        """What has run has been told to somebody, unless Redis lost it."""
        for id_ in self.starts:
            self.looked["ran, so settled"] += 1
            task = self.task(id_)
            if id_ not in self.by_id and not (task and task.lossy):
                yield Violation("ran, so settled", id_, "it has run, and nobody knows its end")

    def waiters_agree(self):
        for id_, told in self.by_id.items():
            if len(told) < 2 or self.lossy(id_):
                continue
            self.looked["waiters agree"] += 1
            lines = {r.verdict_line() for _, r in told}
            if len(lines) > 1:
                yield Violation("waiters agree", id_, f"they were told {sorted(map(str, lines))}")

    def known_task(self):
        """A task that a dead producer had submitted can be told by its run or its tag."""
        for id_ in self.by_id:
            self.looked["task known"] += 1
            if not self.task(id_) and not self.lossy(id_):
                yield Violation("task known", id_, "nobody asked for it")

    # ---- what was told --------------------------------------------------------------

    def final(self):
        """Each settled id of a known task, with each report that somebody had of it."""
        for id_, told in self.by_id.items():
            task = self.task(id_)
            if task:
                for _, report in told:
                    yield id_, task, report

    def run_of(self, id_, report):
        """The mark of the run that a report is about, or None."""
        for mark in self.starts.get(id_, ()):
            if mark.pid == report.pid and mark.attempt == report.attempt:
                return mark
        return None

    def result_right(self):
        """The result is the task's own, whole, and of the run that is reported."""
        for id_, task, report in self.final():
            if report.verdict != "ok":
                continue
            self.looked["result right"] += 1
            mark = self.run_of(id_, report)
            size = task.arg if task.action == "big" else 0
            words = (report.text or "").split()
            if not mark:
                yield Violation("result right", id_, f"no run of attempt {report.attempt} "
                                f"in process {report.pid} has left a mark")
            elif words != [task.key, mark.nonce, str(size)]:
                yield Violation("result right", id_, f"{report.text!r} is not "
                                f"'{task.key} {mark.nonce} {size}'")
            elif report.more != size:
                yield Violation("result right", id_, f"{report.more} bytes, not {size}")

    def verdict_right(self):
        for id_, task, report in self.final():
            self.looked["verdict right"] += 1
            why = self.wrong_verdict(id_, task, report)
            if why:
                yield Violation("verdict right", id_,
                                f"{report.verdict} ({report.message}): {why}")

    def wrong_verdict(self, id_, task, report):
        verdict = report.verdict
        if verdict == "cancelled":
            return None if task.cancel else "nobody cancelled it"
        if verdict == "expired":
            if not task.deadline_s:
                return "it had no deadline"
            early = report.ended_at < task.submitted + task.deadline_s - GRACE
            return "its deadline had not passed" if early else None
        if verdict == "vanished":
            return None if task.lossy else "Redis has lost nothing"
        if verdict == "worker_lost":
            lost = self.lost(report)
            return None if lost > task.max_lost or task.lossy else \
                f"after {lost} lost workers of {task.max_lost} that it may lose"
        if verdict == "signal" and report.signal == 9:
            return None if report.pid in self.killed else "we did not kill that process"
        if verdict not in RAN or not (task.lossy or self.may_end(task, report)):
            return f"it cannot have ended so: {task.action} {task.arg}"
        mark = self.run_of(id_, report)
        if not mark:
            return f"process {report.pid} left no mark of attempt {report.attempt}"
        return "it started too early" if task.delay_s and report.attempt == 1 and \
            mark.at < task.submitted + task.delay_s - GRACE else None

    @staticmethod
    def may_end(task, report):
        """By what it does itself, faults aside."""
        if task.action == "until":
            good = report.attempt >= task.arg
            return report.verdict == (("ok" if good else "exit" if task.command else "error"))
        return report.verdict == {"segv": "signal", "exit": "exit", "fail": "error",
                                  "hang": "time_limit"}.get(task.action, "ok") and \
            (task.action != "segv" or report.signal == 11) and \
            (task.action != "exit" or report.exit_status == task.arg)

    @staticmethod
    def lost(report):
        return sum(a["verdict"] == "worker_lost" and not a.get("superseded")
                   for a in report.attempts)

    def losses_right(self):
        """It lost no more workers than it may; the last one, if it was given up for that."""
        for id_, task, report in self.final():
            if task.lossy:
                continue
            self.looked["losses right"] += 1
            most = task.max_lost + (report.verdict in ("worker_lost", "cancelled", "expired"))
            if self.lost(report) > most:
                yield Violation("losses right", id_, f"it has lost {self.lost(report)} workers, "
                                f"and may lose {task.max_lost}")

    def tries_right(self):
        """A task that failed for good was tried as often as was asked, and no more."""
        for id_, task, report in self.final():
            if report.verdict not in RAN or report.verdict == "ok" or task.lossy:
                continue
            self.looked["tries right"] += 1
            failed = sum(a["verdict"] not in ("worker_lost", "ok") and not a.get("superseded")
                         for a in report.attempts)
            if failed != task.max_attempts and not task.cancel and not task.deadline_s:
                yield Violation("tries right", id_, f"{failed} failed attempts of "
                                f"{task.max_attempts}: {[a['verdict'] for a in report.attempts]}")

    # ---- what ran --------------------------------------------------------------------

    def given_back(self, mark):
        """It ran while its worker was draining: an attempt cut short does not count."""
        return any(pid == mark.worker_pid and mark.at <= ended
                   for pid, _, ended in self.drained)

    def runs_bounded(self):
        for id_, marks in self.starts.items():
            task = self.task(id_)
            if not task:
                continue
            self.looked["runs bounded"] += 1
            lives = 1 + (self.h.losses if task.lossy else 0)
            if task.once:
                bound = lives
            else:
                bound = (task.max_attempts + task.max_lost) * lives + \
                    sum(self.given_back(m) for m in marks)
            if len(marks) > bound:
                yield Violation("runs bounded", id_, f"{len(marks)} runs, at most {bound}"
                                f"{' as it may start only once' if task.once else ''}")

    def runs_explained(self):
        """Each run is an attempt that the report knows of; two are the same attempt only if
        one of them was cut short by a drain."""
        for id_, marks in self.starts.items():
            task = self.task(id_)
            if not task or task.lossy or id_ not in self.by_id:
                continue
            self.looked["runs explained"] += 1
            report = self.by_id[id_][0][1]
            known = {a["attempt"] for a in report.attempts if not a.get("superseded")}
            for number in {m.attempt for m in marks}:
                same = [m for m in marks if m.attempt == number]
                if number not in known | {report.attempt}:
                    if not all(self.given_back(m) for m in same):
                        yield Violation("runs explained", id_, f"attempt {number} has run, and "
                                        f"the report knows only of {sorted(known)}")
                elif len(same) - 1 > sum(self.given_back(m) for m in same):
                    yield Violation("runs explained", id_,
                                    f"attempt {number} has run {len(same)} times")

    def not_fenced(self):
        """The end that was told is the last attempt's, and of one that kept its lease."""
        for id_, task, report in self.final():
            if report.verdict not in RAN or task.lossy:
                continue
            self.looked["not fenced"] += 1
            for a in report.attempts:
                if a["attempt"] == report.attempt and a["worker"] == report.worker and \
                        (a.get("superseded") or a["verdict"] == "worker_lost"):
                    yield Violation("not fenced", id_, "its end is that of an attempt which "
                                    f"had lost its lease: {a}")
            last = max((m.attempt for m in self.starts.get(id_, ())), default=0)
            if last > report.attempt:
                yield Violation("not fenced", id_, f"attempt {report.attempt} was accepted, "
                                f"and attempt {last} has run")

    def nothing_left(self):
        self.looked["nothing left"] += 1
        for what in self.h.left:
            yield Violation("nothing left", "", what)


def story(history, id_, before=12.0):
    """All that is known of one task: what to read when a rule was broken."""
    checker = Checker(history)
    key = checker.key_of.get(id_, id_)
    lines = [f"task {history.tasks.get(key)}"]
    ids = {id_} | {i for i, k in checker.key_of.items() if k == key}
    events = [(m.at, f"mark {m}") for m in history.marks if m.id in ids]
    for i in ids:
        for waiter, report in checker.by_id.get(i, ()):
            events.append((report.ended_at or 0, f"{waiter.name} was told {report}"))
    for waiter in history.waiters:
        if key in waiter.keys or ids & set(waiter.keys):
            lines.append(f"waiter {waiter.name}{' (died)' if waiter.died else ''}")
    times = [t for t, _ in events if t]
    task = history.tasks.get(key)
    if task and task.submitted:
        times.append(task.submitted)
    if times:
        low, high = min(times) - before, max(times) + before
        events += [(f.start, f"fault {f}") for f in history.faults
                   if f.end >= low and f.start <= high]
    pids = {m.worker_pid for m in history.marks if m.id in ids}
    lines += [f"worker {life}" for life in history.lives if life["pid"] in pids]
    lines += [f"{at:.3f} {text}" for at, text in sorted(events, key=lambda e: e[0])]
    return "\n".join("    " + line for line in lines[:120])
