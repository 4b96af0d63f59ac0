"""Each limit of the contract: in force, enforced, and named by the verdict."""

import signal

import pytest

import harness


def verdict(report):
    return report["outcome"], report["verdict"], report["certainty"]


def test_time_limit(node):
    r = node.report("call", "--time-limit", "200ms", "spin")
    assert verdict(r) == ("crashed", "time_limit", "proved")
    assert r["limits"]["time_ms"] == 200
    assert "200 ms" in r["message"]
    assert node.cli("call", "--time-limit", "100ms", "spin").status == 124


def test_time_limit_of_one_that_ignores_sigterm(redis, worker, cli):
    worker(redis, "--kill-grace", "100ms")
    r = cli.report("call", "--time-limit", "100ms", "ignoreterm")
    assert verdict(r) == ("crashed", "time_limit", "proved")
    assert r["signal"]["number"] == signal.SIGKILL


def test_time_limit_reaches_the_whole_group(node):
    r = node.report("run", "--time-limit", "200ms", "--", "sh", "-c", "sleep 3600 & yes")
    assert verdict(r) == ("crashed", "time_limit", "proved")
    assert r["stdout"].startswith("y\ny\n")


def test_time_limit_of_one_that_has_stopped(redis, worker, cli):
    """A stopped process does not see SIGTERM; SIGKILL ends it all the same."""
    worker(redis, "--kill-grace", "50ms")
    r = cli.report("call", "--time-limit", "100ms", "kill", str(signal.SIGSTOP.value))
    assert verdict(r) == ("crashed", "time_limit", "proved")


def test_time_limit_of_one_that_forks_for_ever(node):
    r = node.report("run", "--time-limit", "200ms", "--", "sh", "-c",
                    "while :; do sleep 3600 & setsid sleep 3600 & done")
    assert verdict(r) == ("crashed", "time_limit", "proved")
    harness.until("all of them are dead", lambda: not [
        p for p, s in harness.children(node.worker.pid).items() if s[0] in ("sleep", "sh")])
    assert node.cli("call", "echo", "still here").text == "still here"


def test_cpu_limit(node):
    r = node.report("call", "--cpu-time", "1s", "spin")
    # The kernel strikes by its ticks: on a busy machine before rusage shows the limit.
    # That it was the kernel is in the crash record.
    used = r["usage"]["user_ms"] + r["usage"]["system_ms"]
    assert verdict(r) == ("crashed", "cpu_limit", "proved")
    assert r["signal"]["code_name"] == "SI_KERNEL"
    assert r["signal"]["number"] == signal.SIGXCPU
    assert r["limits"]["cpu_ms"] == 1000
    assert used >= 500


def test_cpu_signal_that_is_not_the_limits(node):
    """Two processes use more than the limit together, but none of them by itself."""
    use = "python3 -c 'import time\nwhile time.process_time() < .6: pass'"
    r = node.report("run", "--cpu-time", "1s", "--", "sh", "-c",
                    f"{use}; {use}; kill -XCPU $$")
    assert verdict(r) == ("crashed", "signal", "proved")
    assert r["signal"]["number"] == signal.SIGXCPU


def test_file_size_limit(node):
    r = node.report("call", "--file-size", "1M", "xfsz", "2")
    assert verdict(r) == ("crashed", "file_size_limit", "proved")
    assert r["signal"]["number"] == signal.SIGXFSZ
    assert r["limits"]["file_size"] == 1 << 20
    assert node.cli("call", "--file-size", "4M", "xfsz", "2").text == "2"


def test_file_size_signal_of_a_command_may_be_anybodys(node):
    r = node.report("run", "--file-size", "1M", "--", "sh", "-c", "kill -XFSZ $$")
    assert verdict(r) == ("crashed", "file_size_limit", "likely")
    assert "it probably wrote a file past its limit" in r["message"]


def test_open_files_limit(node):
    r = node.report("call", "--open-files", "32", "leakfd")
    assert r["limits"]["open_files"] == 32
    assert 0 < int(r["result"]) < 32


def test_stack_limit(node):
    r = node.report("run", "--stack", "1M", "--", "sh", "-c", "ulimit -s")
    assert (r["stdout"], r["limits"]["stack"]) == ("1024\n", 1 << 20)
    assert verdict(node.report("call", "--stack", "1M", "stack")) == \
        ("crashed", "signal", "proved")


def test_processes_limit(node):
    """A cgroup's limit where there is one; else an rlimit, from which root is exempt."""
    if not harness.limits_memory():
        r = node.report("run", "--processes", "50", "--", "bash", "-c", "ulimit -u")
        assert (r["stdout"], r["limits"]["processes"]) == ("50\n", 50)
        return
    r = node.report("call", "--processes", "10", "forks", "20")
    assert (r["verdict"], r["result"]) == ("ok", "9")
    assert r["leftover_processes"] == 9
    refused = [e for e in r["evidence"] if e["source"] == "pids.events"]
    assert int(refused[0]["after"]) == int(refused[0]["before"]) + 1


def test_core_limit(node):
    r = node.report("run", "--core", "1M", "--", "bash", "-c", "ulimit -c")
    assert r["stdout"] == "1024\n"
    assert node.cli("run", "--", "bash", "-c", "ulimit -c").text == "0\n"


@pytest.mark.rlimit_memory
def test_memory_limit(node):
    """By the kernel or by the worker's watch: the task is stopped, and it is proved."""
    r = node.report("call", "--memory", "64M", "alloc", "1024")
    assert verdict(r) == ("crashed", "memory_limit", "proved"), r
    assert r["limits"]["memory"] == 64 << 20
    assert r["signal"]["number"] == signal.SIGKILL
    assert "64 MiB" in r["message"]
    assert node.cli("call", "--memory", "64M", "alloc", "32").text == "32"


@pytest.mark.rlimit_memory
def test_memory_rlimit(redis, worker, cli):
    """On request: malloc fails at the limit, and the task may take that well."""
    worker(redis, "--memory-rlimit", "--allow-exec")
    r = cli.report("call", "--memory", "64M", "alloc", "256 fail")
    assert verdict(r) == ("failed", "error", "proved")
    assert "no memory after" in r["message"]
    r = cli.report("run", "--memory", "64M", "--", "/usr/bin/python3", "-c",
                   "x = bytearray(256 << 20)")
    assert (r["outcome"], r["verdict"], r["exit_status"]) == ("failed", "exit", 1)
    assert "MemoryError" in r["stderr"]


def test_result_limit(node):
    r = node.report("call", "--result-limit", "1M", "big", "2")
    assert verdict(r) == ("failed", "result_limit", "proved")
    assert r["limits"]["result"] == 1 << 20
    assert r["result"] is None
    assert "1 MiB" in r["message"]
    assert node.report("call", "--result-limit", "2M", "big", "2")["verdict"] == "ok"


def test_output_limit_drops_and_flags_but_never_kills(node):
    r = node.report("run", "--output-limit", "4K", "--", "sh", "-c",
                    "yes | head -c 100000; yes n | head -c 100000 >&2; echo end >&2")
    assert (r["verdict"], r["limits"]["output"]) == ("ok", 4096)
    assert r["stdout"] == "y\n" * 2048
    assert len(r["stderr"]) == 4096 and r["stderr"].endswith("n\nend\n")
    assert (r["stdout_truncated"], r["stderr_truncated"]) == (True, True)


def test_ceilings(redis, worker, cli):
    """More than allowed is asked: the ceiling is in force, and the report shows it."""
    worker(redis, "--max-time-limit", "300ms", "--max-open-files", "40",
           "--max-result-limit", "1M", "--max-output-limit", "1K")
    r = cli.report("call", "--time-limit", "1h", "--open-files", "1000",
                   "--result-limit", "1G", "--output-limit", "1G", "spin")
    assert verdict(r) == ("crashed", "time_limit", "proved")
    limits = r["limits"]
    assert (limits["time_ms"], limits["open_files"]) == (300, 40)
    assert (limits["result"], limits["output"]) == (1 << 20, 1 << 10)
    assert verdict(cli.report("call", "--time-limit", "none", "spin")) == \
        ("crashed", "time_limit", "proved")


def test_defaults(redis, worker, cli):
    worker(redis, "--default-time-limit", "200ms", "--default-cpu-time", "20s",
           env={"REAPQ_DEFAULT_OPEN_FILES": "50"})
    r = cli.report("call", "spin")
    assert verdict(r) == ("crashed", "time_limit", "proved")
    assert (r["limits"]["cpu_ms"], r["limits"]["open_files"]) == (20000, 50)
    assert cli.report("call", "--time-limit", "1h", "sleep", "400")["verdict"] == "ok"


def test_no_limit_is_null(node):
    r = node.report("call", "echo")
    assert (r["limits"]["memory"], r["limits"]["time_ms"]) == (None, None)
    assert r["limits"]["result"] == 64 << 20
