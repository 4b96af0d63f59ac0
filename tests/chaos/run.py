#!/usr/bin/python3
"""The chaos run: a fleet in namespaces, faults at random from a seed, and then the check.

    run.py --bin DIR --tests DIR [--seconds 600] [--loss-seconds 120] [--seed N] ...

Two phases. In the first nothing that Redis has answered may be lost, and the check is
strict. In the second Redis also loses data; then tasks may vanish or run again, but every
wait still ends once. Exit status: 0 all held, 1 something did not, 77 no namespaces here.
"""

import argparse
import collections
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback

import msgpack
import redis as redispy

import faults
import world as world_
from history import Checker, story
from mix import Mix
from producer import Crew, MapProducer, SubmitProducer
from records import History, Mark
from redis_node import RedisPair
from worker_node import WorkerNode

BASE = "reapq:{chaos}:"
SKIP = 77


class Run:
    def __init__(self, options):
        self.o = options
        self.dir = options.dir or tempfile.mkdtemp(prefix="reapq-chaos-")
        os.makedirs(self.dir, exist_ok=True)
        self.history = History()
        self.lease = options.lease
        self.mix = Mix(options.batch)
        self.chaos_command = os.path.join(options.tests, "chaos_command")
        self.marks_path = os.path.join(self.dir, "marks")
        open(self.marks_path, "w").close()
        self.lossy = False
        self.calm = threading.Event()   # no new faults
        self.enough = threading.Event()  # no new tasks
        self.lock = threading.Lock()
        self.oddities = []
        self.kinds = set()     # of faults that there could have been
        self.orphan_tags = {}  # tag -> when its producer died
        self.waiting = []      # threads that wait for orphans
        self.adopted = set()
        self.started_ids = set()
        self.marks_at = 0

    # ---- what producers and injectors ask of a run -----------------------------------

    def guard(self, work):
        """A thread that fails must not fail unseen."""
        try:
            work()
        except Exception:  # pylint: disable=broad-except
            self.strange("the harness: " + traceback.format_exc())
            self.enough.set()

    def strange(self, text):
        with self.lock:
            self.oddities.append(text)

    def more(self):
        return not self.enough.is_set()

    def add_tasks(self, tasks):
        with self.lock:
            self.history.tasks.update({t.key: t for t in tasks})

    def joined(self, task):
        """It has become another: nobody waits for it by its own name."""
        with self.lock:
            self.history.tasks.pop(task.key, None)

    def orphaned(self, tag):
        with self.lock:
            self.orphan_tags[tag] = time.time()

    def happened(self, fault):
        with self.lock:
            self.history.faults.append(fault)

    def victims_of_net(self):
        return [w.node for w in self.workers] + self.producer_nodes

    def wait_for_mark(self, key):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            self.read_started()
            if key in self.started_ids:
                return
            time.sleep(0.05)

    def read_started(self):
        with self.lock, open(self.marks_path, "rb") as f:
            f.seek(self.marks_at)
            data = f.read()
            data = data[:data.rfind(b"\n") + 1]
            self.marks_at += len(data)
            self.started_ids.update(line.split()[1].decode()
                                    for line in data.splitlines() if line[:1] == b"S")

    # ---- the fleet ---------------------------------------------------------------------

    def build(self):
        self.world = world_.World()
        self.redis = RedisPair(self.world, os.path.join(self.dir, "redis"))
        env = {k: v for k, v in os.environ.items() if not k.startswith("REAPQ_")}
        env["CHAOS_MARKS"] = self.marks_path
        self.workers = []
        rng = random.Random(f"{self.o.seed}-fleet")
        for i in range(self.o.workers):
            argv = [os.path.join(self.o.bin, "reapq-worker"), "--redis", self.redis.url,
                    "--queue", "chaos", "--allow-exec", "--lease", f"{self.lease}s",
                    "--grace", "2s", "--kill-grace", "300ms",
                    "--concurrency", str(rng.randint(2, 4)), "--module",
                    os.path.join(self.o.tests, "modules", "chaos.so")]
            if i % 3 == 2:
                argv += ["--isolation", "D"]  # without cgroups
            if self.o.verbose:
                argv += ["--log-level", "debug"]
            self.workers.append(WorkerNode(self.world.node(f"w{i + 1}"), argv, env,
                                           os.path.join(self.dir, "workers")))
        for worker in self.workers:
            worker.start()
        for worker in self.workers:
            worker.wait_ready()
        self.producer_nodes = [self.world.node("a1"), self.world.node("a2")]
        self.crew = Crew(os.path.join(self.o.bin, "reapq"),
                         {**env, "REAPQ_REDIS": self.redis.url, "REAPQ_QUEUE": "chaos"},
                         self.producer_nodes, os.path.join(self.dir, "producers"))

    def phase(self, name, seconds, lossy):
        print(f"== {name}: {seconds} s", flush=True)
        self.lossy = self.crew.lossy = lossy
        self.calm.clear()
        self.enough.clear()
        a, b = self.producer_nodes
        producers = [MapProducer(self, f"{name}{i}", self.o.seed, (a, b)[i % 2])
                     for i in range(self.o.maps)]
        producers += [SubmitProducer(self, f"{name}s{i}", self.o.seed,
                                     ((a, b), (b, a))[i % 2]) for i in range(self.o.singles)]
        injectors = [kind(self, self.o.seed, self.o.gap) for kind in
                     (faults.RedisFaults, faults.WorkerFaults, faults.NetFaults,
                      faults.ProducerFaults)] if not self.o.no_faults else []
        for injector in injectors:
            self.kinds |= {kind.removesuffix(", again") for kind in injector.kinds()}
        for thread in producers + injectors:
            thread.daemon = True
            thread.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.more():
            self.enough.wait(min(5, max(0.1, end - time.monotonic())))
            self.adopt()
            if time.monotonic() < end:
                print(f"   {int(end - time.monotonic())} s left, "
                      f"{len(self.history.tasks)} tasks, {len(self.history.faults)} faults",
                      flush=True)
        self.settle(name, producers, injectors)

    def settle(self, name, producers, injectors):
        """Heals all and waits, within a bound, until everything has ended."""
        began = time.monotonic()
        print("   healing", flush=True)
        self.calm.set()
        self.enough.set()
        for injector in injectors:
            injector.join()
        self.world.heal()
        bound = time.monotonic() + self.o.bound
        left = lambda: max(0.1, bound - time.monotonic())
        for producer in producers:
            producer.join(left())
        time.sleep(self.lease + 1)  # what a dead producer's kernel still sends
        self.adopt(force=True)
        for waiter in self.waiting:
            waiter.join(left())
        for thread in producers + self.waiting:
            if thread.is_alive():
                self.strange(f"{thread.name} does not end within {self.o.bound} s "
                             "after all was healed")
        for command in self.crew.fault_targets():
            self.strange(f"still there: {command.args} since {command.began:.3f}\n"
                         f"{command.errors()[-500:]}")
            command.killed = True
            command.popen.kill()
        self.waiting = []
        while time.monotonic() < bound and self.in_flight():
            time.sleep(0.2)
        print(f"   all had ended {time.monotonic() - began:.1f} s later", flush=True)
        self.history.left += [f"in phase {name}: {text}"
                              for text in self.in_flight() + self.for_ever()]

    def in_flight(self):
        """What Redis still holds that is no result."""
        client = self.redis.client()
        found = []
        for key, count in (("p0", "llen"), ("p1", "llen"), ("p2", "llen"), ("ps", "llen"),
                           ("l", "zcard"), ("d", "zcard"), ("x", "zcard")):
            n = getattr(client, count)(BASE + key)
            if n:
                found.append(f"{BASE}{key} has {n} entries")
        for key in client.scan_iter(BASE + "[tu]:*", 1000):
            found.append(f"{key.decode()} is there: {client.type(key)}")
        return found[:20]

    def for_ever(self):
        """Keys of one task, worker or producer that would stay."""
        client = self.redis.client()
        found = []
        for pattern in ("r:*", "n:*", "k:*", "a:*", "lc:*", "wi:*"):
            keys = list(client.scan_iter(BASE + pattern, 2000))
            pipe = client.pipeline(transaction=False)
            for key in keys:
                pipe.ttl(key)
            found += [f"{key.decode()} has no end" for key, ttl in zip(keys, pipe.execute())
                      if ttl == -1]
        return found[:20]

    # ---- tasks whose producer is dead ----------------------------------------------------

    def adopt(self, force=False):
        """Finds tasks of dead producers in Redis and gives them waiters. Again for a while:
        what a dead process had sent may still arrive."""
        young = {t for t, at in self.orphan_tags.items() if force or time.time() - at < 60}
        if not young:
            return
        try:
            found = self.orphans(young)
        except redispy.exceptions.RedisError:
            return  # down just now; the next look will do
        told = {r.id for w in self.crew.waiters for r in w.reports}
        found = [i for i in dict.fromkeys(found) if i not in self.adopted and i not in told]
        self.adopted.update(found)
        for at in range(0, len(found), 200):
            ids = found[at:at + 200]
            for i, node in enumerate(self.producer_nodes):
                thread = threading.Thread(
                    target=self.guard, name=f"orphans {at} {i}", daemon=True,
                    args=(lambda n=node, ids=ids, i=i: self.crew.wait_for(
                        n, f"orphans-{i}", ids),))
                thread.start()
                self.waiting.append(thread)

    def orphans(self, tags):
        client = self.redis.client()
        found = []
        for pattern, command in (("t:*", "hget"), ("r:*", "lindex")):
            keys = list(client.scan_iter(BASE + pattern, 2000))
            for at in range(0, len(keys), 1000):
                pipe = client.pipeline(transaction=False)
                part = keys[at:at + 1000]
                for key in part:
                    getattr(pipe, command)(key, "m" if command == "hget" else 0)
                for key, value in zip(part, pipe.execute()):
                    if value and self.tag_of(value) in tags:
                        found.append(key.decode()[len(BASE) + 2:])
        return found

    @staticmethod
    def tag_of(value):
        try:
            message = msgpack.Unpacker(strict_map_key=False)
            message.feed(value)  # behind a report there are earlier attempts
            return message.unpack().get("g")
        except Exception:  # pylint: disable=broad-except
            return None

    # ---- the end -----------------------------------------------------------------------------

    def stop_fleet(self):
        """The clean end of every worker, and then nobody may be there."""
        for worker in self.workers:
            if not worker.alive():
                self.strange(f"worker {worker.life.as_dict()} ended by itself")
                continue
            _, children = worker.children()
            if len(children) > 4:  # as many as slots, and these wait
                self.history.left.append(f"on {worker.node.name}: an idle worker has "
                                         f"{len(children)} children")
            status = worker.drain(60)
            if status != 0:
                self.history.left.append(f"worker {worker.life.as_dict()}: status {status} "
                                         "after SIGTERM")
        for worker in self.workers:
            for pid in self.settle_pids(worker.node):
                self.history.left.append(f"on {worker.node.name}: process {pid} "
                                         f"({self.describe(pid)})")
        for node in self.producer_nodes:
            for pid in self.settle_pids(node):
                self.history.left.append(f"on {node.name}: {pid} ({self.describe(pid)})")
        ids = [life.id for w in self.workers for life in w.lives if life.id]
        for where, dirs, _ in os.walk("/sys/fs/cgroup"):
            for name in list(dirs):
                if name.startswith("reapq.") and any(name == "reapq." + i for i in ids):
                    self.history.left.append(f"cgroup {os.path.join(where, name)}")

    @staticmethod
    def settle_pids(node):
        """Those that are still there when the dying have had time to die."""
        end = time.monotonic() + 10
        while node.processes() and time.monotonic() < end:
            time.sleep(0.05)
        return node.processes()

    @staticmethod
    def describe(pid):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                return f.read().replace(b"\0", b" ").decode("latin-1").strip()
        except OSError:
            return "gone"

    def gather(self):
        self.history.waiters = self.crew.waiters
        self.history.lives = []
        for worker in self.workers:
            for life in worker.lives:
                worker.learn_id(life)
                self.history.lives.append({**life.as_dict(),
                                           "drained": getattr(life, "drained", None)})
        with open(self.marks_path) as f:
            self.history.marks = [Mark.of(line) for line in f]
        self.history.losses = sum(f.kind in ("redis loses all", "flushall", "crash failover")
                                  for f in self.history.faults)

    def remove(self):
        for node in getattr(self, "workers", []):
            if node.lives and node.alive():
                node.send(signal.SIGCONT)
                node.send(signal.SIGKILL)
        if hasattr(self, "redis"):
            self.redis.stop()
        if hasattr(self, "world"):
            self.world.remove()


def judge(run):
    """Prints what was wrong, and the closing table. Whether all held."""
    checker = Checker(run.history)
    violations = checker.run()
    odd = run.oddities + run.crew.strange
    shown = collections.Counter()
    for v in violations:
        shown[v.rule] += 1
        if shown[v.rule] <= run.o.show:
            print(f"VIOLATION ({v.rule}) {v.id}: {v.text}   [seed {run.o.seed}]")
            if v.id:
                print(story(run.history, v.id))
    for text in odd[:20]:
        print(f"VIOLATION (strange) {text}   [seed {run.o.seed}]")
    table("faults", collections.Counter(f.kind for f in run.history.faults))
    finals = {r.id: r.verdict for w in run.history.waiters for r in w.reports}
    table("tasks by verdict", collections.Counter(finals.values()))
    table("checks", {k: f"{n}, {shown[k]} broken" for k, n in checker.looked.items()})
    lost = sum(a["verdict"] == "worker_lost" for told in checker.by_id.values()
               for a in told[0][1].attempts)
    late = sum(bool(a.get("superseded")) for told in checker.by_id.values()
               for a in told[0][1].attempts)
    print(f"tasks asked for {len(run.history.tasks)}, settled {len(finals)}, runs "
          f"{sum(m.what == 'S' for m in run.history.marks)}, attempts lost {lost}, "
          f"superseded {late}, waiters {len(run.history.waiters)} "
          f"(killed or gave up {sum(w.died for w in run.history.waiters)}, gave up "
          f"{len(run.crew.gave_up)}), workers' lives {len(run.history.lives)}, "
          f"data losses {run.history.losses}")
    for text in run.crew.gave_up[:5]:
        print(f"   gave up: {text}")
    good = not violations and not odd
    missing = run.kinds - {f.kind for f in run.history.faults}
    if len(finals) < run.o.min_tasks or len(run.history.faults) < run.o.min_faults or \
            (run.o.min_faults and missing):
        print(f"too little: {run.o.min_tasks} settled tasks and {run.o.min_faults} faults of "
              f"all kinds were asked for; missing: {sorted(missing)}")
        good = False
    print(f"chaos: seed {run.o.seed}: {'held' if good else 'FAILED'}: "
          f"{len(violations)} violations, {len(odd)} oddities")
    return good


def table(title, counts):
    print(f"-- {title}")
    for key in sorted(counts):
        print(f"   {key:24} {counts[key]}")


def options():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("--bin", required=True, help="where reapq and reapq-worker are")
    p.add_argument("--tests", required=True, help="where chaos_command and modules/ are")
    p.add_argument("--seconds", type=float, default=480)
    p.add_argument("--loss-seconds", type=float, default=120)
    p.add_argument("--seed", type=int, default=random.SystemRandom().randint(1, 10 ** 9))
    p.add_argument("--workers", type=int, default=4)
    p.add_argument("--lease", type=float, default=2)
    p.add_argument("--maps", type=int, default=4, help="map producers at a time")
    p.add_argument("--singles", type=int, default=2, help="submit producers at a time")
    p.add_argument("--batch", type=int, default=800)
    p.add_argument("--windows", type=int, nargs="+", default=(100, 300, 800))
    p.add_argument("--gap", type=float, nargs=2, default=(0.3, 2.5))
    p.add_argument("--bound", type=float, default=120,
                   help="seconds until everything has to have ended, once healed")
    p.add_argument("--min-tasks", type=int, default=0)
    p.add_argument("--min-faults", type=int, default=0)
    p.add_argument("--show", type=int, default=3, help="violations of a rule told in full")
    p.add_argument("--dir", help="keep everything here")
    p.add_argument("--no-faults", action="store_true")
    p.add_argument("--verbose", action="store_true", help="workers log all they do")
    return p.parse_args()


def main():
    o = options()
    why = world_.why_not()
    if why:
        print(f"chaos: skipped: {why}")
        return SKIP
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and clean up
    run = Run(o)
    print(f"chaos: seed {o.seed}, files in {run.dir}", flush=True)
    good = False
    try:
        run.build()
        run.phase("main", o.seconds, lossy=False)
        if o.loss_seconds:
            run.phase("loss", o.loss_seconds, lossy=True)
        run.stop_fleet()
        run.gather()
        good = judge(run)
    finally:
        run.remove()
        if good and not o.dir:
            shutil.rmtree(run.dir, ignore_errors=True)
        else:
            print(f"files are in {run.dir}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
