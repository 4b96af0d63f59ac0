"""bench.py - how fast reapq is, as ratios measured in the same run.

Each figure is the median of rounds; the rounds of the things that are compared take turns,
so that what else the machine does meets all of them alike. `--quick` makes the rounds
small: figures for a first look, not to be quoted.
"""
import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

import world


def median(values):
    return statistics.median(values)


class Run:
    def __init__(self, options):
        self.options = options
        self.rows = []

    def size(self, full):
        return max(50, full // 10) if self.options.quick else full

    def rounds(self, full=5):
        return 2 if self.options.quick else full

    def row(self, section, name, unit, value, ratio=None, **more):
        self.rows.append({"section": section, "name": name, "unit": unit, "value": value,
                          "ratio": ratio, **more})
        told = f"{value:,.1f}" if value < 100 else f"{value:,.0f}"
        if ratio is not None:
            told += f"   {ratio:.2f} x floor"
        print(f"{section:12} {name:44} {told} {unit}", flush=True)


# ---- sections ---------------------------------------------------------------------------

def floor(run):
    """The kernel's limit: nothing with a process for each task is faster."""
    for at_once in (1, 2, 4, 8):
        got = [world.tool("floor_fork", "fork", run.size(20000), at_once)
               for _ in range(run.rounds())]
        run.row("floor", f"fork + _exit + wait, {at_once} at once", "/s",
                median([g["per_s"] for g in got]),
                cpu_us=median([g["cpu_us"] for g in got]))
    got = [world.tool("floor_fork", "exec", run.size(3000), 2) for _ in range(run.rounds())]
    run.row("floor", "vfork + exec /bin/true, 2 at once", "/s",
            median([g["per_s"] for g in got]))
    redis = world.Redis()
    for batch in (1, 32):
        got = [world.tool("floor_redis", redis.socket, run.size(100000), batch)
               for _ in range(run.rounds())]
        run.row("floor", f"Redis push + pop through hiredis, {batch} a batch", "/s",
                median([g["per_s"] for g in got]))
    redis.close()


def measured(redis, workers, command, lines):
    meter = world.Meter(redis, workers)
    return meter.stop(lines, world.run_map(redis, command, lines))


def throughput(run):
    """Tasks a second, each round beside a round of the bare loop."""
    kinds = [("no-op", ["echo"], 20000, "fork"),
             ("exec /bin/true", ["--", "true", "{}"], 3000, "exec")]
    for tier in ([], ["--isolation", "D"]):
        redis = world.Redis()
        worker = world.Worker(redis, *tier)
        for name, command, full, loop in kinds:
            n, ours, bare = run.size(full), [], []
            for _ in range(run.rounds()):
                bare.append(world.tool("floor_fork", loop, n, 8 if loop == "fork" else 2))
                ours.append(measured(redis, [worker], command, n))
            rate = median([o["per_s"] for o in ours])
            each = {key: median([o["each"][key] for o in ours]) for key in ours[0]["each"]}
            run.row("throughput", f"{name}, tier {worker.isolation}", "/s", rate,
                    rate / median([b["per_s"] for b in bare]), each=each)
            parts = ("worker", "runner", "child", "redis", "producer")
            print(" " * 13 + "CPU us a task: "
                  + "  ".join(f"{key} {each[key]:.0f}" for key in parts)
                  + f"   all {sum(each[key] for key in parts):.0f}"
                  + f"   (bare: {median([b['cpu_us'] for b in bare]):.0f});"
                  f"  Redis commands {each['commands']:.1f}, bytes {each['bytes']:.0f}")
        worker.close()
        redis.close()


def fleet(run):
    """One to four workers of two slots."""
    redis = world.Redis()
    for count in (1, 2, 4):
        workers = [world.Worker(redis, concurrency=2) for _ in range(count)]
        n = run.size(10000)
        got = [measured(redis, workers, ["echo"], n)["per_s"] for _ in range(run.rounds(3))]
        run.row("fleet", f"no-op, {count} workers of 2 slots", "/s", median(got))
        for worker in workers:
            worker.close()
    redis.close()


def latency(run):
    redis = world.Redis()
    worker = world.Worker(redis)
    client = lambda *args: world.tool("client", redis.url, "default", *args)
    client("one", "echo", 64, 100)
    for size in (0, 1024, 65536):
        got = [client("one", "echo", size, run.size(2000)) for _ in range(run.rounds(3))]
        for key in ("p50", "p90", "p99", "p999"):
            run.row("latency", f"round trip of {size} bytes, {key}", "us",
                    median([g[key] for g in got]))
    burst = run.size(10000)
    full = measured(redis, [worker], ["echo"], burst)["per_s"]
    half = client("open", "echo", 64, max(50, int(full / 2)), 2 if run.options.quick else 10)
    for key in ("p50", "p90", "p99", "p999"):
        run.row("latency", f"open loop at {half['rate']:.0f}/s (half of the most), {key}",
                "us", half[key])
    got = client("death", "segv", 0, run.size(1000))
    for key in ("p50", "p99", "max"):
        run.row("latency", f"death of a child to the producer, {key} (+- 1 ms)", "us",
                got[key])
    worker.close()
    redis.close()


def futures(run):
    redis = world.Redis()
    worker = world.Worker(redis)
    got = world.tool("client", redis.url, "default", "futures", "echo", 0,
                     run.size(100000))
    run.row("futures", f"{got['n']} open at once, each", "bytes", got["bytes_each"])
    run.row("futures", "submitted", "/s", got["submit_per_s"])
    run.row("futures", "submitted to as completed", "/s", got["all_per_s"])
    worker.close()
    redis.close()


def growth(run):
    """The worker after many tasks."""
    redis = world.Redis()
    worker = world.Worker(redis)
    for n in (run.size(10000), run.size(100000) if not run.options.long else 1000000):
        world.run_map(redis, ["--result-ttl", "1s", "echo"], n)
        run.row("growth", f"worker's resident memory after {n} more tasks", "KiB",
                world.resident(worker.pid) / 1024)
        run.row("growth", f"worker's descriptors after {n} more tasks", "",
                world.descriptors(worker.pid))
    worker.close()
    redis.close()


SECTIONS = {"floor": floor, "throughput": throughput, "fleet": fleet, "latency": latency,
            "futures": futures, "growth": growth}


def machine():
    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo")
                if line.startswith("model name")), platform.machine())
    redis = subprocess.run(["redis-server", "--version"], stdout=subprocess.PIPE, text=True,
                           check=True).stdout.split()[2]
    reapq = subprocess.run([world.program("reapq"), "--version"], stdout=subprocess.PIPE,
                           text=True, check=True).stdout.split()[-1]
    return {"cpu": cpu, "cores": len(os.sched_getaffinity(0)), "kernel": platform.release(),
            "redis": redis, "reapq": reapq, "load": os.getloadavg()[0],
            "date": time.strftime("%Y-%m-%d")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sections", nargs="*", choices=[[], *SECTIONS], default=[])
    parser.add_argument("--quick", action="store_true", help="small rounds")
    parser.add_argument("--long", action="store_true", help="a million tasks where it counts")
    parser.add_argument("--json", metavar="FILE", help="all figures, for machines")
    options = parser.parse_args()
    run = Run(options)
    about = machine()
    print("  ".join(f"{key} {value}" for key, value in about.items()), flush=True)
    for name in options.sections or SECTIONS:
        SECTIONS[name](run)
    if options.json:
        pathlib.Path(options.json).write_text(
            json.dumps({"machine": about, "rows": run.rows}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
