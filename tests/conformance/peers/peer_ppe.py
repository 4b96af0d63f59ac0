"""ProcessPoolExecutor: a pool in the program itself, so that is what is in the box.

As a program: takes a line of JSON for each call, and answers with one.
"""

import concurrent.futures
import json
import multiprocessing
import platform
import queue
import subprocess
import sys
import threading

import ways


class Peer:
    name = "ProcessPoolExecutor"
    settings = "`max_workers=2`, fork; the program itself is in the cgroup; " \
        "it has no time limit for a task"
    not_for = {"worker": "the pool and the waiter are one process"}

    def version(self):
        return "Python " + platform.python_version()

    def start(self, stage):
        self.program = stage.start([sys.executable, __file__], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        self.answers = {}
        self.reader = threading.Thread(target=self.read, args=(self.program, self.answers),
                                       daemon=True)
        self.reader.start()

    def read(self, program, answers):
        for line in program.stdout:
            tag, kind, text = json.loads(line)
            answers.setdefault(tag, queue.Queue()).put((kind, text))
        for box in list(answers.values()):
            box.put(("failed", "the program itself died"))

    def call(self, way, where, tag, wait_s, limit_s):
        box = self.answers.setdefault(tag, queue.Queue())
        self.program.stdin.write(json.dumps([way, where, tag]) + "\n")
        self.program.stdin.flush()
        try:
            return box.get(timeout=wait_s)
        except queue.Empty:
            return "pending", ""


def program():
    lock = threading.Lock()

    def tell(tag, future):
        e = future.exception()
        with lock:
            print(json.dumps([tag, "ok" if e is None else "failed", "" if e is None else repr(e)]),
                  flush=True)

    pool = concurrent.futures.ProcessPoolExecutor(
        2, mp_context=multiprocessing.get_context("fork"))
    for line in sys.stdin:
        way, where, tag = json.loads(line)
        try:
            pool.submit(ways.run, way, where, tag).add_done_callback(
                lambda f, tag=tag: tell(tag, f))
        except concurrent.futures.BrokenExecutor as e:
            print(json.dumps([tag, "failed", repr(e)]), flush=True)


if __name__ == "__main__":
    program()
