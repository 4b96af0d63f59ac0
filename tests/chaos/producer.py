"""Producers: real reapq commands on nodes of their own, and what they were told.

A command's output goes to a file, so that what was told before it was killed is there.
A map producer that is killed leaves tasks that nobody waits for; waits that are killed
are begun again by the caller.
"""

import os
import random
import signal
import subprocess
import threading
import time

from records import Report, Waiter

GAVE_UP = 125


class Command:
    """One reapq process."""

    def __init__(self, crew, node, args, lines=None):
        self.crew, self.node, self.args = crew, node, [str(a) for a in args]
        self.base = os.path.join(crew.dir, f"{crew.number()}.{args[0]}")
        stdin = subprocess.DEVNULL
        if lines is not None:
            with open(self.base + ".in", "w") as f:
                f.writelines(line + "\n" for line in lines)
            stdin = open(self.base + ".in", "rb")
        with open(self.base + ".out", "wb") as out, open(self.base + ".err", "wb") as err:
            self.popen = subprocess.Popen(node.argv(crew.program, *self.args), env=crew.env,
                                          stdin=stdin, stdout=out, stderr=err)
        if lines is not None:
            stdin.close()
        self.killed = False
        self.began, self.ended = time.time(), 0
        with crew.lock:
            crew.live.append(self)
        if args[0] == "map":
            crew.burst_node = node
            crew.burst.set()

    def wait(self):
        status = self.popen.wait()
        self.ended = time.time()
        with self.crew.lock:
            self.crew.live.remove(self)
        return status

    @property
    def died(self):
        """Killed, or out of patience: Redis was away for too long."""
        return self.killed or self.popen.returncode == GAVE_UP

    def text(self):
        with open(self.base + ".out") as f:
            return f.read()

    def errors(self):
        with open(self.base + ".err", errors="replace") as f:
            return f.read()

    def reports(self):
        """A line that was cut by a kill is not one that was told."""
        with open(self.base + ".out") as f:
            return [Report.of(line) for line in f if line.endswith("\n")]

    def forget(self):
        for end in (".in", ".out", ".err"):
            if os.path.exists(self.base + end):
                os.unlink(self.base + end)


class Crew:
    """All commands of a run: makes them, knows which are alive, has the waiters' words."""

    def __init__(self, program, env, nodes, directory):
        self.program, self.env, self.nodes, self.dir = program, env, nodes, directory
        os.makedirs(directory)
        self.lock = threading.RLock()
        self.live = []
        self.waiters = []
        self.gave_up = []  # why they did, in their words
        self.lossy = False  # Redis loses data in this phase
        self.strange = []  # what no command should do
        self.burst = threading.Event()  # a map has just begun
        self.burst_node = None
        self._number = 0

    def number(self):
        with self.lock:
            self._number += 1
            return self._number

    def command(self, node, *args, lines=None):
        return Command(self, node, args, lines)

    def heard(self, name, keys, command):
        """Keeps what a waiter was told, as a waiter of the history."""
        told = Waiter(f"{name} ({' '.join(command.args[:4])}...)", list(keys),
                      command.reports(), command.died)
        for line in command.errors().splitlines():
            if "there is no task " in line:
                told.unknown.append(line.split("there is no task ")[1].split()[0])
        told.lossy, told.began, told.ended = self.lossy, command.began, command.ended
        status = command.popen.returncode
        with self.lock:
            self.waiters.append(told)
            if status == GAVE_UP and not command.killed:
                self.gave_up.append(f"{command.args[0]} after "
                                    f"{command.ended - command.began:.1f} s: "
                                    f"{command.errors()[-300:].strip()}")
            if status not in (0, 1, GAVE_UP) and not command.killed:
                self.strange.append(f"{command.args}: status {status}: "
                                    f"{command.errors()[-500:]}")
        command.forget()
        return told

    def connected(self, node, args, lines=None):
        """A command that has ended, but not because it found no Redis when it began."""
        while True:
            command = self.command(node, *args, lines=lines)
            if command.wait() != GAVE_UP or command.text() or \
                    "no Redis at" not in command.errors():
                return command
            command.forget()
            time.sleep(0.2)

    def insist(self, node, *args, good=(0,)):
        """Sends a command until Redis has answered it; what a script of a user's would do.
        The output; None if the harness is to end."""
        while True:
            command = self.command(node, *args)
            status = command.wait()
            text, errors = command.text(), command.errors()
            command.forget()
            if status in good:
                return status, text
            if not command.killed and status != GAVE_UP:
                with self.lock:
                    self.strange.append(f"{command.args}: status {status}: {errors[-500:]}")
                return status, text
            time.sleep(0.1)

    def wait_for(self, node, name, ids, keys=None):
        """A waiter that starts again if it is killed, until all has ended."""
        while True:
            command = self.connected(node, ["wait", "--json", *ids])
            told = self.heard(name, keys or ids, command)
            if not told.died:
                return told

    def fault_targets(self):
        with self.lock:
            return [c for c in self.live if c.popen.poll() is None]


class MapProducer(threading.Thread):
    """Batches of tasks through `reapq map`, one after the other."""

    def __init__(self, run, name, seed, node):
        super().__init__(name=name)
        self.run_, self.node = run, node
        self.random = random.Random(f"{seed}-{name}")
        self.batches = 0

    def run(self):
        self.run_.guard(self._all)

    def _all(self):
        while self.run_.more():
            self.batches += 1
            tag = f"{self.name}-{self.batches}"
            policy, tasks = self.run_.mix.batch(self.random, tag, self.run_.lossy)
            now = time.time()
            for task in tasks:
                task.submitted = now
            self.run_.add_tasks(tasks)
            exec_ = tasks[0].command
            window = self.random.choice(self.run_.o.windows)
            args = ["map", "--json", "--window", window, "--tag", tag, *policy]
            args += ["--", self.run_.chaos_command, "{}"] if exec_ else ["chaos"]
            command = self.run_.crew.connected(self.node, args, [t.payload() for t in tasks])
            told = self.run_.crew.heard(self.name, [t.key for t in tasks], command)
            if told.died:
                self.run_.orphaned(tag)


class SubmitProducer(threading.Thread):
    """Tasks one by one with `reapq submit`, some of them cancelled; two waiters each."""

    def __init__(self, run, name, seed, nodes):
        super().__init__(name=name)
        self.run_, self.nodes = run, nodes
        self.random = random.Random(f"{seed}-{name}")
        self.rounds = 0

    def run(self):
        self.run_.guard(self._all)

    def _all(self):
        while self.run_.more():
            self.rounds += 1
            round_ = self.run_.mix.singles(self.random, f"{self.name}-{self.rounds}",
                                           self.run_.lossy)
            self.run_.add_tasks([task for task, _ in round_])
            self._round(round_)

    def _round(self, round_):
        crew = self.run_.crew
        ids = []
        for task, args in round_:
            task.submitted = time.time()
            _, text = crew.insist(self.nodes[0], "submit", "--id", task.key, *args,
                                  "chaos", task.payload())
            given = text.strip().rpartition("/")[2]
            if given == task.key or task.unique:
                if given not in ids:
                    ids.append(given)
                if given != task.key:
                    self.run_.joined(task)  # another holds its unique key
            else:
                crew.strange.append(f"submit --id {task.key} answered {text!r}")
        others = [threading.Thread(target=self.run_.guard, args=(lambda n=n, w=w: crew.wait_for(
            n, f"{self.name} {w}", ids),)) for n, w in zip(self.nodes, ("first", "second"))]
        for other in others:
            other.start()
        for task, _ in round_:
            if task.cancel == "queued":
                crew.insist(self.nodes[0], "cancel", task.key, good=(0, 1))
            elif task.cancel == "running":
                self.run_.wait_for_mark(task.key)
                crew.insist(self.nodes[1], "cancel", "--kill", task.key, good=(0, 1))
        for other in others:
            other.join()


def kill_now_and_then(crew, rng):
    """A victim among the commands that live, or None; submits are over too soon."""
    victims = [c for c in crew.fault_targets() if c.args[0] in ("map", "wait")]
    return rng.choice(victims) if victims else None


def kill(command):
    command.killed = True
    command.popen.send_signal(signal.SIGKILL)
