"""What docs/protocol.md says, in plain Python: one method a script, in one place.

A change of a script's meaning is a change of its method here, and of nothing else in
this directory but the random arguments in actions.py. Each method answers what the
script has to answer, and leaves behind what Redis has to hold. A value that this model
cannot know (a time) is the pair of the bounds it must lie in.
"""

import dataclasses

LISTS = ("p0", "p1", "p2", "ps")
KEEP_LAST = 900000  # ms that a worker's last claim is remembered, at least
ANY = object()      # an answer that says nothing
DEAD_PAGE = 200     # entries of the dead list in one answer, at most
SLACK = 60000       # ms that a step may take


@dataclasses.dataclass
class Within:
    """A time in ms that Redis's clock decides."""
    low: int
    high: int


@dataclasses.dataclass
class Task:
    message: bytes
    state: str
    pri: int
    max_fail: int
    max_lost: int
    ttl: int
    deadline: int
    producer: str
    unique: str
    token: str = ""
    attempts: int = 0
    lost: int = 0
    failed: int = 0
    given_back: str = ""  # the token of the finish that put it back
    cancel: str = ""
    history: list = dataclasses.field(default_factory=list)
    waiters: list = dataclasses.field(default_factory=list)

    def running(self, token):
        return self.state == "R" and self.token == token

    def lane(self):
        """Where it waits: what has lost a worker waits among the suspects."""
        return "ps" if self.lost else f"p{self.pri}"

    def worker(self):
        return self.token.rpartition(".")[0]

    def policy(self):
        return (f"{self.pri},{self.max_fail},{self.max_lost},{self.ttl},{self.deadline},"
                f"{self.producer},{self.unique}")


@dataclasses.dataclass
class Result:
    report: object  # a worker's bytes, or what a script's own report must say
    history: list
    ttl: int


@dataclasses.dataclass
class Dead:
    task: Task
    unreadable: bool
    signature: str
    why: object            # text, or ANY
    result: object = None  # as it was when the task died


class Model:
    """now: Redis's clock, set before each step; scores are copied from Redis after it."""

    def __init__(self):
        self.now = 0
        self.tasks, self.results = {}, {}
        self.lists = {name: [] for name in LISTS}
        self.delayed, self.leases, self.deadlines = {}, {}, {}
        self.bell = 0
        self.last, self.hints, self.told, self.unique = {}, {}, {}, {}
        self.alive, self.workers, self.dead, self.died = set(), {}, {}, {}
        self.fresh = set()  # what died in this step
        self.cfg = {}     # numbers; a field that is not set is not there
        self.starts = []  # the times of those that the rate limit counts, oldest first
        self.locked, self.ticked, self.grace = False, False, False
        self.gap = False
        self.reserved = None  # the worker that makes itself idle for a suspect

    # ---- parts ------------------------------------------------------------------

    def due(self, scores, at_most):
        found = sorted((score, name) for name, score in scores.items() if score <= self.now)
        return [name for _, name in found[:at_most]]

    def ring(self, at_most=64):
        self.bell = min(self.bell + 1, at_most)

    def hint(self, worker, task_id):
        self.hints.setdefault(worker, []).append(task_id)

    def join(self, task, producer):
        if producer and producer not in task.waiters:
            task.waiters.append(producer)

    def resolve(self, task_id, report):
        task = self.tasks.pop(task_id)
        self.deadlines.pop(task_id, None)
        ttl = task.ttl
        if task.deadline:
            ttl = max(ttl, task.deadline - self.now + 60000)
        assert task_id not in self.results
        self.results[task_id] = Result(report, task.history, ttl)
        if task_id in self.dead and self.dead[task_id].task is task:
            self.dead[task_id].result = self.results[task_id]
        if self.unique.get(task.unique) == task_id:
            del self.unique[task.unique]
        for producer in [task.producer, *task.waiters]:
            if producer in self.alive:
                self.told.setdefault(producer, []).append(task_id)

    def of_script(self, task_id, outcome, verdict, certainty, source, worker=None):
        task = self.tasks[task_id]
        if outcome != "cancelled":
            self.bury(task_id, f"echo\t{verdict}\t", ANY)
        self.resolve(task_id, {"id": task_id, "o": outcome, "vd": verdict, "c": certainty,
                               "a": task.attempts, "source": source, "w": worker,
                               "message": task.message})

    def unlist(self, task_id, task):
        entries = self.lists[task.lane()]
        for i in range(len(entries) - 1, -1, -1):
            if entries[i] == task_id:
                del entries[i]
                return

    def bury(self, task_id, signature, why, unreadable=False):
        """Keeps the task on the dead list; it is about to be resolved."""
        self.dead[task_id] = Dead(self.tasks[task_id], unreadable, signature, why)
        self.fresh.add(task_id)
        self.died[task_id] = self.now
        self.trim(100)

    def trim(self, at_most):
        """The oldest go; of this step's own nothing but the order of ids is known."""
        for _ in range(min(at_most, len(self.dead) - self.cfg.get("dead_max", 10000))):
            oldest = min(self.died, key=lambda i: (i in self.fresh, self.died[i], i))
            del self.dead[oldest], self.died[oldest]

    # ---- scripts ----------------------------------------------------------------

    def submit(self, task_id, message, delay, max_len, pri, max_fail, max_lost, ttl,
               deadline, producer, unique):
        if task_id in self.results:
            return [0, "F"]
        if task_id in self.tasks:
            task = self.tasks[task_id]
            self.join(task, producer)
            return [0, task.state + task.token]
        holder = self.unique.get(unique)
        if unique and holder in self.tasks:
            self.join(self.tasks[holder], producer)
            return [-3, holder]
        if max_len >= 0 and "draining" in self.cfg:
            return [-4, "DRAINING"]
        limits = [n for n in (max_len, self.cfg.get("max_len", 0)) if n > 0]
        length = sum(map(len, self.lists.values())) + len(self.delayed)
        if max_len >= 0 and limits and length >= min(limits):
            return [-1, "FULL", length, min(limits)]
        waiting = self.lists[f"p{pri}"]
        if unique:
            self.unique[unique] = task_id
        task = Task(message, "D" if delay else "P", pri, max_fail, max_lost, ttl,
                    self.now + deadline if deadline else 0, producer, unique)
        self.tasks[task_id] = task
        if deadline:
            self.deadlines[task_id] = self.now + deadline
        if delay:
            self.delayed[task_id] = self.now + delay
        else:
            waiting.append(task_id)
            if len(waiting) == 1 or len(waiting) % 32 == 0:
                self.ring()
        return [1, ""]

    def attach(self, task_id, producer):
        if task_id in self.results:
            return "F"
        if task_id not in self.tasks:
            return ""
        task = self.tasks[task_id]
        self.join(task, producer)
        return task.state + task.token

    def cancel(self, task_id, reason, mode):
        task = self.tasks.get(task_id)
        if not task:
            return 2 if task_id in self.results else 3
        if task.state == "R":
            if mode == 0:
                return 4
            task.cancel = reason
            self.hint(task.worker(), task_id)
            return 5
        if task.state == "D":
            del self.delayed[task_id]
        else:
            self.unlist(task_id, task)
        self.of_script(task_id, "cancelled", "cancelled", "proved", "cancel")
        return 1

    def peek(self, *ids):
        return [1 if i in self.results else 0 if i in self.tasks else -1 for i in ids]

    def look(self, task_id):
        if task_id in self.results:
            return ["F"]
        task = self.tasks.get(task_id)
        if not task:
            return []
        return [task.state + task.token, str(task.attempts), str(task.lost),
                str(task.failed), task.cancel, task.message]

    def queue(self):
        return [len(self.lists["p0"]), len(self.lists["p1"]), len(self.lists["p2"]),
                len(self.delayed), len(self.leases), len(self.lists["ps"]), len(self.dead),
                len(self.workers), int("paused" in self.cfg), int("draining" in self.cfg),
                *(self.cfg.get(name, 0) for name in ("rl_max", "rl_ms", "max_len"))]

    def configure(self, *pairs):
        for name, value in zip(pairs[::2], pairs[1::2]):
            self.cfg.pop(name, None)
            if value != "":
                self.cfg[name] = value
            if name == "rl_max" and value != "":
                self.starts = self.starts[-value:]
        if "paused" not in self.cfg:
            self.bell = max(self.bell, min(64, sum(map(len, self.lists.values()))))
        return 1

    def claim(self, worker, token, n, lease, lists, idle, hold):
        out = [0]

        def give(task_id):
            task = self.tasks[task_id]
            self.leases[task_id] = self.now + lease
            out.extend([task_id, str(task.attempts), str(task.lost), str(task.failed),
                        task.message])
        seq = int(token.rpartition(".")[2])
        last = self.last.get(worker)
        if last and last[0] == token:
            for task_id in last[1]:
                if task_id in self.tasks and self.tasks[task_id].running(token):
                    give(task_id)
            return out
        if last and int(last[0].rpartition(".")[2]) > seq:
            return out
        got = []
        self.last[worker] = (token, got)
        if "paused" in self.cfg:
            self.bell = 0
            return [-1]
        limit = self.cfg.get("rl_max")
        if limit:
            if len(self.starts) >= limit:
                ends = self.starts[0] + self.cfg["rl_ms"]
                return [Within(ends - self.now - SLACK, ends - self.now)]
            n = min(n, limit - len(self.starts))
        names = lists.split(",")
        suspects, alone = bool(self.lists["ps"]), False

        def one(task_id):
            task = self.tasks.get(task_id)
            if not task or task.state != "P":
                return
            if task.lost and not alone:
                self.lists["ps"].append(task_id)
                return
            if task.deadline and self.now >= task.deadline:
                self.of_script(task_id, "expired", "expired", "proved", "claim")
                return
            task.state, task.token = "R", token
            task.attempts += 1
            got.append(task_id)
            give(task_id)

        def one_suspect():
            nonlocal alone, n, suspects
            alone = True
            while not got and self.lists["ps"]:
                one(self.lists["ps"].pop(0))
            alone = False
            if got:
                n, suspects = 0, False

        if suspects and not hold:
            if self.reserved == worker:
                self.reserved = None
        elif suspects and self.reserved in (None, worker):
            self.reserved = None if idle else worker
            if idle:
                one_suspect()
            else:
                n, out[0] = 0, -3
        for name in names:
            if name == "ps":
                if idle and suspects and not got:
                    one_suspect()
                continue
            while len(got) < n and self.lists[name]:
                room = n - len(got)
                taken, self.lists[name] = self.lists[name][:room], self.lists[name][room:]
                for task_id in taken:
                    one(task_id)
        if out[0] == 0 and suspects:
            out[0] = -2
        if limit:
            self.starts += [self.now] * len(got)
        if (got or out[0] == -3) and self.bell == 0 and any(self.lists[n] for n in names):
            self.ring()
        return out

    def heartbeat(self, worker, lease, _info, *pairs):
        self.workers[worker] = self.now + lease
        out = [ANY]
        for task_id, token in zip(pairs[::2], pairs[1::2]):
            task = self.tasks.get(task_id)
            if task and task.running(token):
                self.leases[task_id] = self.now + lease
                if task.cancel:
                    out += [task_id, token, "C:" + task.cancel]
            else:
                out += [task_id, token, "L"]
        return out

    def finish(self, task_id, token, mode, report, delay, brief, why, signature, message):
        task = self.tasks.get(task_id)
        if not task:
            return 2 if task_id in self.results else 3
        if not task.running(token):
            if task.given_back == token:
                return 4
            if mode != "L":
                task.history.append((brief, True))
            return 0
        del self.leases[task_id]
        if mode in "LS" and task.cancel:
            word = "expired" if task.cancel == "deadline" else "cancelled"
            self.of_script(task_id, word, word, "proved", "finish", task.worker())
            return 1
        tries_left = mode == "M" or (mode == "T" and task.failed + 1 < task.max_fail)
        if tries_left and not task.cancel and not (
                task.deadline and self.now + delay >= task.deadline):
            task.state, task.token, task.given_back = "D", "", token
            if mode == "M":
                task.message = message
            else:
                task.failed += 1
            task.history.append((brief, False))
            self.delayed[task_id] = self.now + delay
            return 4
        if not task.cancel and (mode == "L" or (mode == "S" and task.max_lost > 0)):
            task.state, task.token, task.given_back = "P", "", token
            task.attempts -= 1
            self.lists[task.lane()].insert(0, task_id)
            if self.bell == 0:
                self.ring()
            return 4
        if mode == "B" or signature:
            self.bury(task_id, signature or "\tnot_started\t", why, mode == "B")
        self.resolve(task_id, report)
        return 1

    def dead_list(self, left, at_most):
        """Pages from the newest down; what is left to see is counted from the oldest."""
        names = sorted(self.died, key=lambda name: (self.died[name], name))
        left = len(names) if left == "" else min(left, len(names))
        start = max(0, left - min(at_most, DEAD_PAGE))
        out = [Within(self.now, self.now + SLACK), start]
        for name in reversed(names[start:left]):
            dead = self.dead[name]
            out += [name, str(self.died[name]), dead.signature, dead.why,
                    int(dead.unreadable), len(dead.task.message), "0",
                    str(dead.task.attempts)]
        return out

    def dead_look(self, task_id):
        dead = self.dead.get(task_id)
        if not dead:
            return []
        return [str(self.died[task_id]), dead.signature, dead.why, int(dead.unreadable),
                len(dead.task.message), "0", str(dead.task.attempts), ANY,
                dead.task.message[:256] if dead.unreadable else ""]

    def message(self, task_id):
        live, dead = self.tasks.get(task_id), self.dead.get(task_id)
        task = live or (dead and dead.task)
        if not task:
            return []
        return ["live" if live else "dead", task.policy(), task.message, "0"]

    def dead_retry(self, task_id, died):
        live, dead = task_id in self.tasks, self.dead.get(task_id)
        if not dead or self.died[task_id] != died:
            return [1 if live else 0]
        if live:
            return [2]
        if dead.unreadable:
            return [3]
        if task_id in self.results and self.results[task_id] is not dead.result:
            return [6]
        old = dead.task
        if old.unique:
            holder = self.unique.get(old.unique)
            if holder in self.tasks:
                return [5, holder]
            self.unique[old.unique] = task_id
        self.results.pop(task_id, None)
        passed = old.deadline and old.deadline <= self.now
        self.tasks[task_id] = Task(old.message, "P", old.pri, old.max_fail, old.max_lost,
                                   old.ttl, 0 if passed else old.deadline, old.producer,
                                   old.unique)
        if old.deadline and not passed:
            self.deadlines[task_id] = old.deadline
        del self.dead[task_id], self.died[task_id]
        self.lists[f"p{old.pri}"].append(task_id)
        if self.bell == 0:
            self.ring()
        return [1]

    def dead_remove(self, task_id, died):
        if self.died.get(task_id) != died:
            return 0
        del self.dead[task_id], self.died[task_id]
        return 1

    def tick(self, at_most, lock, gap, grace):
        if lock:
            if self.locked:
                return [0, 0, 0, -1]
            self.locked = True
        if self.gap and gap:
            self.grace = True
        self.gap, self.ticked = False, True
        promoted = recovered = expired = suspects = 0
        for task_id in self.due(self.delayed, at_most):
            del self.delayed[task_id]
            task = self.tasks[task_id]
            task.state = "P"
            self.lists[task.lane()].append(task_id)
            promoted += 1
        for task_id in [] if self.grace else self.due(self.leases, at_most):
            del self.leases[task_id]
            recovered += 1
            suspects += self.recover(task_id)
        for task_id in self.due(self.deadlines, at_most):
            del self.deadlines[task_id]
            self.expire(task_id)
            expired += 1
        for name in LISTS:
            for _ in range(at_most):
                if self.lists[name] and self.lists[name][0] not in self.tasks:
                    self.lists[name].pop(0)
        self.trim(at_most)
        self.bell = max(self.bell, min(promoted + suspects, 64))
        return [promoted, recovered, expired, ANY if self.delayed else -1]

    def recover(self, task_id):
        task = self.tasks[task_id]
        worker = task.worker()
        if task.cancel and task.cancel != "deadline":
            self.of_script(task_id, "cancelled", "cancelled", "proved", "lease", worker)
        elif task.deadline and self.now >= task.deadline:
            self.of_script(task_id, "expired", "expired", "proved", "lease", worker)
        elif task.lost + 1 > task.max_lost:
            self.of_script(task_id, "lost", "worker_lost", "unknown", "lease", worker)
        else:
            task.history.append(({"a": task.attempts, "w": worker, "vd": "worker_lost"}, False))
            task.lost += 1
            task.state, task.token = "P", ""
            self.lists["ps"].append(task_id)
            return 1
        return 0

    def expire(self, task_id):
        task = self.tasks[task_id]
        if task.state == "R":
            task.cancel = task.cancel or "deadline"
            self.hint(task.worker(), task_id)
            return
        if task.state == "D":
            del self.delayed[task_id]
        else:
            self.unlist(task_id, task)
        self.of_script(task_id, "expired", "expired", "proved", "tick")
