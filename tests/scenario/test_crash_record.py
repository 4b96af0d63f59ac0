"""What a handler's process says of its own death, and what that is worth."""

import os
import shutil
import signal
import subprocess

import pytest

import harness

FAULTS = os.path.join(os.path.dirname(__file__), "..", "..", "worker", "modules", "faults")

# handler, signal, code, in words, function, the source line it died on (None: a call's)
WAYS = [
    ("segv", "SIGSEGV", "SEGV_MAPERR", "null pointer: write to address 0x10",
     "write_unmapped", "*(volatile int *)unmapped = 1;"),
    ("nullread", "SIGSEGV", "SEGV_MAPERR", "null pointer: read of address 0x4",
     "read_field", "sink = no_row->width;"),
    ("nullcall", "SIGSEGV", "SEGV_MAPERR", "null pointer: jump to address 0x0",
     "call_null", "no_function();"),
    ("wildread", "SIGSEGV", "SI_KERNEL", "general protection fault", "read_wild",
     "sink = *(volatile int *)wild;"),
    ("readonly", "SIGSEGV", "SEGV_ACCERR", "faults.so", "write_constant",
     "*(volatile int *)constant_at = 1;"),
    ("stack", "SIGSEGV", "SEGV_MAPERR", "at the end of its stack of 8 MiB", "recurse",
     None),
    ("threadcrash", "SIGSEGV", "SEGV_MAPERR", "null pointer", "write_unmapped",
     "*(volatile int *)unmapped = 1;"),
    ("div0", "SIGFPE", "FPE_INTDIV", "integer division by zero", "divide",
     "return one / by;"),
    ("abort", "SIGABRT", "SI_TKILL", "it aborted itself", "crash_abort", "abort();"),
    ("assert", "SIGABRT", "SI_TKILL", "Assertion `rows_left == 0' failed", "check_rows",
     "assert(rows_left == 0);"),
    ("smash", "SIGABRT", "SI_TKILL", "it aborted itself", "smash_stack", None),
]


def source_lines(name, text):
    with open(os.path.join(FAULTS, name)) as f:
        return [n for n, line in enumerate(f, 1) if text in line]


def evidence(report, source):
    return [e["after"] for e in report["evidence"] if e["source"] == source]


def first_of_faults(report):
    """The topmost frame in the module."""
    return next(f for f in report["backtrace"] if f["module"].endswith("/faults.so"))


def check_frames(report):
    for frame in report["backtrace"]:
        if frame["module"]:
            assert frame["build_id"] is None or int(frame["build_id"], 16)
            assert frame["offset"] >= 0
    assert first_of_faults(report)["build_id"]


@pytest.mark.parametrize("way", WAYS, ids=lambda w: w[0])
def test_cause_function_and_line(node, way):
    handler, name, code, words, function, line = way
    r = node.report("call", handler)
    assert (r["verdict"], r["certainty"]) == ("signal", "proved")
    assert (r["signal"]["name"], r["signal"]["code_name"]) == (name, code)
    assert words in r["message"], r["message"]
    assert f"in {function} (" in r["message"], r["message"]
    check_frames(r)
    frame = first_of_faults(r)
    assert frame["function"] == function
    if line:
        name = os.path.basename(frame["file"])
        assert frame["line"] in source_lines(name, line), frame
    assert any("frames" in text for text in evidence(r, "crash record"))


def test_addresses(node):
    assert node.report("call", "segv")["signal"]["fault_address"] == "0x10"
    assert node.report("call", "nullcall")["signal"]["fault_address"] == "0x0"
    # the processor gives none: not even zero
    r = node.report("call", "wildread")
    assert r["signal"]["fault_address"] is None
    assert "null" not in r["message"]


def test_deep_stack_keeps_both_ends(node):
    r = node.report("call", "stack")
    functions = [f["function"] for f in r["backtrace"]]
    assert len(functions) == 64
    assert functions[:48] == ["recurse"] * 48
    assert "crash_stack" in functions[48:] and functions[-1] == "_start"
    assert any("the first 48 and the last 16 are kept" in text
               for text in evidence(r, "crash record"))


@pytest.mark.crash_record
def test_overflow_in_a_thread_leaves_no_record(node):
    """There is no stack left to record it on: said, not guessed at."""
    r = node.report("call", "threadstack")
    assert (r["signal"]["name"], r["signal"]["code_name"]) == ("SIGSEGV", None)
    assert r["backtrace"] == []
    assert any("nothing: a thread without room" in text
               for text in evidence(r, "crash record"))


@pytest.mark.crash_record
def test_abort_message_of_the_heap(node):
    r = node.report("call", "heap")
    assert r["signal"]["name"] == "SIGABRT"
    assert "it aborted itself: free(): double free detected" in r["message"]
    assert "in free_twice (record.c:" in r["message"]


def test_beyond_the_end_of_a_file(node, tmp_path):
    path = str(tmp_path / "short")
    r = node.report("call", "truncated", path)
    assert (r["signal"]["name"], r["signal"]["code_name"]) == ("SIGBUS", "BUS_ADRERR")
    assert f"byte 524288 of {path}, which has 100" in r["message"]
    assert first_of_faults(r)["function"] == "read_mapped"


def test_no_space_for_shared_memory(node, tmp_path):
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", tmp_path],
                             stderr=subprocess.DEVNULL).returncode == 0
    if not mounted:
        pytest.skip("may not mount a file system of 64 KiB")
    try:
        path = str(tmp_path / "table")
        r = node.report("call", "mapfill", path)
    finally:
        subprocess.run(["umount", tmp_path], check=True)
    assert (r["signal"]["name"], r["signal"]["code_name"]) == ("SIGBUS", "BUS_ADRERR")
    assert f"no space where {path} is (0 bytes free)" in r["message"]


def pid_behind(node, door):
    """The child that waits at the gate."""
    def look():
        for pid in harness.children(node.worker.pid):
            try:
                if door.path in [os.readlink(f"/proc/{pid}/fd/{n}")
                                 for n in os.listdir(f"/proc/{pid}/fd")]:
                    return pid
            except OSError:
                continue
        return None
    return harness.until("somebody waits at the gate", look)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGXCPU,
                                    signal.SIGXFSZ], ids=lambda n: n.name)
def test_sent_by_somebody(node, gate, number):
    door = gate()
    task = node.cli.submit("--cpu-time", "10s", "--file-size", "1G", "gate", door.path)
    door.reached()
    os.kill(pid_behind(node, door), number)
    r = node.cli.wait(task)[task]
    assert (r["verdict"], r["certainty"]) == ("signal", "proved")
    assert r["signal"]["name"] == number.name
    assert r["signal"]["code_name"] == "SI_USER"
    assert r["signal"]["sender_pid"] == os.getpid()
    assert f"sent by process {os.getpid()} of user {os.getuid()}" in r["message"]
    assert "limit_gate" in [f["function"] for f in r["backtrace"]]


@pytest.mark.parametrize("handler,payload,function", [
    ("spin", "", "limit_spin"), ("sleep", "600000", "limit_sleep"),
    ("ignoreterm", "", "limit_ignoreterm")])
def test_where_it_was_at_its_time_limit(redis, worker, cli, handler, payload, function):
    worker(redis, "--kill-grace", "100ms")
    r = cli.report("call", "--time-limit", "200ms", handler, payload)
    assert (r["verdict"], r["certainty"]) == ("time_limit", "proved")
    assert f"at the limit it was in {function} (limit.c:" in r["message"]
    check_frames(r)
    assert function in [f["function"] for f in r["backtrace"]]
    assert r["signal"]["name"] == ("SIGKILL" if handler == "ignoreterm" else "SIGTERM")
    assert r["signal"]["code_name"] is None


def test_program_that_took_the_handlers_place_is_not_asked(redis, worker, cli):
    """It knows nothing of the question, and would die of it."""
    worker(redis, "--kill-grace", "20s")
    r = cli.report("call", "--time-limit", "300ms", "become",
                   "trap 'echo cleaned up; exit 7' TERM; sleep 600 & wait")
    assert (r["verdict"], r["certainty"]) == ("time_limit", "proved")
    assert r["stdout"] == "cleaned up\n"
    assert "stopped by this worker, and exited with status 7" in r["message"]


def test_killed_by_another_after_its_time_limit(redis, worker, cli):
    worker(redis, "--allow-exec", "--kill-grace", "1m")
    r = cli.report("run", "--time-limit", "300ms", "--", "sh", "-c",
                   "trap 'kill -9 $$' TERM; sleep 600 & wait")
    assert (r["verdict"], r["certainty"]) == ("time_limit", "proved")
    assert "killed by SIGKILL, which this worker had not sent yet" in r["message"]


@pytest.mark.parametrize("number", [9, 15, 11, 6])
def test_last_note(node, number):
    r = node.report("call", "note", number)
    assert r["signal"]["number"] == number
    assert r["message"].endswith("; last note: parsing row 81234")
    assert evidence(r, "note") == ["parsing row 81234"]


def test_note_of_one_that_returned_is_nobodys_business(node):
    r = node.report("call", "note", "0")
    assert r["verdict"] == "ok"
    assert evidence(r, "note") == []


@pytest.mark.parametrize("number", [0, 6, 9, 11, 15])
def test_scribbled_record(node, number):
    """It costs its own report, and not even the verdict there."""
    r = node.report("call", "forge", number)
    if number == 0:
        assert r["verdict"] == "ok"
    else:
        assert (r["verdict"], r["signal"]["number"]) == ("signal", number)
        assert r["certainty"] == ("unknown" if number == 9 else "proved")
    if number == 11:  # the forged record is of this signal: taken, and bounded
        assert len(r["backtrace"]) == 64
        assert {f["function"] for f in r["backtrace"]} == {None}
    if number in (9, 15):
        assert r["signal"]["code_name"] is None
        assert r["backtrace"] == []
    assert node.cli("call", "echo", "on it goes").text == "on it goes"
    assert node.worker.popen.poll() is None


def test_a_command_has_no_record(node):
    r = node.report("run", "--", "sh", "-c", "kill -SEGV $$")
    assert (r["signal"]["name"], r["signal"]["code_name"]) == ("SIGSEGV", None)
    assert r["backtrace"] == []
    assert evidence(r, "crash record") == []


def test_why_tells_the_story(node):
    task = node.cli.submit("nullread")
    node.cli.wait(task)
    text = node.cli("why", task).text
    assert "null pointer: read of address 0x4" in text
    assert "#0 read_field in " in text and "memory.c:" in text
    assert "as the process reported it" in text


def test_many_at_once(node):
    tasks = [node.cli.submit("segv") for _ in range(40)]
    reports = node.cli.wait(*tasks)
    assert {first_of_faults(r)["function"] for r in reports.values()} == {"write_unmapped"}


def runner_alone(directory):
    """A copy of the runner, with no reapq-symbolize beside it yet."""
    path = str(directory / "reapq-runner")
    shutil.copy(harness.program("reapq-runner"), path)
    return {"REAPQ_RUNNER": path}


@pytest.mark.parametrize("helper", [None, "exit 1", "exec sleep 1000", "echo junk >&3"],
                         ids=["missing", "dies", "hangs", "babbles"])
def test_without_names_a_report_has_modules_and_offsets(redis, worker, cli, tmp_path,
                                                        helper):
    env = runner_alone(tmp_path)
    if helper:
        path = tmp_path / "reapq-symbolize"
        path.write_text("#!/bin/sh\n" + helper + "\n")
        path.chmod(0o755)
    worker(redis, env=env)
    for _ in range(2):
        r = cli.report("call", "segv")
        assert "null pointer: write to address 0x10, in faults.so+0x" in r["message"]
        check_frames(r)
        assert {f["function"] for f in r["backtrace"]} == {None}
        assert {f["line"] for f in r["backtrace"]} <= {None, 0}


def test_a_module_that_was_replaced_is_not_named(redis, worker, cli, tmp_path):
    """Another build has other lines: none are better than wrong ones."""
    path = str(tmp_path / "faults.so")
    shutil.copy(harness.module("faults"), path)
    worker(redis, "--module", path, modules=())
    assert first_of_faults(cli.report("call", "segv"))["function"] == "write_unmapped"
    shutil.copy(harness.module("text"), path + ".new")
    os.rename(path + ".new", path)
    r = cli.report("call", "segv")
    frame = first_of_faults(r)
    assert (frame["function"], frame["file"]) == (None, None)
    assert frame["build_id"] and frame["module"] == path
