"""A small network of its own: a switch and a namespace for each node.

Every node has one link to the switch. A link can be cut, made slow or lossy, and made
to lose everything in one direction. Nothing here touches the host's own network, and
what a run that was killed has left behind is removed by the next one.
"""

import os
import subprocess
import threading

PREFIX = "rqchaos"
SUBNET = "10.99.0."


def sh(*argv, check=True):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, argv))}: {done.stderr.strip()}")
    return done.stdout


def why_not():
    """Why this host cannot have namespaces, or None."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    for tool in ("ip", "tc", "nsenter", "redis-server"):
        if subprocess.run(["which", tool], capture_output=True).returncode != 0:
            return f"there is no {tool} here"
    name = f"{PREFIX}-{os.getpid()}-try"
    done = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    if done.returncode != 0:
        return "no network namespace can be made: " + done.stderr.strip()
    sh("ip", "netns", "del", name)
    return None


def namespaces():
    return [line.split()[0] for line in sh("ip", "netns", "list").splitlines() if line]


def pids_in(namespace):
    return [int(p) for p in sh("ip", "netns", "pids", namespace, check=False).split()]


def remove_stale():
    """Namespaces of runs whose harness is gone, with what still runs in them."""
    for name in namespaces():
        parts = name.split("-")
        if parts[0] != PREFIX or len(parts) < 3 or os.path.exists(f"/proc/{parts[1]}"):
            continue
        for pid in pids_in(name):
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                pass
        sh("ip", "netns", "del", name, check=False)


class Node:
    """A host of this world: a namespace with one link."""

    def __init__(self, world, name, number):
        self.world = world
        self.name = name
        self.namespace = f"{world.prefix}-{name}"
        self.address = SUBNET + str(number)
        self.port = f"p{number}"  # its end at the switch
        sh("ip", "netns", "add", self.namespace)
        sh("ip", "-n", self.namespace, "link", "set", "lo", "up")
        sh("ip", "-n", world.switch, "link", "add", self.port, "type", "veth",
           "peer", "name", "eth0", "netns", self.namespace)
        sh("ip", "-n", world.switch, "link", "set", self.port, "master", "br0", "up")
        sh("ip", "-n", self.namespace, "addr", "add", self.address + "/24", "dev", "eth0")
        sh("ip", "-n", self.namespace, "link", "set", "eth0", "up")
        self.lock = threading.Lock()

    def argv(self, *command):
        """The command, to be run on this node. nsenter replaces itself: same pid."""
        return ["nsenter", "--net=/run/netns/" + self.namespace, "--", *map(str, command)]

    def cut(self):
        sh("ip", "-n", self.world.switch, "link", "set", self.port, "down")

    def mend(self):
        sh("ip", "-n", self.world.switch, "link", "set", self.port, "up")
        self.straighten()

    def deaf(self):
        """Nothing reaches it; what it sends arrives."""
        self._qdisc(self.world.switch, self.port, "pfifo", "limit", "0")

    def mute(self):
        """What it sends is lost; it hears all."""
        self._qdisc(self.namespace, "eth0", "pfifo", "limit", "0")

    def slow(self, delay_ms, loss_percent):
        """Late, and some of it lost. A kernel without netem has a narrow link instead,
        which makes packets wait for each other and drops those that wait too long."""
        if self.world.netem:
            self._qdisc(self.namespace, "eth0", "netem", "delay", f"{delay_ms}ms",
                        f"{delay_ms // 2}ms", "loss", f"{loss_percent}%")
        else:
            rate = 40000 // delay_ms
            self._qdisc(self.namespace, "eth0", "tbf", "rate", f"{rate}kbit", "burst",
                        "3kb", "latency", f"{delay_ms * 4}ms")

    @staticmethod
    def _qdisc(namespace, device, *what):
        sh("tc", "-n", namespace, "qdisc", "replace", "dev", device, "root", *what)

    def straighten(self):
        sh("tc", "-n", self.namespace, "qdisc", "del", "dev", "eth0", "root", check=False)
        sh("tc", "-n", self.world.switch, "qdisc", "del", "dev", self.port, "root",
           check=False)

    def processes(self):
        return pids_in(self.namespace)


class World:
    VIP = SUBNET + "1"  # where Redis is, whichever node that is

    def __init__(self):
        remove_stale()
        self.prefix = f"{PREFIX}-{os.getpid()}"
        self.switch = f"{self.prefix}-sw"
        self.nodes = []
        sh("ip", "netns", "add", self.switch)
        sh("ip", "-n", self.switch, "link", "add", "br0", "type", "bridge",
           "stp_state", "0", "forward_delay", "0")
        sh("ip", "-n", self.switch, "link", "set", "br0", "up")
        self.netem = self._has_netem()

    def _has_netem(self):
        try:
            sh("tc", "-n", self.switch, "qdisc", "add", "dev", "br0", "root", "netem")
        except RuntimeError:
            return False
        sh("tc", "-n", self.switch, "qdisc", "del", "dev", "br0", "root")
        return True

    def node(self, name):
        node = Node(self, name, 10 + len(self.nodes))
        self.nodes.append(node)
        return node

    def give_vip(self, node, others):
        """Moves the address of Redis, as a failover would."""
        for other in others:
            sh("ip", "-n", other.namespace, "addr", "del", self.VIP + "/32", "dev", "eth0",
               check=False)
        sh("ip", "-n", node.namespace, "addr", "add", self.VIP + "/32", "dev", "eth0",
           check=False)
        for each in self.nodes:
            sh("ip", "-n", each.namespace, "neigh", "flush", "all", check=False)

    def heal(self):
        for node in self.nodes:
            node.mend()

    def remove(self):
        for node in self.nodes:
            for pid in node.processes():
                try:
                    os.kill(pid, 9)
                except ProcessLookupError:
                    pass
        for name in namespaces():
            if name.startswith(self.prefix + "-"):
                sh("ip", "netns", "del", name, check=False)
