"""Plays one row: submits it, does to it what it says, and looks at what is left.

Beside the report each row has to leave the worker as it was: alive, the same process, and
with no process of the task's. Where a cgroup ends them all, that is so when the report
comes; elsewhere it may take the sweep a moment.
"""

import os
import signal
import time

import compare
import lab as labs
import table

CGROUPS = ("A", "A0", "B", "B-")


class Player:
    def __init__(self, lab, tier, start_worker):
        self.lab, self.tier, self.start_worker = lab, tier, start_worker
        self.workers = {}

    # ---- workers --------------------------------------------------------------------

    def key(self, entry):
        return entry.get("worker", ()), bool(entry.get("box"))

    def worker(self, entry):
        key = self.key(entry)
        if key not in self.workers:
            self.stop_all()  # two would share the queue
            flags = [f for f in key[0] if f != "no-exec"]
            if "no-exec" not in key[0]:
                flags.append("--allow-exec")
            self.workers[key] = self.start_worker(flags, key[1])
        return self.workers[key]

    def forget(self, entry):
        worker = self.workers.pop(self.key(entry))
        worker.kill()
        labs.reap()
        if worker.box:
            worker.box.remove()

    def stop_all(self):
        """What was wrong with their ends."""
        wrong = []
        for worker in self.workers.values():
            said = worker.stop()
            if said:
                wrong.append(said)
            if worker.box:
                worker.box.remove()
        self.workers.clear()
        labs.reap()
        return wrong

    # ---- a row --------------------------------------------------------------------------

    def words(self, mark):
        words = {"tmp": self.lab.dir, "deaths": self.lab.programs.deaths,
                 "sender": os.getpid(), "small": self.lab.small_tmpfs() or ""}
        for name in ("fifo", "gate"):
            words[name] = mark + "-" + name
        return words

    def command(self, how, words, mark):
        how = [w if w is None else fill(w, words) for w in how]
        if how[0] == "run" and how[1] == words["deaths"]:
            how.insert(2, "@" + mark)
        if how[0] == "call" and how[1] == "die":
            how[2] = f"@{mark} {how[2]}"
        return how

    def submit(self, entry, words, mark):
        kind, *rest = self.command(entry["how"], words, mark)
        args = [kind, "--json", "--id", os.path.basename(mark), *entry.get("limits", ())]
        return labs.Producer(self.lab, args + (["--"] if kind == "run" else []) + rest)

    def do_outside(self, entry, worker, task, fifo):
        """Returns when it is done to the task, which by then has told its pid."""
        what = entry["outside"]
        pid = fifo.number()
        if what == "cancel":
            labs.Producer(self.lab, ["cancel", "--kill", task]).end()
        elif what == "kill-worker":
            worker.kill()
        else:
            os.kill(pid, signal.Signals[what])

    def start_beside(self, n):
        """Tasks that hold their slots until told, and the FIFOs to tell them by."""
        ready = labs.Fifo(self.lab.fresh("beside-ready"))
        gates, tasks = [], []
        for _ in range(n):
            gates.append(labs.Fifo(self.lab.fresh("beside-gate")))
            tasks.append(labs.Producer(
                self.lab, ["call", "--json", "--memory", "64M", "die",
                           f"hold {ready.path} {gates[-1].path}"]))
            ready.number()
        return ready, gates, tasks

    def end_beside(self, ready, gates, tasks):
        wrong = []
        for gate, task in zip(gates, tasks):
            gate.open_up()
            report = task.report()
            if report["verdict"] != "ok":
                wrong.append("a task beside it did not return: " + report["message"])
            gate.remove()
        ready.remove()
        return wrong

    def takes_worker(self, entry):
        """With memory.oom.group the kernel kills the worker along with the task."""
        return entry.get("outside") == "kill-worker" or \
            (entry.get("box") and self.tier == "C!")

    def look_around(self, entry, worker, mark):
        wrong = []
        at_once = self.tier in CGROUPS and worker.alive()
        left = labs.marked(mark)
        if left and not at_once:
            end = time.monotonic() + 10
            while left and time.monotonic() < end:
                time.sleep(0.01)
                left = labs.marked(mark)
        if left:
            wrong.append(f"processes are left: {left}")
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        if self.takes_worker(entry):
            return wrong
        if not worker.alive():
            wrong.append("the worker died:\n" + worker.log()[-2000:])
        elif self.lab.report("call", "echo", "on")["result"] != "on":
            wrong.append("the next task does not return")
        return wrong

    def play(self, entry):
        """(report, what is wrong, milliseconds until the producer woke)."""
        worker = self.worker(entry)
        mark = self.lab.fresh("mark-" + entry["name"])
        with open(mark, "wb") as f:
            f.write(bytes(4096))
        words = self.words(mark)
        fifo = labs.Fifo(words["fifo"])
        beside = self.start_beside(entry["beside"]) if entry.get("beside") else None
        start = time.monotonic()
        try:
            producer = self.submit(entry, words, mark)
            if entry.get("outside"):
                self.do_outside(entry, worker, os.path.basename(mark), fifo)
                start = time.monotonic()
            report = producer.report()
            ms = (time.monotonic() - start) * 1000
            want = table.expected(entry, self.tier)
            wrong = compare.complaints(want, report, words)
            if report["isolation"] not in (None, self.tier.rstrip("-")):
                wrong.append(f"isolation is {report['isolation']}, not {self.tier}")
            wrong += self.look_around(entry, worker, mark)
            if beside:
                wrong += self.end_beside(*beside)
        finally:
            fifo.remove()
            os.unlink(mark)
        if self.takes_worker(entry) or not worker.alive():
            self.forget(entry)
        return report, wrong, ms


def fill(text, words):
    for name, value in words.items():
        text = text.replace("{" + name + "}", str(value))
    return text
