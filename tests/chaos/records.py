"""What a history is made of. Plain data, so that bad ones can be made by hand."""

import dataclasses
import json
from typing import Optional


@dataclasses.dataclass
class Task:
    """What was asked for."""
    key: str
    action: str = "echo"       # see mark.h; "hang" sleeps for longer than anybody waits
    arg: int = 0
    max_attempts: int = 1
    max_lost: int = 3
    cancel: Optional[str] = None  # "queued" or "running"
    deadline_s: float = 0
    delay_s: float = 0
    time_limit_s: float = 0
    unique: Optional[str] = None
    command: bool = False      # as an exec task
    lossy: bool = False        # Redis lost data while it may have been open
    submitted: float = 0       # when it was first sent

    @property
    def once(self):
        return self.max_lost == 0 and self.max_attempts == 1

    def payload(self):
        return f"{self.key} {self.action} {self.arg}"


FIELDS = ("id", "outcome", "verdict", "certainty", "message", "attempt", "worker", "pid",
          "tag", "started_at", "ended_at", "submitted_at", "exit_status")


@dataclasses.dataclass
class Report:
    """What a waiter was told; of a large result, how long it is."""
    id: str
    outcome: str = "returned"
    verdict: str = "ok"
    certainty: str = "proved"
    message: str = ""
    attempt: int = 1
    worker: str = ""
    pid: Optional[int] = None
    tag: Optional[str] = None
    started_at: Optional[float] = None
    ended_at: Optional[float] = None
    submitted_at: Optional[float] = None
    exit_status: Optional[int] = None
    signal: Optional[int] = None
    text: Optional[str] = None     # "KEY NONCE BYTES" of a result or of stdout
    more: int = 0                  # bytes after that
    attempts: list = dataclasses.field(default_factory=list)
    input: Optional[str] = None

    @staticmethod
    def of(line):
        raw = json.loads(line)
        report = Report(**{f: raw[f] for f in FIELDS})
        report.signal = raw["signal"] and raw["signal"]["number"]
        report.attempts = raw["attempts"] or []
        report.input = raw.get("input")
        text = raw["result"] if raw["result"] is not None else raw["stdout"]
        if text is not None:
            words = text.split("x", 1) if text.endswith("x") else [text]
            # The nonce is digits and hexadecimal: the first x begins the filling.
            report.text, report.more = words[0], len(text) - len(words[0])
        return report

    def verdict_line(self):
        """What all waiters of a task have to agree on."""
        return (self.verdict, self.attempt, self.worker, self.pid, self.text, self.more,
                self.ended_at)


@dataclasses.dataclass
class Waiter:
    name: str
    keys: list                 # what it waited for, each to be told once
    reports: list = dataclasses.field(default_factory=list)
    died: bool = False         # killed, or gave up: what it was not told it need not be
    unknown: list = dataclasses.field(default_factory=list)  # "there is no task"
    lossy: bool = False        # Redis lost data meanwhile
    began: float = 0
    ended: float = 0


@dataclasses.dataclass
class Mark:
    what: str                  # S or E
    id: str
    attempt: int
    worker_pid: int
    pid: int
    at: float
    nonce: str
    key: str

    @staticmethod
    def of(line):
        what, id_, attempt, wpid, pid, ns, nonce, key = line.split()
        return Mark(what, id_, int(attempt), int(wpid), int(pid), int(ns) / 1e9, nonce, key)


@dataclasses.dataclass
class Fault:
    kind: str
    start: float
    end: float
    node: str = ""
    pids: list = dataclasses.field(default_factory=list)
    note: str = ""


@dataclasses.dataclass
class History:
    tasks: dict = dataclasses.field(default_factory=dict)   # by key
    waiters: list = dataclasses.field(default_factory=list)
    marks: list = dataclasses.field(default_factory=list)
    faults: list = dataclasses.field(default_factory=list)
    lives: list = dataclasses.field(default_factory=list)   # of workers, as dicts
    left: list = dataclasses.field(default_factory=list)    # words: what was left behind
    losses: int = 0                                         # how often Redis lost data


@dataclasses.dataclass
class Violation:
    rule: str
    id: str
    text: str
