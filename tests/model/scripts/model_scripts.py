"""The Lua scripts, as compiled in, on a real Redis: random steps against naive.py.

model_scripts.py LUA_TEXT_C [STEPS]; REAPQ_SEED, REAPQ_STEPS and REAPQ_MUTANT (its name;
'none': leave them out) say more. Every step is a script or something that happens; after
each, all of Redis is compared. Requests are sent again at once or much later. Then
mistakes are put into the scripts, one at a time, and each has to be noticed.
"""

import collections
import os
import random
import sys
import time

import redis

import actions
import checks
from mutants import MUTANTS, mutate
from server import BASE, Server, read_scripts


def choose(world, done):
    rng = world.rng
    if rng.randrange(1500) == 0:
        name = "flush"
    elif rng.randrange(800) == 0 or (not world.exact and rng.randrange(30) == 0):
        name = "overwrite"
    elif not world.exact and rng.randrange(60) == 0:
        name = "flush"
    elif not world.exact and rng.randrange(10) == 0:
        name = rng.choice(("foreign_entry", "foreign_policy"))
    else:
        names = actions.REQUESTS + actions.OTHERS
        names += actions.TIMES if world.exact else actions.WHILE_DAMAGED
        name = rng.choices([n for n, _ in names], [w for _, w in names])[0]
    done[name] += 1
    return name


REFUSES = ("submit", "attach", "cancel", "finish", "look", "dead_retry", "dead_list",
           "dead_look")


def unchanged(dump, last):
    """But for times to live, and for what has reached the end of its own: a `dead_ms` that
    somebody has set to next to nothing."""
    over = {k for k, v in last.items() if k.startswith("dead:") and k not in dump}
    return ({k: (v[0], v[2]) for k, v in dump.items()} ==
            {k: (v[0], v[2]) for k, v in last.items() if k not in over})


def short(value):
    if isinstance(value, (list, tuple)):
        return "(" + " ".join(short(one) for one in value) + ")"
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    return str(value) or "''"


def run(server, seed, steps, done):
    """None, or what went wrong and at which step."""
    world = actions.World(server, random.Random(seed))
    server.db.flushall()
    server.db.script_flush()
    trail = collections.deque(maxlen=12)
    before, last = server.dump()
    for step in range(steps):
        world.model.now = before
        world.model.fresh.clear()
        name, answer = choose(world, done), None
        try:
            answer = getattr(world, name)()
            trail.append((name, short(world.sent[-1]) if answer else "",
                          short(answer[0]) if answer else ""))
            after, dump = server.dump()
            view = checks.View(dump)
            if not world.exact:
                checks.damaged(view)
            else:
                if answer:
                    checks.answer(answer[0], answer[1], name)
                checks.invariants(view)
                checks.same(view, world.model, after - before)
            before, last = after, dump
        except redis.exceptions.ResponseError as wrong:
            trail.append((name, short(world.sent[-1]), str(wrong)))
            # With a foreign key in the task's own place a script may refuse, whole.
            before, dump = server.dump()
            script = world.sent[-1][0] if name == "again" else name
            if world.exact or script not in REFUSES or not unchanged(dump, last):
                return f"step {step}, {name}: {wrong}", trail
            continue
        except (checks.Wrong, KeyError, ValueError, AssertionError) as wrong:
            return f"step {step}, {name}: {type(wrong).__name__} {wrong}", trail
    return None, trail


def overwritten(server):
    """One record that somebody overwrote, and then all leases: the rest is renewed."""
    world = actions.World(server, random.Random(0))
    server.db.flushall()
    for task_id in ("a", "b"):
        world.call("submit", task_id, b"\x80", 0, 0, 1, 1, 1, 60000, 0, "", "")
    world.call("claim", "w", "w.1", 2, actions.FAR, "p1", 1, 0)
    server.db.delete(BASE + "l")
    server.db.set(BASE + "t:a", "not ours")
    found = server.call("heartbeat", ["w", actions.FAR, "info", "a", "w.1", "b", "w.1"])
    leased = checks.View(server.dump()[1]).scores("l")
    if found[1:] != ["a", "w.1", "L"] or set(leased) != {"b"}:
        return f"answered {found}, and leased are {leased}"
    return None


def no_policy(server):
    """One field among others that is none: refused whole."""
    server.db.flushall()
    for bad in (("rl_max", "-1"), ("max_len", "1.5"), ("paused", "yes"), ("w", "1"),
                ("rl_ms", "9" * 16), ("max_len",)):
        try:
            return f"{bad}: answered {server.call('configure', ['draining', '1', *bad])}"
        except redis.exceptions.ResponseError:
            pass
        if server.dump()[1]:
            return f"{bad}: refused, and yet something has changed"
    return None


def main():
    texts = read_scripts(sys.argv[1])
    steps = int(sys.argv[2] if len(sys.argv) > 2 else os.environ.get("REAPQ_STEPS", "6000"))
    seed = int(os.environ.get("REAPQ_SEED") or time.time_ns() % 2**32)
    only = os.environ.get("REAPQ_MUTANT")
    failed = 0
    print("seed", seed, flush=True)
    server = Server()
    try:
        server.load(texts)
        wrong = overwritten(server)
        failed += wrong is not None
        print("a record and the leases overwritten:", wrong or "the rest was renewed")
        wrong = no_policy(server)
        failed += wrong is not None
        print("a policy that is none:", wrong or "refused whole")
        done = collections.Counter()
        start = time.monotonic()
        wrong, trail = run(server, seed, steps, done)
        print(f"{steps} steps, {time.monotonic() - start:.1f} s:", wrong or "all held")
        print("  " + ", ".join(f"{n} {name}" for name, n in done.most_common()))
        if wrong:
            failed += 1
            print("run again with REAPQ_SEED=%d; the last steps:" % seed)
            for one in trail:
                print("   ", *one)
        for mutant in [] if wrong else MUTANTS:
            if only and only != mutant[0]:
                continue
            server.load(mutate(texts, *mutant[1:]))
            wrong = no_policy(server)
            # The same seeds always: whether a mistake is noticed is no matter of luck.
            for mutant_seed in range(12):
                wrong = wrong or run(server, mutant_seed, 2000, collections.Counter())[0]
            failed += not wrong
            print(f"broken: {mutant[0]:50} {wrong[:100] if wrong else 'NOT NOTICED'}",
                  flush=True)
    finally:
        server.stop()
    print(failed, "failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
