"""RQ: a fork for each job. Its 1.13 has no call that waits, so the job is asked for."""

import time

import redis
import rq
from rq.job import JobStatus

import measure


class Peer:
    name = "RQ"
    settings = "two `rq worker`s, each forks for a job; `job_timeout=2` where a limit is asked " \
        "for; the waiter asks for the job's status every 10 ms"
    not_for = {}

    def version(self):
        return rq.VERSION

    def start(self, stage):
        self.redis = redis.Redis(port=stage.redis_port)
        self.queue = rq.Queue("die", connection=self.redis)
        for _ in range(2):
            self.worker(stage)
        measure.until(lambda: len(rq.Worker.all(connection=self.redis)) == 2, 30, "RQ is up")

    @staticmethod
    def worker(stage):
        stage.start(["/usr/bin/rq", "worker", "--url", f"redis://127.0.0.1:{stage.redis_port}",
                     "die"])

    def call(self, way, where, tag, wait_s, limit_s):
        job = self.queue.enqueue_call("ways.run", (way, where, tag), timeout=limit_s or 180)
        end = time.monotonic() + wait_s
        while time.monotonic() < end:
            status = job.get_status(refresh=True)
            if status == JobStatus.FINISHED:
                return "ok", ""
            if status in (JobStatus.FAILED, JobStatus.STOPPED, JobStatus.CANCELED):
                return "failed", job.latest_result().exc_string or ""
            time.sleep(0.01)
        return "pending", ""
