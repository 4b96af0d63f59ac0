"""Which tasks are asked for, and with which flags."""

from records import Task

TTL = ["--result-ttl", "240s"]


class Mix:
    def __init__(self, batch_size):
        self.batch_size = batch_size

    def batch(self, rng, name, lossy):
        """The flags of a `reapq map`, and its tasks."""
        kind = rng.choices(["plain", "retry", "once", "exec", "high", "low", "deadline",
                            "delay"], [10, 3, 3, 2, 1, 1, 1, 1])[0]
        flags, common = self.flags(rng, kind)
        tasks = [Task(key=f"{name}-{i}", lossy=lossy, **common, **self.action(rng, kind))
                 for i in range(self.batch_size)]
        return TTL + flags, tasks

    @staticmethod
    def flags(rng, kind):
        if kind == "retry":
            return ["--max-attempts", "3", "--retry-delay", "100ms"], {"max_attempts": 3}
        if kind == "once":
            return ["--once"], {"max_lost": 0}
        if kind in ("high", "low"):
            return ["--priority", kind], {}
        if kind == "deadline":
            s = rng.choice([4, 8])
            return ["--deadline", f"{s}s"], {"deadline_s": s}
        if kind == "delay":
            return ["--delay", "2s"], {"delay_s": 2}
        return [], {"command": kind == "exec"}

    @staticmethod
    def action(rng, kind):
        draw = rng.random()
        if kind == "retry" and draw < 0.3:
            return rng.choice([{"action": "until", "arg": 2}, {"action": "until", "arg": 3},
                               {"action": "fail"}, {"action": "exit", "arg": 3}])
        if kind == "once" and draw < 0.05:  # worth losing a worker under
            return {"action": "sleep", "arg": rng.choice([200, 500, 1500])}
        if draw < 0.85:
            return {"action": "echo"}
        if draw < 0.95:
            return {"action": "sleep", "arg": rng.randint(1, 40)}
        if draw < 0.96:
            return {"action": "sleep", "arg": rng.choice([300, 1000, 3000])}
        if draw < 0.967:
            return {"action": "segv"}
        if draw < 0.98:
            return {"action": "exit", "arg": 3}
        if draw < 0.99 and kind != "exec":
            return {"action": "fail"}
        if kind != "exec":
            return {"action": "big", "arg": rng.choice([5000, 70000, 400000])}
        return {"action": "echo"}

    @staticmethod
    def singles(rng, name, lossy):
        """Some tasks to be submitted one by one, each with its flags."""
        def task(i, **more):
            return Task(key=f"{name}-{i}", lossy=lossy, **more)
        unique = f"{name}-u"
        round_ = [
            (task(0), []),
            (task(1, max_lost=0, action="sleep", arg=rng.choice([5, 1500])), ["--once"]),
            (task(2, max_attempts=3, action="until", arg=3),
             ["--max-attempts", "3", "--retry-delay", "200ms"]),
            (task(3, max_attempts=3, action="segv"),
             ["--max-attempts", "3", "--retry-delay", "100ms"]),
            (task(4, cancel="queued", delay_s=20), ["--delay", "20s"]),
            (task(5, cancel="running", action="hang", time_limit_s=20),
             ["--time-limit", "20s"]),
            (task(6, action="hang", deadline_s=3, time_limit_s=20),
             ["--deadline", "3s", "--time-limit", "20s"]),
            (task(7, delay_s=1.5), ["--delay", "1500ms"]),
            (task(8, unique=unique, action="sleep", arg=200), ["--unique", unique]),
            (task(9, unique=unique, action="sleep", arg=200), ["--unique", unique]),
            (task(10, action="sleep", arg=rng.choice([2500, 4000])), ["--priority", "high"]),
            (task(11, max_lost=1, action="sleep", arg=2500), ["--max-lost", "1"]),
            (task(12, deadline_s=4, cancel="queued"), ["--deadline", "4s"]),
            (task(13, max_attempts=2, action="exit", arg=7, cancel="running"),
             ["--max-attempts", "2", "--retry-delay", "1s"]),
        ]
        rng.shuffle(round_)
        return [(t, TTL + flags) for t, flags in round_]
