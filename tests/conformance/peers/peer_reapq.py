"""reapq itself, with commands, as gearman -w has them, and no more rights than a container
has by default: cgroups read, not written."""

import json
import os
import subprocess
import sys

import measure

BIN = os.environ.get("REAPQ_BIN", "")


class Peer:
    name = "reapq"
    settings = "`reapq-worker --concurrency 2 --allow-exec --isolation C` (what an ordinary " \
        "container allows), otherwise its defaults; `--time-limit 2s` where a limit is asked for"
    not_for = {"exit0": "a command that exits 0 has ended well"}

    def version(self):
        out = subprocess.run([BIN + "/reapq", "--version"], capture_output=True, text=True)
        return out.stdout.split()[-1]

    def start(self, stage):
        self.env = {"REAPQ_REDIS": f"redis://127.0.0.1:{stage.redis_port}"}
        self.worker(stage)
        measure.until(lambda: stage.says("worker_ready"), 20, "the worker is up")

    def worker(self, stage):
        stage.start([BIN + "/reapq-worker", "--concurrency", "2", "--allow-exec",
                     "--isolation", "C"], env=self.env)

    def call(self, way, where, tag, wait_s, limit_s):
        limit = ["--time-limit", f"{limit_s}s"] if limit_s else []
        done = subprocess.run(
            [BIN + "/reapq", "run", "--json", "--timeout", f"{wait_s}s", *limit, "--",
             sys.executable, measure.HERE + "/ways.py", way, where, tag],
            capture_output=True, text=True, stdin=subprocess.DEVNULL,
            env=dict(os.environ, **self.env))
        if not done.stdout.strip():
            return "pending", done.stderr
        r = json.loads(done.stdout)
        if r["verdict"] == "ok":
            return "ok", ""
        tail = r.get("stderr") or ""
        return "failed", f"{r['verdict']}, {r['certainty']}: {r['message']}" + \
            (" | " + tail if r["verdict"] == "exit" else "")
