"""What is looked at after each step: docs/protocol.md's invariants on what Redis holds,
by themselves, and then that it holds what the naive model says, and nothing else."""

import re

import msgpack

from naive import ANY, LISTS, Within

FOR_EVER = ("p0", "p1", "p2", "ps", "l", "d", "x", "w", "ws", "tt", "cfg", "dead", "dz")


class Wrong(Exception):
    pass


def expect(holds, *what):
    if not holds:
        raise Wrong(" ".join(str(one) for one in what))


class View:
    """A dump by the protocol's names."""

    def __init__(self, dump):
        self.dump = dump
        self.tasks = {k[2:]: v[2] for k, v in dump.items() if k.startswith("t:")}
        self.results = {k[2:]: v[2] for k, v in dump.items() if k.startswith("r:")}

    def list(self, name):
        return [e.decode() for e in self.dump[name][2]] if name in self.dump else []

    def scores(self, name):
        if name not in self.dump:
            return {}
        return {k.decode(): int(float(v)) for k, v in self.dump[name][2].items()}

    def family(self, prefix):
        return {k[len(prefix):]: v for k, v in self.dump.items() if k.startswith(prefix)}


def number(fields, name):
    return int(fields.get(name, b"0"))


def invariants(view):
    """Of the numbers in docs/protocol.md; those that need no history."""
    leases, delayed, deadlines = (view.scores(name) for name in "ldx")
    waiting = [e for name in LISTS for e in view.list(name)]
    for task_id, fields in view.tasks.items():
        state = fields[b"s"][:1]
        expect(state in (b"P", b"D", b"R"), task_id, "has the state", state)
        expect((state == b"R") == (task_id in leases), "1: running and leased:", task_id)
        expect((state == b"D") == (task_id in delayed), "1: delayed and in d:", task_id)
        expect(state != b"P" or task_id in waiting, "1: on no list:", task_id)
        expect(task_id not in view.results, "2: record and result:", task_id)
        policy = fields[b"o"].decode().split(",")
        max_fail, max_lost, deadline = int(policy[1]), int(policy[2]), int(policy[4])
        lost, failed = number(fields, b"lo"), number(fields, b"nf")
        expect(lost <= max_lost, "5: lost too often:", task_id)
        expect(failed < max_fail, "5: failed too often:", task_id)
        # Those with more memory (mode M) are attempts too, and count as nothing else.
        expect(number(fields, b"a") >= lost + failed + (state == b"R"),
               "5: fewer attempts than were lost, failed and run:", task_id)
        expect(not deadline or state == b"R" or task_id in deadlines,
               "its deadline is forgotten:", task_id)
        if policy[6]:
            holder = view.dump.get("u:" + policy[6])
            expect(holder and holder[2].decode() == task_id, "unique key lost:", task_id)
    for name, members in (("l", leases), ("d", delayed), ("x", deadlines)):
        expect(set(members) <= set(view.tasks), "no task is behind an id in", name)
    for task_id, elements in view.results.items():
        expect(len(elements) == 1, "4: a result has", len(elements), "elements:", task_id)
    for key, holder in view.family("u:").items():
        expect(holder[2].decode() in view.tasks, "the unique key of an ended task:", key)
    expect(len(view.list("w")) <= 64, "the bell is too long")
    for key, (_, ttl, _) in view.dump.items():
        stays = key in FOR_EVER or key.startswith(("t:", "u:"))
        expect((ttl == -1) == stays, "the life of", key, "is", ttl)


def damaged(view):
    """What holds even when keys of ours were overwritten."""
    for task_id, fields in view.tasks.items():
        result = view.dump.get("r:" + task_id)
        expect(not result or result[0] != "list" or b"not ours" in result[2] or
               b"m" not in (fields or ()),
               "2: record and result:", task_id)
    for key, (kind, _, elements) in view.family("r:").items():
        expect(kind != "list" or len(elements) == 1 or b"not ours" in elements,
               "4: a result has", elements)


def unpack_all(data):
    messages = msgpack.Unpacker(raw=False, unicode_errors="replace", strict_map_key=False)
    messages.feed(data)
    return list(messages)


def check_history(found, expected, task_id):
    expect(len(found) == len(expected), "attempts kept of", task_id, found, expected)
    for is_, (should, superseded) in zip(found, expected):
        should = msgpack.unpackb(should) if isinstance(should, bytes) else should
        expect(all(is_.get(k) == v for k, v in should.items()), "attempt", is_, should)
        expect(bool(is_.get("su")) == superseded, "superseded:", is_)


def check_result(data, result, task_id):
    report, *history = unpack_all(data)
    if isinstance(result.report, bytes):
        expect(data.startswith(result.report), "not the worker's report:", task_id)
    else:
        should = dict(result.report)
        message = msgpack.unpackb(should.pop("message"))
        source = should.pop("source")
        expect(report.get("w") == should.pop("w"), "the report's worker:", report)
        expect(all(report.get(k) == v for k, v in should.items()), report, should)
        expect(report["ev"][0][0] == source, "the report's source:", report)
        expect(all(report.get(k) == message.get(k) for k in ("h", "g", "t", "ma")),
               "what the report copies:", report, message)
    check_history(history, result.history, task_id)


def check_task(fields, task, task_id):
    is_ = {k.decode(): v for k, v in fields.items()}
    expect(is_.pop("s").decode() == task.state + task.token, task_id, fields, task)
    expect(is_.pop("m") == task.message, "the message has changed:", task_id)
    policy = is_.pop("o").decode().split(",")
    deadline = int(policy.pop(4))
    expect(policy == [str(task.pri), str(task.max_fail), str(task.max_lost), str(task.ttl),
                      task.producer, task.unique], "policy of", task_id, policy)
    expect(0 <= deadline - task.deadline <= 60000, "deadline of", task_id)
    task.deadline = deadline
    for name, value in (("a", task.attempts), ("lo", task.lost), ("nf", task.failed)):
        expect(int(is_.pop(name, b"0")) == value, name, "of", task_id, "is not", value)
    expect(is_.pop("x", b"").decode() == task.cancel, "cancel of", task_id)
    expect(is_.pop("w", b"").decode() == "".join(p + "," for p in task.waiters),
           "who waits for", task_id)
    expect(is_.pop("ft", b"").decode() == task.given_back, "ft of", task_id)
    check_history(unpack_all(is_.pop("h", b"")), task.history, task_id)
    expect(not is_, "unknown fields of", task_id, is_)


def check_scores(name, found, expected, slack_ms):
    expect(set(found) == set(expected), name, "holds", found, "not", expected)
    for task_id, score in found.items():
        expect(0 <= score - expected[task_id] <= slack_ms, "score in", name, task_id,
               score, expected[task_id])
        expected[task_id] = score


def same(view, model, slack_ms):
    """slack_ms: how long the step took at most."""
    expect(set(view.tasks) == set(model.tasks), "tasks", set(view.tasks) ^ set(model.tasks))
    for task_id, task in model.tasks.items():
        check_task(view.tasks[task_id], task, task_id)
    expect(set(view.results) == set(model.results), "results",
           set(view.results) ^ set(model.results))
    for task_id, result in model.results.items():
        check_result(view.results[task_id][0], result, task_id)
        ttl = view.dump["r:" + task_id][1]
        expect(abs(result.ttl - ttl) < 60000, "life of result", task_id, ttl, result.ttl)
        result.ttl = ttl
    for name in LISTS:
        expect(view.list(name) == model.lists[name], name, view.list(name), model.lists[name])
    check_scores("d", view.scores("d"), model.delayed, slack_ms)
    check_scores("l", view.scores("l"), model.leases, slack_ms)
    check_scores("x", view.scores("x"), model.deadlines, slack_ms)
    check_scores("ws", view.scores("ws"), model.workers, slack_ms)
    expect(len(view.list("w")) == model.bell, "the bell:", len(view.list("w")), model.bell)
    for prefix, expected in (("k:", model.hints), ("n:", model.told)):
        found = {k: [e.decode() for e in v[2]] for k, v in view.family(prefix).items()}
        expect(found == expected, prefix, found, expected)
    last = {k: v[2].decode() for k, v in view.family("lc:").items()}
    expect(last == {w: t + "," + ",".join(ids) for w, (t, ids) in model.last.items()},
           "last claims", last, model.last)
    held = {k: v[2].decode() for k, v in view.family("u:").items()}
    expect(held == model.unique, "unique keys", held, model.unique)
    check_scores("dead", view.scores("dead"), model.died, slack_ms)
    expect(set(view.family("dead:")) == set(model.dead), "dead records")
    for task_id, dead in model.dead.items():
        fields = view.dump["dead:" + task_id][2]
        expect(fields[b"m"] == dead.task.message, "dead message", task_id)
        expect((b"b" in fields) == dead.unreadable, "dead, unreadable:", task_id)
        check_result(fields[b"r"] + fields.get(b"h", b""), dead.result, task_id)
    sizes = {k.decode(): int(v) for k, v in view.dump.get("dz", ("", 0, {}))[2].items()}
    total = sizes.pop("", 0)
    expect(set(sizes) == set(model.dead), "dz names", set(sizes) ^ set(model.dead))
    expect(total == sum(sizes.values()), "dz counts", total, sizes)
    held = view.dump.get("qr")
    expect((held[2].decode() if held else None) == model.reserved, "qr is", held,
           "not", model.reserved)
    starts = [int(at) for at in view.list("rl")]
    limit = model.cfg.get("rl_max")
    expect(not limit or len(starts) <= limit, "more starts in rl than it limits", starts)
    counted = starts[len(starts) - len(model.starts):]
    expect(len(counted) == len(model.starts) and
           all(0 <= at - s <= slack_ms for at, s in zip(counted, model.starts)),
           "rl is", starts, "not", model.starts)
    model.starts = counted
    policy = {k.decode(): int(v) for k, v in view.dump.get("cfg", ("", 0, {}))[2].items()
              if re.fullmatch(rb"[1-9]\d{0,14}", v)}
    expect(policy == model.cfg, "the policy is", policy, "not", model.cfg)
    expect(("tk" in view.dump) == model.locked, "the tick's lock")
    expect(("tt" in view.dump) == model.ticked, "tt")
    known = {"t:", "r:", "k:", "n:", "lc:", "u:", "dead:", "a:", "wi:"}
    for key in view.dump:
        prefix = key[:key.find(":") + 1]
        expect(prefix in known or key in FOR_EVER + ("rl", "tk", "qr"), "an unknown key:", key)


def answer(found, expected, what):
    if expected is ANY:
        return
    if isinstance(expected, Within):
        expect(expected.low <= int(found) <= expected.high, what, "answered", found,
               "not", expected)
        return
    if isinstance(expected, list):
        expect(isinstance(found, list) and len(found) == len(expected), what, "answered",
               found, "not", expected)
        for one, should in zip(found, expected):
            answer(one, should, what)
        return
    if isinstance(expected, bytes) and isinstance(found, str):
        expected = expected.decode("ascii")
    expect(found == expected, what, "answered", found, "not", expected)
