"""What run and honesty have in common: options, the tier, the worker's box."""

import argparse
import os
import re
import sys

import box as boxes
import lab as labs


def parser(doc):
    env = os.environ.get
    p = argparse.ArgumentParser(description=doc.splitlines()[0])
    p.add_argument("--tier", help="what the worker must find or, with --isolation, be given: "
                   "A A0 B C C! D; default: what it finds")
    p.add_argument("--isolation", default="auto",
                   help="forced on the worker: A A0 B C D; with --tier C! it is C, in a "
                   "box whose memory.oom.group is set")
    p.add_argument("--bin", default=env("REAPQ_BIN", "build/dev/bin"))
    p.add_argument("--modules", default=env("REAPQ_MODULES", "build/dev/modules"))
    p.add_argument("--tests", default=env("REAPQ_TESTS", "build/dev/tests"),
                   help="where modules/deaths.so and deaths are")
    p.add_argument("--redis-server", default=env("REAPQ_REDIS_SERVER", "redis-server"))
    p.add_argument("--box", default="384M", help="memory of the cgroup that some rows' "
                   "worker is put in; 'here': this container has little enough itself; "
                   "'none': skip those rows")
    return p


def done(p):
    opts = p.parse_args()
    if opts.tier == "C!":
        opts.isolation = "C"
    return opts


def start(opts):
    """A Run; or the status to end with, when it has said why."""
    try:
        return Run(opts)
    except labs.NoSuchTier as e:
        print(f"{sys.argv[0]}: {e}", file=sys.stderr)
        return 77
    except (labs.Broken, OSError) as e:
        print(f"{sys.argv[0]}: {e}", file=sys.stderr)
        return 2


def bytes_of(size):
    return int(size[:-1]) << {"K": 10, "M": 20, "G": 30}[size[-1]]


class Here:
    """The box that is there already: the container that all of this runs in."""

    why = None

    def enter(self):
        pass

    def remove(self):
        pass


class Run:
    def __init__(self, opts):
        self.opts = opts
        self.lab = labs.Lab(labs.Programs(opts.bin, opts.modules, opts.tests),
                            opts.redis_server)
        try:
            self.look()
        except Exception:
            self.lab.close()
            raise

    def look(self):
        """What is here: the tier, and what rows may need."""
        opts = self.opts
        self.forced = [] if opts.isolation == "auto" else ["--isolation", opts.isolation]
        self.all_in_box = opts.isolation == "C"
        self.log_readable = bool(re.search(r"kernel log readable\s+yes", self.lab.check()))
        box = self.make_box()
        self.no_box = "--box none" if box is None else box.why
        if box:
            box.remove()
        self.tier = self.find_tier()

    def make_box(self):
        if self.opts.box == "here":
            return Here()
        if self.opts.box == "none":
            return None
        return boxes.Box(bytes_of(self.opts.box), self.opts.tier == "C!")

    def start_worker(self, flags, in_box):
        box = self.make_box() if in_box or self.all_in_box else None
        return labs.Worker(self.lab, [*self.forced, *flags], box)

    def find_tier(self):
        worker = self.start_worker([], False)
        tier = worker.tier
        worker.stop()
        if worker.box:
            worker.box.remove()
        if self.opts.tier and tier != self.opts.tier:
            raise labs.NoSuchTier(f"the tier is {tier}, and not {self.opts.tier}: "
                                  + self.lab.check())
        return "B-" if tier == "B" and not self.log_readable else tier

    def close(self):
        self.lab.close()
