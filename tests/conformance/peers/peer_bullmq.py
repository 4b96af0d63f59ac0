"""BullMQ with a sandboxed processor: child processes, which it keeps."""

import json
import os
import subprocess

import measure

MODULES = os.environ.get("PEERS_NODE_MODULES", "")


class Peer:
    name = "BullMQ sandboxed"
    settings = "one Worker with a processor file, `concurrency: 2`, otherwise its defaults; " \
        "`waitUntilFinished(events, ttl)`; it has no time limit for a job"
    not_for = {}

    def version(self):
        with open(f"{MODULES}/bullmq/package.json") as f:
            return json.load(f)["version"]

    def argv(self, *args):
        return ["node", measure.HERE + "/bullmq_side.cjs", *args]

    def start(self, stage):
        self.port = str(stage.redis_port)
        self.worker(stage)
        measure.until(lambda: stage.says("ready"), 30, "BullMQ is up")

    def worker(self, stage):
        stage.start(self.argv("worker", self.port), env={"NODE_PATH": MODULES})

    def call(self, way, where, tag, wait_s, limit_s):
        done = subprocess.run(self.argv("call", self.port, way, where, tag, str(wait_s * 1000)),
                              capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              env=dict(os.environ, NODE_PATH=MODULES))
        end = json.loads(done.stdout)
        return end["kind"], end.get("text", "")
