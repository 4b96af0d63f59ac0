"""A Redis on a node of its own, and the pair of them behind one address.

The harness itself talks to them over unix sockets, which no network fault touches.
"""

import os
import shutil
import signal
import subprocess
import time

import redis as redispy

READY = 60  # seconds within which a Redis has to be ready


class RedisNode:
    def __init__(self, node, directory):
        self.node = node
        self.dir = directory
        os.makedirs(directory)
        self.socket = os.path.join(directory, "s")
        self.popen = None

    def start(self, replica_of=None):
        argv = ["redis-server", "--port", "6379", "--bind", "0.0.0.0",
                "--protected-mode", "no", "--unixsocket", self.socket, "--dir", self.dir,
                "--save", "", "--appendonly", "yes", "--appendfsync", "everysec",
                "--auto-aof-rewrite-percentage", "0",
                "--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0",
                "--repl-timeout", "10", "--repl-ping-replica-period", "1",
                "--logfile", os.path.join(self.dir, "log")]
        if replica_of:
            argv += ["--replicaof", replica_of.node.address, "6379"]
        self.popen = subprocess.Popen(self.node.argv(*argv), stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + READY
        while True:
            try:
                self.client().ping()
                return
            except redispy.exceptions.RedisError:
                if self.popen.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"redis does not start; see {self.dir}/log") from None
                time.sleep(0.02)

    def client(self):
        return redispy.Redis(unix_socket_path=self.socket, socket_timeout=20)

    def send(self, number):
        self.popen.send_signal(number)

    def kill(self):
        if self.popen and self.popen.poll() is None:
            self.popen.send_signal(signal.SIGKILL)
            self.popen.wait()

    def forget(self):
        """Loses what it had on disk."""
        shutil.rmtree(os.path.join(self.dir, "appendonlydir"), ignore_errors=True)


class RedisPair:
    """The primary, its replica, and the address that leads to the primary."""

    def __init__(self, world, directory):
        self.world = world
        self.primary = RedisNode(world.node("r1"), os.path.join(directory, "r1"))
        self.replica = RedisNode(world.node("r2"), os.path.join(directory, "r2"))
        self.url = f"redis://{world.VIP}:6379/0"
        self.primary.start()
        self.replica.start(self.primary)
        world.give_vip(self.primary.node, [])

    def client(self):
        return self.primary.client()

    def restart_primary(self, forget=False):
        if forget:
            self.primary.forget()
        self.primary.start()

    def _swap(self):
        self.primary, self.replica = self.replica, self.primary
        self.world.give_vip(self.primary.node, [self.replica.node])

    def in_sync(self):
        try:
            info = self.client().info("replication")
            return any(info.get(f"slave{i}", {}).get("state") == "online" for i in range(2))
        except redispy.exceptions.RedisError:
            return False

    def wait_in_sync(self, seconds):
        end = time.monotonic() + seconds
        while not self.in_sync():
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True

    def fail_over(self, lag):
        """As an operator does it: nothing is lost. The address follows lag seconds later;
        until then clients speak to a replica. False: it could not be done now."""
        if not self.wait_in_sync(15):
            return False
        try:
            self.client().execute_command("FAILOVER", "TIMEOUT", "4000")
        except redispy.exceptions.ResponseError:
            return False
        end = time.monotonic() + 15
        while time.monotonic() < end:
            state = self.client().info("replication")
            if state["master_failover_state"] == "no-failover":
                break
            time.sleep(0.02)
        if state["role"] != "slave":
            return False
        time.sleep(lag)
        self._swap()
        return True

    def crash_over(self, lag):
        """The primary dies and the replica takes its place: the last writes are lost."""
        if not self.wait_in_sync(15):
            return False
        self.primary.kill()
        time.sleep(lag)
        self.replica.client().execute_command("REPLICAOF", "NO", "ONE")
        self._swap()
        self.replica.start(self.primary)
        return True

    def stop(self):
        for node in (self.primary, self.replica):
            node.kill()
