"""What goes wrong, on purpose and at random.

Four injectors at the same time, each with one fault at a time: so faults of different
sorts meet, and each can be undone. An injector draws its faults from a shuffled deck
with every kind in it, so that none is missing by chance.
"""

import os
import random
import signal
import threading
import time

import redis as redispy

import producer
from records import Fault


class Injector(threading.Thread):
    """Subclasses list their kinds: name -> method. A method does, holds and undoes."""

    name_ = "?"
    rarity = 1  # how much longer than others it rests between its faults

    def __init__(self, run, seed, gap):
        super().__init__(name="faults-" + self.name_)
        self.run_, self.gap = run, gap
        self.random = random.Random(f"{seed}-{self.name_}-{run.lossy}")
        self.deck = []

    def run(self):
        self.run_.guard(self._all)

    def _all(self):
        while not self.run_.calm.wait(self.random.uniform(*self.gap) * self.rarity):
            if not self.deck:
                self.deck = list(self.kinds().items())
                self.random.shuffle(self.deck)
            kind, method = self.deck.pop()
            fault = Fault(kind, time.time(), 0)
            if method(fault) is not False:
                fault.end = time.time()
                self.run_.happened(fault)

    def hold(self, low, high):
        """Even when all is to be calm: what was begun is undone in its time."""
        time.sleep(self.random.uniform(low, high))


class RedisFaults(Injector):
    name_ = "redis"
    rarity = 2  # or nothing would ever get done

    def kinds(self):
        common = {"redis kill, restart": self.kill, "redis stop": self.stop,
                  "failover": self.fail_over, "client kill": self.client_kill,
                  "client pause": self.client_pause, "script flush": self.script_flush,
                  "answers lost": self.answers_lost, "redis cut off": self.cut_off}
        if self.run_.lossy:
            return {"redis loses all": self.lose, "flushall": self.flush,
                    "crash failover": self.crash_over, "redis kill, restart": self.kill}
        return common

    def kill(self, fault):
        pair = self.run_.redis
        fault.node = pair.primary.node.name
        pair.primary.kill()
        self.hold(0.05, 3)
        pair.restart_primary()

    def stop(self, fault):
        fault.node = self.run_.redis.primary.node.name
        self.run_.redis.primary.send(signal.SIGSTOP)
        self.hold(*self.random.choice([(0.2, 4), (0.2, 4), (0.2, 4), (5.5, 8)]))
        self.run_.redis.primary.send(signal.SIGCONT)

    def fail_over(self, fault):
        fault.node = self.run_.redis.primary.node.name
        return self.run_.redis.fail_over(self.random.uniform(0, 1.5))

    def answers_lost(self, fault):
        """For longer than the watchdogs of connections: what was asked has been done, and
        everybody asks again."""
        self._without_net(fault, "mute", 5.5, 7)

    def cut_off(self, fault):
        self._without_net(fault, self.random.choice(["cut", "deaf"]), 0.2, 5)

    def _without_net(self, fault, how, low, high):
        node = self.run_.redis.primary.node
        fault.node, fault.note = node.name, how
        getattr(node, how)()
        self.hold(low, high)
        node.mend()

    def client_kill(self, _):
        client = self.run_.redis.client()
        if self.random.random() < 0.5:
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            return
        victims = [c["addr"] for c in client.client_list() if not c["addr"].startswith("/")]
        for address in self.random.sample(victims, min(3, len(victims))):
            try:
                client.client_kill(address)
            except redispy.exceptions.ResponseError:
                pass  # it has gone by itself

    def client_pause(self, fault):
        ms = self.random.randint(100, 3000)
        mode = self.random.choice(["ALL", "WRITE"])
        fault.note = f"{mode} {ms} ms"
        self.run_.redis.client().execute_command("CLIENT", "PAUSE", ms, mode)
        time.sleep(ms / 1000)

    def script_flush(self, _):
        self.run_.redis.client().execute_command("SCRIPT", "FLUSH")

    def lose(self, _):
        pair = self.run_.redis
        pair.primary.kill()
        self.hold(0.05, 3)
        pair.restart_primary(forget=True)

    def flush(self, _):
        self.run_.redis.client().flushall()

    def crash_over(self, _):
        return self.run_.redis.crash_over(self.random.uniform(0, 1.5))


class WorkerFaults(Injector):
    name_ = "workers"

    def kinds(self):
        return {"worker kill": self.kill, "worker stop, short": self.stop_short,
                "worker stop, long": self.stop_long, "worker drain": self.drain,
                "runner kill": self.runner_kill, "runner stop": self.runner_stop,
                "child kill": self.child_kill, "child stop": self.child_stop,
                "child kill, again": self.child_kill, "worker kill, again": self.kill}

    def victim(self, fault):
        worker = self.random.choice(self.run_.workers)
        fault.node = worker.node.name
        fault.pids = [worker.pid]
        if not worker.alive():
            self.run_.strange(f"worker {worker.life.as_dict()} ended by itself")
            worker.start()
        return worker

    def kill(self, fault):
        fault.kind = "worker kill"
        worker = self.victim(fault)
        worker.kill()
        self.hold(0, 3)
        worker.start()

    def _freeze(self, fault, low, high):
        worker = self.victim(fault)
        worker.send(signal.SIGSTOP)
        self.hold(low, high)
        worker.send(signal.SIGCONT)

    def stop_short(self, fault):
        self._freeze(fault, 0.1, self.run_.lease * 0.6)

    def stop_long(self, fault):
        self._freeze(fault, self.run_.lease * 1.6, self.run_.lease * 3)

    def drain(self, fault):
        worker = self.victim(fault)
        status = worker.drain(60, twice=self.random.random() < 0.2)
        fault.note = f"status {status}"
        if status is None:
            self.run_.strange(f"worker {worker.life.as_dict()} did not end within 60 s "
                              "after SIGTERM")
            worker.kill()
        elif status != 0 and not (status == 1 and worker.could_not_report()):
            self.run_.strange(f"worker {worker.life.as_dict()} ended with {status}")
        worker.start()

    def runner_kill(self, fault):
        worker = self.victim(fault)
        runner, _ = worker.children()
        return self._kill(fault, [runner] if runner else [])

    def child_kill(self, fault):
        fault.kind = "child kill"
        worker = self.victim(fault)
        _, children = worker.children()
        return self._kill(fault, self.random.sample(children, min(2, len(children))))

    def runner_stop(self, fault):
        worker = self.victim(fault)
        runner, _ = worker.children()
        return self._stop_for_now(fault, [runner] if runner else [])

    def child_stop(self, fault):
        worker = self.victim(fault)
        _, children = worker.children()
        return self._stop_for_now(fault, children[:4])

    def _stop_for_now(self, fault, pids):
        if not self._kill(fault, pids, signal.SIGSTOP):
            return False
        self.hold(0.2, 4)
        self._kill(fault, list(fault.pids), signal.SIGCONT)
        return True

    @staticmethod
    def _kill(fault, pids, number=signal.SIGKILL):
        fault.pids = []
        for pid in pids:
            try:
                os.kill(pid, number)
                fault.pids.append(pid)
            except ProcessLookupError:
                pass
        return bool(fault.pids)


class NetFaults(Injector):
    name_ = "net"

    def kinds(self):
        return {"link cut": self.cut, "deaf": self.deaf, "mute": self.mute,
                "slow": self.slow}

    def _hurt(self, fault, how, *args):
        nodes = self.run_.victims_of_net()
        node = self.random.choice(nodes)
        fault.node = node.name
        with node.lock:
            getattr(node, how)(*args)
            if self.random.random() < 0.2:
                self.hold(6, 11)  # longer than any watchdog of a connection
            else:
                self.hold(0.2, 5)
            node.mend()

    def cut(self, fault):
        self._hurt(fault, "cut")

    def deaf(self, fault):
        self._hurt(fault, "deaf")

    def mute(self, fault):
        self._hurt(fault, "mute")

    def slow(self, fault):
        self._hurt(fault, "slow", self.random.choice([20, 80, 200]),
                   self.random.choice([0, 0, 5, 20]))


class ProducerFaults(Injector):
    name_ = "producers"

    def kinds(self):
        return {"producer kill": self.kill, "producer stop": self.stop,
                "submits unanswered": self.unanswered}

    def kill(self, fault):
        command = producer.kill_now_and_then(self.run_.crew, self.random)
        if not command:
            return False
        fault.pids, fault.note = [command.popen.pid], command.args[0]
        producer.kill(command)
        return True

    def stop(self, fault):
        command = producer.kill_now_and_then(self.run_.crew, self.random)
        if not command:
            return False
        fault.pids, fault.note = [command.popen.pid], command.args[0]
        command.popen.send_signal(signal.SIGSTOP)
        self.hold(0.2, 6)
        command.popen.send_signal(signal.SIGCONT)
        return True

    def unanswered(self, fault):
        """A producer has just begun to submit, and hears nothing until it tries again with
        another connection; meanwhile its tasks run. This finds a submit that must not be
        sent twice."""
        crew = self.run_.crew
        crew.burst.clear()
        if not crew.burst.wait(5):
            return False
        node = crew.burst_node
        self.hold(0, 0.1)
        fault.start, fault.node = time.time(), node.name
        with node.lock:
            node.deaf()
            self.hold(5.5, 7)
            node.mend()
        return True
