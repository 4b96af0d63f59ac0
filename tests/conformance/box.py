"""A cgroup with a memory limit, in which a worker is started: what a container is to it.

One on cgroup v2 where memory is there, else on v1. Where none can be made, rows that need
one are skipped, unless the whole machine is such a box already (a container).
"""

import errno
import os
import time


def own(controller):
    """The directory of this process's cgroup on v1 (or, for "", on v2); None: none."""
    path = None
    with open("/proc/self/cgroup") as f:
        for line in f:
            _, names, where = line.rstrip("\n").split(":", 2)
            if controller in names.split(",") if controller else names == "":
                path = where
    if path is None:
        return None
    with open("/proc/self/mountinfo") as f:
        for line in f:
            left, right = line.split(" - ")
            root, mount = left.split()[3:5]
            kind, _, options = right.split()[:3]
            if kind == ("cgroup" if controller else "cgroup2") and \
                    (not controller or controller in options.split(",")):
                inside = os.path.relpath(path, root) if path.startswith(root) else "."
                return os.path.normpath(os.path.join(mount, inside))
    return None


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


class Box:
    """None of its methods fails because of what a killed worker has left in it."""

    def __init__(self, size, oom_group=False):
        self.size, self.path = size, None
        self.why = "no cgroup with memory can be made here"
        v1, v2 = own("memory"), own("")
        for parent, is_v2 in ((v2, True), (v1, False)):
            if parent is None or self.path or (oom_group and not is_v2):
                continue
            try:
                self.make(parent, is_v2, oom_group)
                self.why = None
            except OSError as e:
                self.why = str(e)
                self.remove()

    def make(self, parent, is_v2, oom_group):
        if is_v2:
            with open(parent + "/cgroup.controllers") as f:
                if "memory" not in f.read().split():
                    raise OSError(errno.ENOENT, "no memory controller", parent)
            with open(parent + "/cgroup.subtree_control") as f:
                if "memory" not in f.read().split():
                    write(parent + "/cgroup.subtree_control", "+memory +pids")
        path = f"{parent}/conformance.{os.getpid()}.{time.monotonic_ns()}"
        os.mkdir(path)
        self.path = path
        if is_v2:
            write(path + "/memory.max", str(self.size))
            if os.path.exists(path + "/memory.swap.max"):
                write(path + "/memory.swap.max", "0")
            if oom_group:
                write(path + "/memory.oom.group", "1")
        else:
            write(path + "/memory.limit_in_bytes", str(self.size))

    def enter(self):
        """Of a process that is about to become a worker."""
        if self.path:
            write(self.path + "/cgroup.procs", "0")

    def remove(self):
        if self.path is None:
            return
        end = time.monotonic() + 5
        while os.path.isdir(self.path) and time.monotonic() < end:
            for top, names, _ in os.walk(self.path, topdown=False):
                for name in names:
                    self.rmdir(os.path.join(top, name))
            self.rmdir(self.path)
            if os.path.isdir(self.path):
                time.sleep(0.01)
        self.path = None

    @staticmethod
    def rmdir(path):
        try:
            os.rmdir(path)
        except OSError:
            pass
