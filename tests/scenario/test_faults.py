"""Each way to die, its verdict, and how sure the report is."""

import os
import re
import signal

import pytest

import harness

# handler, payload, outcome, verdict, certainty, signal, exit status
WAYS = [
    ("segv", "", "crashed", "signal", "proved", signal.SIGSEGV, None),
    ("threadcrash", "", "crashed", "signal", "proved", signal.SIGSEGV, None),
    ("stack", "", "crashed", "signal", "proved", signal.SIGSEGV, None),
    ("abort", "", "crashed", "signal", "proved", signal.SIGABRT, None),
    ("div0", "", "crashed", "signal", "proved", signal.SIGFPE, None),
    ("stderr", "10", "crashed", "signal", "proved", signal.SIGABRT, None),
    ("kill", "4", "crashed", "signal", "proved", signal.SIGILL, None),
    ("kill", "7", "crashed", "signal", "proved", signal.SIGBUS, None),
    ("kill", "9", "crashed", "signal", "unknown", signal.SIGKILL, None),
    ("cut", "50 1", "crashed", "signal", "unknown", signal.SIGKILL, None),
    ("exit0", "", "failed", "exit", "proved", None, 0),
    ("exit3", "", "failed", "exit", "proved", None, 3),
    ("error", "it is Tuesday", "failed", "error", "proved", None, 0),
    ("nosuchhandler", "", "failed", "not_started", "proved", None, None),
]

FIELDS = """id queue handler tag outcome verdict certainty message evidence result stdout
    stderr stdout_truncated stderr_truncated exit_status signal core_dumped backtrace
    limits usage attempt max_attempts attempts worker host pid isolation hardening
    leftover_processes submitted_at started_at ended_at""".split()
LIMITS = "memory cpu_ms time_ms file_size open_files processes stack output result".split()
USAGE = """wall_ms user_ms system_ms peak_memory memory_source minor_faults major_faults
    block_in block_out voluntary_switches involuntary_switches""".split()


def check_fields(report):
    """Never missing; null where it does not apply."""
    assert not [f for f in FIELDS if f not in report]
    assert not [f for f in LIMITS if f not in report["limits"]]
    assert not [f for f in USAGE if f not in report["usage"]]
    assert report["evidence"], "nothing was looked at"
    for piece in report["evidence"]:
        assert set(piece) >= {"source", "what", "before", "after"}
    assert "\n" not in report["message"]
    last = report["attempts"][-1]
    assert (last["verdict"], last["message"]) == (report["verdict"], report["message"])
    assert set(last) >= {"certainty", "worker", "started_at", "ended_at"}


@pytest.mark.parametrize("way", WAYS, ids=lambda w: f"{w[0]}-{w[1]}".replace(" ", "_"))
def test_verdict(node, way):
    handler, payload, outcome, verdict, certainty, number, status = way
    r = node.report("call", handler, payload)
    check_fields(r)
    assert (r["outcome"], r["verdict"], r["certainty"]) == (outcome, verdict, certainty), r
    if number is None:
        assert r["signal"] is None
    else:
        assert r["signal"]["number"] == number
        assert r["signal"]["name"] == number.name
        assert number.name in r["message"]
    if verdict != "not_started":
        assert r["exit_status"] == status
        assert r["pid"] > 0
        assert r["submitted_at"] <= r["started_at"] <= r["ended_at"]
        assert r["usage"]["peak_memory"] > 0
    assert r["result"] is None
    assert (r["attempt"], r["max_attempts"]) == (1, 1)


def test_a_task_that_returned_has_a_report_too(node):
    r = node.report("call", "--tag", "mine", "echo", "hello")
    check_fields(r)
    assert (r["outcome"], r["verdict"], r["certainty"]) == ("returned", "ok", "proved")
    assert (r["handler"], r["queue"], r["tag"]) == ("echo", "default", "mine")
    assert (r["exit_status"], r["signal"], r["core_dumped"]) == (0, None, False)
    assert r["result"] == "hello"


def test_bytes_that_are_no_text(node):
    r = node.report("call", "--payload-file", "-", "echo", input=b"\xff\x00\xfe")
    assert r["result_base64"] == "/wD+"


def test_error_is_worded_by_the_handler(node):
    assert "it is Tuesday" in node.report("call", "error", "it is Tuesday")["message"]


def test_no_such_handler_is_named(node):
    assert "nosuchhandler" in node.report("call", "nosuchhandler")["message"]


def test_output_of_a_handler_is_kept(node):
    r = node.report("call", "print", "words")
    assert (r["verdict"], r["stdout"], r["stderr"]) == ("ok", "words", "words")


def test_what_it_wrote_last_before_it_died(node):
    r = node.report("call", "--output-limit", "64K", "stderr", str(1 << 20))
    assert r["signal"]["number"] == signal.SIGABRT
    assert r["stderr"] == "e" * (64 << 10)
    assert r["stderr_truncated"] is True


def test_garbage_on_its_channel(node):
    r = node.report("call", "badframe")
    assert (r["outcome"], r["verdict"]) == ("failed", "error")
    assert "channel" in r["message"]


@pytest.mark.parametrize("handler", ["runaway", "holdout"])
def test_processes_left_behind(node, handler):
    """The future settles at once; what was left behind dies, and is counted."""
    r = node.report("call", handler)
    assert (r["outcome"], r["verdict"]) == ("returned", "ok")
    left = int(r["result"])
    harness.until("what was left behind is dead", lambda: not harness.alive(left))
    assert r["leftover_processes"] >= 1
    assert "left behind" in r["message"]


def test_killed_from_outside(node, gate):
    """Nobody sees who sent a SIGKILL, so nobody is blamed."""
    door = gate()
    task = node.cli.submit("--", "sh", "-c", f"echo $$ > {door.path}; exec sleep 3600")
    with open(door.path) as f:
        pid = int(f.read())
    os.kill(pid, signal.SIGKILL)
    r = node.cli.wait(task)[task]
    assert (r["outcome"], r["verdict"], r["certainty"]) == \
        ("crashed", "signal", "unknown")
    assert (r["pid"], r["signal"]["number"]) == (pid, 9)


def test_why_says_it_in_words(node):
    task = node.cli.submit("segv")
    node.cli.wait(task)
    answer = node.cli("why", task)
    assert answer.status == 0, answer
    assert "SIGSEGV" in answer.text
    assert "proved" in answer.text
    assert "waitid" in answer.text


def test_what_a_child_is_given(redis, worker, cli):
    """No foreign descriptor, no Redis, no password."""
    password = "hunter2-and-more"
    redis.client().config_set("requirepass", password)
    env = {"REAPQ_REDIS_PASSWORD": password}
    worker(redis, "--allow-exec", env=env)
    text = cli("call", "fds", env=env).text
    fds = dict(re.findall(r"^fd (\d+) (.*)$", text, re.M))
    assert fds.pop("0") == "/dev/null"
    assert all(fds.pop(n).startswith(("pipe:", "socket:")) for n in "12")
    assert len(fds) == 1 and list(fds.values())[0].startswith("socket:"), fds
    assert not re.search(r"^env REAPQ_REDIS", text, re.M)
    assert password not in text
    out = cli("run", "--", "sh", "-c",
              "env; ls -l /proc/self/fd; cat /proc/self/cmdline", env=env).text
    assert password not in out and "REAPQ_REDIS" not in out
    assert redis.socket not in out
    assert "socket:" not in out
