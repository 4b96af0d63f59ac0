"""Random producers, workers, time and accidents. What each means is naive.py's."""

import msgpack

from naive import LISTS, Model
from server import BASE

FAR = 100_000_000   # ms: later than any run ends
IDS = [f"id-{i}" for i in range(10)]
WORKERS = ["w1", "w2", "w3.x"]
PRODUCERS = ["p1", "p2", "p.3"]
ORDERS = ["p0,ps,p1,p2"] * 3 + ["ps", "p2,p1,p0", "p0,p1,p2"]
NO_NUMBERS = ["", "-1", "0", "nan", "inf", "1e1", "9" * 40, "2.5", "0x4", b"\xff\x00"]


class World:
    def __init__(self, server, rng):
        self.server, self.db, self.rng = server, server.db, rng
        self.model = Model()
        self.seq = dict.fromkeys(WORKERS, 0)
        self.held = []      # (id, token) of every claim that was ever answered
        self.sent = []      # requests, any of which may arrive once more
        self.serial = 0
        self.exact = True   # False: keys were overwritten, the model does not say with what
        self.reply = None

    def pick(self, *choices):
        return self.rng.choice(choices)

    def chance(self, one_in):
        return self.rng.randrange(one_in) == 0

    # ---- requests ---------------------------------------------------------------

    def call(self, name, *args):
        """The answer, and what the model says it has to be."""
        self.sent = self.sent[-30:] + [(name, args)]
        found = self.server.call(name, args)
        expected = getattr(self.model, name)(*args) if self.exact else None
        return found, expected

    def again(self):
        """A request whose answer was lost, at once or very late."""
        if self.sent:
            name, args = self.rng.choice(self.sent)
            return self.call(name, *args)
        return None

    def submit(self):
        rng = self.rng
        self.serial += 1
        task_id = rng.choice(IDS)
        message = {"v": 1, "id": task_id, "h": "echo", "p": b"\xff" * rng.randrange(300),
                   "t": 1000 + self.serial, "ma": rng.randrange(1, 4)}
        if self.chance(2):
            message["g"] = "tag"
        return self.call(
            "submit", task_id, msgpack.packb(message), self.pick(0, 0, 0, FAR),
            self.pick(0, 0, 0, 3, 6, -1), rng.randrange(3), rng.randrange(1, 4), rng.randrange(3),
            self.pick(20_000_000, 90_000_000), self.pick(0, 0, FAR, 50_000_000),
            self.pick("", *PRODUCERS), self.pick("", "", "u1", "u.2"))

    def attach(self):
        return self.call("attach", self.pick(*IDS), self.pick("", *PRODUCERS))

    def cancel(self):
        task_id = self.pick(*IDS)
        if self.held and self.chance(2):
            task_id = self.rng.choice(self.held[-4:])[0]
        return self.call("cancel", task_id, self.pick("user", "other why"),
                         self.pick(0, 1, 1))

    def look(self):
        return self.call("look", self.pick(*IDS))

    def peek(self):
        return self.call("peek", *self.rng.sample(IDS, self.rng.randrange(1, 5)))

    def queue(self):
        return self.call("queue")

    def claim(self):
        worker = self.pick(*WORKERS)
        self.seq[worker] += 1
        token = f"{worker}.{self.seq[worker]}"
        found, expected = self.call("claim", worker, token, self.pick(1, 1, 2, 5), FAR,
                                    self.pick(*ORDERS), self.pick(0, 1, 1),
                                    self.pick(0, 0, FAR))
        # Mostly the worker learns what it got. If not, it knows when it asks again.
        if not self.chance(4):
            self.held += [(task_id, token) for task_id in found[1::5]]
        return found, expected

    def of_the_dead(self):
        """One of them and when it died, as a list that is a little old may say."""
        task_id = self.pick(*(sorted(self.model.died) or IDS))
        return task_id, self.model.died.get(task_id, 0) - self.pick(0, 0, 0, 1)

    def dead_list(self):
        return self.call("dead_list", self.pick("", "", 0, 1, 3, 99), self.pick(1, 2, 5, 500))

    def dead_look(self):
        return self.call("dead_look", self.of_the_dead()[0])

    def message(self):
        task_id = self.pick(*IDS)
        return self.call("message", self.pick(task_id, self.of_the_dead()[0]))

    def dead_retry(self):
        return self.call("dead_retry", *self.of_the_dead())

    def dead_remove(self):
        return self.call("dead_remove", *self.of_the_dead())

    def heartbeat(self):
        worker = self.pick(*WORKERS)
        mine = [pair for pair in self.held[-20:] if pair[1].startswith(worker + ".")]
        return self.call("heartbeat", worker, FAR, "info",
                         *[one for pair in mine for one in pair])

    def finish(self):
        if not self.held:
            return None
        index = self.rng.randrange(max(0, len(self.held) - 12), len(self.held))
        task_id, token = self.held[index] if self.chance(4) else self.held.pop(index)
        self.serial += 1
        report = msgpack.packb({"v": 1, "id": task_id, "o": "failed", "mark": self.serial})
        brief = msgpack.packb({"v": 1, "a": 1, "mark": self.serial})
        mode = self.pick("F", "F", "T", "T", "T", "L", "S", "B", "M")
        return self.call("finish", task_id, token, mode, report,
                         self.pick(0, FAR, 70_000_000), brief, "why" if mode == "B" else "",
                         self.pick("", "echo\terror\t"),
                         msgpack.packb({"v": 1, "id": task_id, "h": "echo", "t": 7,
                                        "ma": 2}) if mode == "M" else "")

    def tick(self):
        return self.call("tick", self.pick(100, 100, 2, 1), self.pick(0, 0, 0, FAR),
                         1_000_000_000, FAR)

    # ---- time -------------------------------------------------------------------

    def age(self, key, scores):
        """The time of one member has come."""
        if scores:
            member = self.rng.choice(sorted(scores))
            self.db.zadd(BASE + key, {member: 1}, xx=True)
            scores[member] = 1
            return member
        return None

    def lease_ends(self):
        self.age("l", self.model.leases)

    def delay_ends(self):
        self.age("d", self.model.delayed)

    def deadline_passes(self):
        member = self.age("x", self.model.deadlines)
        if member:
            task = self.model.tasks[member]
            fields = self.db.hget(BASE + "t:" + member, "o").decode().split(",")
            fields[4] = "1"
            self.db.hset(BASE + "t:" + member, "o", ",".join(fields))
            task.deadline = 1

    def result_expires(self):
        task_id = self.pick(*IDS)
        self.db.delete(BASE + "r:" + task_id)
        self.model.results.pop(task_id, None)

    def lock_ends(self):
        self.db.delete(BASE + "tk")
        self.model.locked = False

    def reservation_ends(self):
        self.db.delete(BASE + "qr")
        self.model.reserved = None

    def nobody_ticks(self):
        if self.model.ticked:
            self.db.hset(BASE + "tt", "last", 1)
            self.model.gap = True

    def grace_ends(self):
        if self.model.ticked:
            self.db.hset(BASE + "tt", "grace", 0)
            self.model.grace = False

    def rate_period_ends(self):
        """Of the oldest starts; or the clock was set back, and they are yet to come."""
        starts = self.model.starts
        over = self.rng.randrange(len(starts) + 1)
        first = self.db.llen(BASE + "rl") - len(starts)
        for i in range(first, first + over):
            self.db.lset(BASE + "rl", i, self.pick(1, 1, self.model.now + 2 * FAR))
        del starts[:over]

    def hints_are_read(self):
        worker, producer = self.pick(*WORKERS), self.pick(*PRODUCERS)
        self.db.delete(BASE + "k:" + worker, BASE + "n:" + producer, BASE + "w")
        self.model.hints.pop(worker, None)
        self.model.told.pop(producer, None)
        self.model.bell = 0

    def old_entry(self):
        """A tombstone: what unlist leaves of an ended task in a long list."""
        task_id, name = self.pick(*IDS), self.pick(*LISTS)
        if task_id not in self.model.tasks:
            self.db.rpush(BASE + name, task_id)
            self.model.lists[name].append(task_id)

    # ---- others -----------------------------------------------------------------

    def producer_lives(self):
        producer = self.pick(*PRODUCERS)
        if self.chance(3):
            self.db.delete(BASE + "a:" + producer)
            self.model.alive.discard(producer)
        else:
            self.db.set(BASE + "a:" + producer, 1, px=FAR)
            self.model.alive.add(producer)

    def operator(self):
        """One part of the policy is set, others are taken back."""
        cleared = ["paused", "", "draining", "", "max_len", "", "rl_max", "", "rl_ms", ""]
        starts = len(self.model.starts)
        if starts and self.chance(3):
            return self.call("configure", "rl_max", self.rng.randrange(starts) + 1,
                             "rl_ms", FAR)
        if self.chance(2):
            return self.call("configure", *cleared)
        return self.call("configure", *self.pick(
            ("paused", 1), ("draining", 1), ("max_len", self.rng.randrange(1, 8)),
            (*cleared[:4], "rl_max", self.rng.randrange(1, 6), "rl_ms",
             self.pick(FAR, 50_000_000)),
            ("paused", ""), ("draining", "", "max_len", "")))

    def dead_limit(self):
        """By hand: no script sets it."""
        if self.chance(3):
            self.db.hdel(BASE + "cfg", "dead_max")
            self.model.cfg.pop("dead_max", None)
        else:
            self.model.cfg["dead_max"] = self.rng.randrange(4, 8)
            self.db.hset(BASE + "cfg", "dead_max", self.model.cfg["dead_max"])

    def no_number(self):
        """By hand, in one field of the policy: it is none."""
        field = self.pick("max_len", "rl_max")
        self.db.hset(BASE + "cfg", field, self.pick(*NO_NUMBERS))
        self.model.cfg.pop(field, None)

    # ---- accidents --------------------------------------------------------------

    def scripts_are_flushed(self):
        self.db.script_flush()

    def flush(self):
        self.db.flushall()
        self.model = Model()
        self.exact = True

    def overwrite(self):
        """Somebody else's key where one of ours was, until the next flush."""
        self.exact = False
        keys = ["p0", "p1", "p2", "ps", "l", "d", "x", "w", "ws", "cfg", "rl", "tk", "tt",
                "qr", "dz", "dead", "u:u1", "lc:w1", "k:w1", "n:p1", "a:p1", "r:id-3"]
        keys += ["t:" + task_id for task_id in IDS]
        if self.held and self.chance(2):
            keys = ["t:" + self.rng.choice(self.held[-6:])[0]]
        key = BASE + self.pick(*keys)
        self.db.delete(key)
        self.rng.choice((lambda: self.db.set(key, "not ours"),
                         lambda: self.db.rpush(key, "not ours", b"\xff\x00"),
                         lambda: self.db.hset(key, "not", "ours"),
                         lambda: self.db.zadd(key, {"not ours": 1}),
                         lambda: self.db.sadd(key, "not ours")))()

    def foreign_policy(self):
        """By hand, and not a number, or none that means anything."""
        if self.db.type(BASE + "cfg") in (b"none", b"hash"):
            self.db.hset(BASE + "cfg", self.pick("max_len", "rl_max", "rl_ms", "dead_max",
                                                 "dead_ms", "dead_bytes"),
                         self.pick("3", *NO_NUMBERS))

    def foreign_entry(self):
        key = BASE + self.pick("p0", "p1", "ps")
        if self.db.type(key) in (b"none", b"list"):
            self.db.rpush(key, self.pick(b"\xff\xfe", "", "x" * 100, "id-5", "has space"))


REQUESTS = [("submit", 20), ("claim", 20), ("finish", 18), ("again", 14), ("tick", 10),
            ("heartbeat", 4), ("cancel", 5), ("dead_retry", 3), ("dead_remove", 1),
            ("dead_list", 1), ("dead_look", 1), ("message", 3), ("attach", 2), ("peek", 1),
            ("look", 1), ("queue", 1)]
TIMES = [("lease_ends", 6), ("delay_ends", 6), ("deadline_passes", 4), ("result_expires", 6),
         ("lock_ends", 3), ("nobody_ticks", 1), ("grace_ends", 2), ("rate_period_ends", 5),
         ("hints_are_read", 3), ("old_entry", 2), ("reservation_ends", 1), ("no_number", 1),
         ("dead_limit", 1)]
WHILE_DAMAGED = [("heartbeat", 20), ("tick", 10)]
OTHERS = [("producer_lives", 2), ("operator", 5), ("scripts_are_flushed", 1)]
