"""gearman -w: a command for each job, by fork and exec."""

import subprocess
import sys

import measure


class Peer:
    name = "gearman -w"
    settings = "two `gearman -w` that run a command for each job; a client with " \
        "`-t 2000` where a limit is asked for"
    not_for = {"exit0": "a command that exits 0 has ended well"}

    def version(self):
        out = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "gearman-tools"],
                             capture_output=True, text=True)
        return out.stdout.split("-")[0].split("+")[0] or "?"

    def start(self, stage):
        self.port = str(measure.free_port())
        stage.start(["gearmand", "-p", self.port, "-L", "127.0.0.1", "-l", "stderr"], inside=False)
        measure.until(lambda: stage.open(int(self.port)), 20, "gearmand answers")
        for _ in range(2):
            self.worker(stage)

    def worker(self, stage):
        stage.start(["gearman", "-w", "-h", "127.0.0.1", "-p", self.port, "-f", "die",
                     "--", sys.executable, measure.HERE + "/ways.py"])

    def call(self, way, where, tag, wait_s, limit_s):
        argv = ["gearman", "-h", "127.0.0.1", "-p", self.port, "-f", "die"]
        if limit_s:
            argv += ["-t", str(limit_s * 1000)]
        try:
            done = subprocess.run(argv + [f"{way} {where} {tag}"], capture_output=True,
                                  stdin=subprocess.DEVNULL, timeout=wait_s, text=True)
        except subprocess.TimeoutExpired:
            return "pending", ""
        if "GEARMAN_TIMEOUT" in done.stderr:
            return "failed", f"client's status {done.returncode}: timeout reached"
        if done.returncode == 0:
            return "ok", f"status 0, {len(done.stdout)} bytes of result"
        return "failed", f"client's status {done.returncode}: {done.stderr.strip()}"
