"""Celery: a pool of forked children, which it keeps.

Imported by Celery it is the application; as a program it is the producer of one call:
URL WAY WHERE TAG WAIT_S LIMIT_S. It prints how that ended as a line of JSON.
"""

import json
import os
import subprocess
import sys

import celery
import celery.exceptions

import measure
import ways

URL = os.environ.get("PEERS_REDIS", "memory://")
app = celery.Celery("die", broker=URL, backend=URL)
die = app.task(name="die")(ways.run)


class Peer:
    name = "Celery prefork"
    settings = "one `celery worker --pool prefork -c 2`, Redis as broker and backend, otherwise " \
        "its defaults; `time_limit=2` where a limit is asked for; `get(timeout=...)`"
    not_for = {}

    def version(self):
        return celery.__version__

    def start(self, stage):
        self.env = {"PEERS_REDIS": f"redis://127.0.0.1:{stage.redis_port}/0"}
        self.worker(stage)
        measure.until(lambda: stage.says(" ready."), 60, "Celery is up")

    def worker(self, stage):
        stage.start([sys.executable, "-m", "celery", "-A", "peer_celery", "worker", "--pool",
                     "prefork", "-c", "2", "--loglevel", "INFO"],
                    env=self.env)

    def call(self, way, where, tag, wait_s, limit_s):
        done = subprocess.run([sys.executable, __file__, way, where, tag, str(wait_s),
                               str(limit_s or 0)], stdout=subprocess.PIPE, text=True,
                              env=dict(os.environ, **self.env))
        return json.loads(done.stdout)


def call(way, where, tag, wait_s, limit_s):
    result = die.apply_async((way, where, tag), time_limit=int(limit_s) or None)
    try:
        result.get(timeout=int(wait_s))
        return "ok", ""
    except celery.exceptions.TimeoutError as e:
        return "pending", str(e)
    except Exception as e:  # whatever the task has raised
        return "failed", repr(e)


if __name__ == "__main__":
    print(json.dumps(call(*sys.argv[1:])), flush=True)
    os._exit(0)
