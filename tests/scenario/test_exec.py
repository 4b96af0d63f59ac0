"""Commands: their input, output, status, and what keeps them from starting."""

import hashlib
import os

import pytest

import harness


@pytest.mark.parametrize("status", [0, 1, 3, 123, 200, 255])
def test_exit_status(node, status):
    answer = node.cli("run", "--", "sh", "-c", f"exit {status}")
    assert answer.status == status
    r = node.report("run", "--", "sh", "-c", f"exit {status}")
    assert (r["exit_status"], r["signal"]) == (status, None)
    assert r["verdict"] == ("ok" if status == 0 else "exit")


def test_output_is_passed_on(node):
    answer = node.cli("run", "--", "sh", "-c", "printf out; printf err >&2; exit 3")
    assert (answer.status, answer.out) == (3, b"out")
    assert b"err" in answer.err


@pytest.mark.parametrize("number", [6, 9, 11, 15])
def test_killed_by_a_signal(node, number):
    assert node.cli("run", "--", "sh", "-c", f"kill -{number} $$").status == 128 + number


def test_floods_on_both_streams(node):
    """Neither a full pipe nor the other one may hold it up."""
    script = "import sys\nfor i in range(2000):\n" \
             " sys.stdout.write('o' * 4096)\n sys.stderr.write('e' * 4096)\n"
    r = node.report("run", "--output-limit", "16M", "--", "/usr/bin/python3", "-c", script)
    assert r["verdict"] == "ok", r["message"]
    assert r["stdout"] == "o" * 4096 * 2000
    assert r["stderr"] == "e" * 4096 * 2000
    assert (r["stdout_truncated"], r["stderr_truncated"]) == (False, False)


def test_one_stream_after_the_other(node):
    r = node.report("run", "--output-limit", "4M", "--", "sh", "-c",
                    "head -c 3000000 /dev/zero >&2; head -c 3000000 /dev/zero")
    assert (len(r["stdout"]), len(r["stderr"])) == (3000000, 3000000)


@pytest.mark.parametrize("size", [0, 1, 65536, 65537, 1 << 20, 16 << 20])
def test_payload_on_standard_input(node, size):
    data = os.urandom(size)
    answer = node.cli("run", "--stdin", "--", "sha256sum", input=data)
    assert answer.status == 0, answer
    assert answer.text.split()[0] == hashlib.sha256(data).hexdigest()


def test_payload_that_is_not_read(node):
    data = b"x" * (4 << 20)
    assert node.cli("run", "--stdin", "--", "true", input=data).status == 0
    assert node.cli("run", "--stdin", "--", "head", "-c", "3", input=data).out == b"xxx"


def test_without_stdin_there_is_none(node):
    assert node.cli("run", "--", "cat", input=b"not for you").out == b""


def test_payload_too_large_is_refused_before_it_is_sent(node):
    answer = node.cli("run", "--stdin", "--", "cat", input=b"x" * ((16 << 20) + 1))
    assert answer.status == 125
    assert "16 MiB" in answer.errors


def test_missing_file(node):
    r = node.report("run", "--", "/no/such/program", "arg")
    assert (r["outcome"], r["verdict"], r["certainty"]) == \
        ("failed", "not_started", "proved")
    assert "/no/such/program" in r["message"]
    assert "No such file or directory" in r["message"]
    assert node.cli("run", "--", "/no/such/program").status == 126


def test_not_executable(node):
    r = node.report("run", "--", "/etc/passwd")
    assert r["verdict"] == "not_started"
    assert "Permission denied" in r["message"]


def test_working_directory(node):
    assert node.cli("run", "--cwd", "/usr/share", "--", "pwd").text == "/usr/share\n"
    r = node.report("run", "--cwd", "/no/such/folder", "--", "pwd")
    assert r["verdict"] == "not_started"
    assert "/no/such/folder" in r["message"]


def test_environment(node):
    answer = node.cli("run", "--env", "COLOUR=green", "--env", "EMPTY=", "--", "env")
    lines = answer.text.splitlines()
    assert "COLOUR=green" in lines and "EMPTY=" in lines
    assert any(line.startswith("PATH=") for line in lines)


def test_arguments_arrive_as_they_are(node):
    args = ["", " ", "a b", "*", "$HOME", "--help", "\n", "ü", "'\""]
    out = node.cli("run", "--", "printf", "[%s]", *args).text
    assert out == "".join(f"[{a}]" for a in args)


def test_grandchild_that_holds_stdout(node):
    r = node.report("run", "--", "sh", "-c", "sleep 3600 & echo started; echo $! >&2")
    assert (r["verdict"], r["stdout"]) == ("ok", "started\n")
    assert r["leftover_processes"] == 1
    left = int(r["stderr"])
    harness.until("the grandchild is dead", lambda: not harness.alive(left))


def test_many_left_behind(node):
    r = node.report("call", "forks", "8")
    assert (r["verdict"], r["result"], r["leftover_processes"]) == ("ok", "8", 8)


def test_large_payload_of_a_handler(node):
    data = os.urandom(16 << 20)
    answer = node.cli("call", "--payload-file", "-", "echo", input=data)
    assert answer.status == 0
    assert answer.out == data


def test_grandchild_in_a_session_of_its_own(node):
    r = node.report("run", "--", "sh", "-c", "setsid sleep 3600 & echo started")
    assert (r["verdict"], r["stdout"]) == ("ok", "started\n")


def test_yes_with_a_time_limit(node):
    answer = node.cli("run", "--time-limit", "200ms", "--", "yes")
    assert answer.status == 124
    assert answer.out.startswith(b"y\ny\n")
    assert "time limit" in answer.errors


def test_more_arguments_than_the_kernel_takes(node):
    r = node.report("run", "--", "true", *["x" * 100000] * 15)
    assert r["verdict"] in ("ok", "not_started")
    answer = node.cli("run", "--", "true", *["x"] * 20000)
    assert answer.status in (2, 125)
    assert "16384" in answer.errors


def test_not_allowed(redis, worker, cli):
    worker(redis)
    r = cli.report("run", "--", "true")
    assert (r["outcome"], r["verdict"], r["certainty"]) == \
        ("failed", "not_started", "proved")
    assert "--allow-exec" in r["message"]


def test_map_with_a_command(node):
    answer = node.cli("map", "--json", "--", "expr", "{}", "+", "1", input=b"1\n2\n3\n")
    assert sorted(r["stdout"] for r in answer.reports) == ["2\n", "3\n", "4\n"]
    answer = node.cli("map", "--keep-order", "upper", input=b"a\nb\nc\n")
    assert answer.text.split() == ["A", "B", "C"]
