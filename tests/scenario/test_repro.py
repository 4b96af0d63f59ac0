"""reapq repro: a death once more, here, and nothing of it where the task came from."""

import json
import os
import re
import shutil
import stat
import subprocess

import msgpack
import pytest

import harness
from deadlist import BASE, died

needs_gdb = pytest.mark.skipif(not shutil.which("gdb"), reason="no gdb here")
# A sanitizer's runtime has shadow memory and handlers of its own in the process.
no_asan = pytest.mark.skipif(harness.ASAN, reason="not with a sanitizer")

ALL = [f for name in ("text", "hash", "faults") for f in ("--module", harness.module(name))]


def dump(client):
    """Every key: what is in it, and whether it expires."""
    return {k: (client.dump(k), client.pttl(k) >= 0) for k in client.keys("*")}


@pytest.fixture
def died_there(node):
    """died_there(*args): the id of a task that has ended, and its report."""
    def make(*args, **more):
        task = node.cli.submit(*args, **more)
        return task, node.cli.wait(task)[task]
    return make


def repro(cli, task, *flags, modules=ALL, **more):
    return cli("repro", *modules, *flags, task, **more)


def gdb(cli, task, *commands, **more):
    """What gdb printed."""
    args = ["-batch", "-nx", *(a for c in commands for a in ("-ex", c))]
    return cli("repro", *ALL, "--gdb", task, "--", *args, **more)


WAYS = {
    "segv": (["segv"], "signal SIGSEGV in faults.so!write_unmapped"),
    "abort": (["abort"], "signal SIGABRT in faults.so!crash_abort"),
    "exit": (["exit3"], "exit 3"),
    "error": (["error", "said so"], "error"),
    "result": (["--result-limit", "1K", "big", "1"], "result_limit"),
    "files": (["--file-size", "1M", "xfsz", "2"], "file_size_limit SIGXFSZ"),
    "time": (["--time-limit", "100ms", "sleep", "600000"], "time_limit SIGTERM"),
    "command": (["--", "sh", "-c", "exit 3"], "exit 3"),
    "command-signal": (["--", "sh", "-c", "kill -ABRT $$"], "signal SIGABRT"),
}


@pytest.mark.parametrize("way", [
    pytest.param(w, marks=pytest.mark.crash_record) if w in ("segv", "abort") else w
    for w in WAYS])
def test_reproduced(node, died_there, way):
    args, what = WAYS[way]
    task, there = died_there(*args)
    answer = repro(node.cli, task)
    assert answer.status == 0, answer
    assert "the same: " + what in answer.errors, answer
    here = repro(node.cli, task, "--json").report
    for field in "verdict", "exit_status", "limits", "handler", "id", "queue":
        assert here[field] == there[field]
    assert here["worker"] != there["worker"]


def test_out_of_memory(node, died_there):
    """By the kernel in a cgroup, or by the worker's watch: this host's way both times."""
    task, there = died_there("--memory", "64M", "alloc", "256")
    assert there["verdict"] == "memory_limit"
    answer = repro(node.cli, task, "--json")
    assert answer.status == 0, answer
    assert answer.report["verdict"] == "memory_limit"
    assert answer.report["limits"]["memory"] == 64 << 20
    assert "the same: memory_limit SIGKILL" in answer.errors
    # the worker's variables are for this worker too
    answer = repro(node.cli, task, env={"REAPQ_ISOLATION": "D"})
    assert answer.status == 0
    if there["isolation"] != "D":
        assert f"(isolation {there['isolation']} there, D here)" in answer.errors


def test_the_limits_are_those_of_the_worker_there(redis, worker, cli):
    """Not those that were asked for."""
    worker(redis, "--default-file-size", "1M", "--max-open-files", "77")
    task = cli.submit("--open-files", "99", "xfsz", "2")
    there = cli.wait(task)[task]
    here = repro(cli, task, "--json").report
    assert here["limits"] == there["limits"]
    assert (here["limits"]["file_size"], here["limits"]["open_files"]) == (1 << 20, 77)
    answer = repro(cli, task, env={"REAPQ_MAX_OPEN_FILES": "55"})
    assert answer.status == 0
    assert "not under the same limits: open-files 77 there, 55 here" in answer.errors


def test_standard_input_arguments_environment_directory(node, died_there, tmp_path):
    args = ["--cwd", str(tmp_path), "--env", "COLOUR=green", "--payload-file", "-", "--",
            "sh", "-c", "cat; pwd; echo $COLOUR $REAPQ_TASK_ID; exit 9"]
    task, _ = died_there(*args, input=b"payload\0\xff\n")
    answer = repro(node.cli, task)
    assert answer.status == 0, answer
    assert answer.out == b"payload\0\xff\n" + f"{tmp_path}\ngreen {task}\n".encode()
    said = f"running here: env -C {tmp_path} COLOUR=green sh -c cat; pwd; echo "
    assert said in answer.errors, "what is run is said"


def test_what_is_run_is_said_in_full(node, died_there):
    """No escape sequence, and no long argument, hides a part of it."""
    task, _ = died_there("--", "sh", "-c", "exit 3", "\x1b[2K\r\nx", "y" * 100000, "end")
    answer = repro(node.cli, task)
    assert b"\\x1b[2K" in answer.err and b"\x1b" not in answer.err, answer
    assert b"y end\n" in answer.err


def test_differs(node, died_there, tmp_path):
    flag = tmp_path / "flag"
    task, _ = died_there("--", "sh", "-c", f"test -e {flag} || kill -SEGV $$")
    flag.touch()
    answer = repro(node.cli, task)
    assert answer.status == 1
    assert "differs: signal SIGSEGV there, ok here" in answer.errors
    flag.unlink()
    assert repro(node.cli, task).status == 0


def test_another_exit_status_differs(node, died_there, tmp_path):
    flag = tmp_path / "flag"
    task, _ = died_there("--", "sh", "-c", f"test -e {flag} && exit 4; exit 3")
    flag.touch()
    answer = repro(node.cli, task)
    assert answer.status == 1
    assert "differs: exit 3 there, exit 4 here" in answer.errors


def test_without_the_module(node, died_there):
    task, _ = died_there("exit3")
    answer = repro(node.cli, task, modules=[])
    assert answer.status == 1
    assert "--module FILE.so" in answer.errors and "not_started here" in answer.errors
    answer = repro(node.cli, task, modules=[],
                   env={"REAPQ_MODULE": harness.module("faults")})
    assert answer.status == 0, answer
    answer = repro(node.cli, task, modules=["--module", "/no/such.so"])
    assert answer.status == 125
    assert "/no/such.so" in answer.errors


@pytest.mark.crash_record
def test_a_module_by_a_relative_path(node, died_there, monkeypatch):
    """What it died in is named all the same."""
    task, _ = died_there("segv")
    monkeypatch.chdir(harness.MODULES)
    answer = repro(node.cli, task, modules=["--module", "faults.so"])
    assert "the same: signal SIGSEGV in faults.so!write_unmapped" in answer.errors, answer


def test_nothing_is_written_there(redis, worker, cli):
    """Neither of a task that died, of its result, nor of one that has not run yet."""
    client = redis.client()
    one = worker(redis, "--allow-exec")
    failed = [died(cli, "exit3"), died(cli, "--", "sh", "-c", "exit 3")]
    gone = died(cli, "segv")
    one.stop()
    client.delete(BASE + "r:" + gone)
    waiting = cli.submit("--priority", "high", "--unique", "key", "exit3")
    later = cli.submit("--delay", "1h", "--max-attempts", "5", "exit3")
    before = dump(client)
    assert len(before) > 6
    for task in failed:
        assert repro(cli, task).status == 0
    answer = repro(cli, gone)
    assert answer.status == 0, "the dead list has report and message"
    for task in waiting, later:
        answer = repro(cli, task)
        assert answer.status == 1
        assert "exit here; how the task ended there is not known" in answer.errors
    answer = cli("repro", "--print-command", *ALL, failed[0])
    assert answer.status == 0
    os.unlink(answer.text.split()[1])
    assert repro(cli, failed[0], "--gdb", env={"REAPQ_GDB": "true"}).status == 0
    after = dump(client)
    # a producer's sign of life may have expired meanwhile
    assert after == {k: v for k, v in before.items() if k in after or not v[1]}


def test_what_is_not_kept(redis, worker, cli):
    client = redis.client()
    client.hset(BASE + "cfg", "dead_bytes", 100000)
    worker(redis)
    answer = cli("repro", "no-such-task")
    assert answer.status == 125
    assert "there is no task no-such-task" in answer.errors
    returned = died(cli, "echo", "x")
    answer = cli("repro", returned)
    assert answer.status == 125
    assert "its message is gone" in answer.errors and "dead_max" in answer.errors
    large = cli.submit("--payload-file", "-", "exit3", input=b"x" * 50000)
    cli.wait(large)
    answer = repro(cli, large)
    assert answer.status == 125
    assert "too large" in answer.errors and "dead_bytes" in answer.errors
    # whoever has it can give it
    data = msgpack.packb({"v": 1, "id": large, "h": "exit3", "p": b"x" * 50000})
    path = os.path.join(redis.dir, "message")
    with open(path, "wb") as f:
        f.write(data)
    answer = repro(cli, large, "--message-file", path)
    assert answer.status == 0, answer
    assert "the same: exit 3" in answer.errors
    answer = repro(cli, "another", "--message-file", path)
    assert answer.status == 125 and f"that of task {large}" in answer.errors


def test_message_file_without_redis(node, died_there, tmp_path):
    task, _ = died_there("--tag", "mine", "exit3")
    path = tmp_path / "message"
    assert node.cli("repro", "--save-message", path, task).status == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert msgpack.unpackb(path.read_bytes())["id"] == task
    answer = node.cli("repro", "--save-message", path, task)
    assert answer.status == 125 and "File exists" in answer.errors
    away = harness.Cli(None)
    answer = away("repro", "--redis", "unix:///no/such.sock", "--json", *ALL,
                  "--message-file", path)
    assert answer.status == 1
    assert (answer.report["id"], answer.report["tag"]) == (task, "mine")
    assert answer.report["verdict"] == "exit"
    path.write_bytes(b"\xdd\xff\xff\xff\xff")
    answer = away("repro", "--message-file", path)
    assert answer.status == 125 and "cannot be read" in answer.errors


@pytest.mark.parametrize("args", [
    [], ["a", "b"], ["not/an/id"], ["--gdb", "--json", "a"],
    ["--gdb", "--print-command", "a"], ["--no-such-flag", "a"]])
def test_bad_usage(node, args):
    assert node.cli("repro", *args).status == 2


def redis_below(pid):
    """The directory of the redis-server that a worker has started."""
    for child, stat_ in harness.children(pid).items():
        if stat_[0] == "redis-server":
            with open(f"/proc/{child}/cmdline", "rb") as f:
                args = f.read().decode().split("\0")
            # it writes its title over them once it listens
            found = re.search(r"/tmp/reapq-\w+", " ".join(args))
            return found.group(0)
    raise AssertionError("no redis-server")


@pytest.mark.parametrize("number", [2, 9, 15])
def test_ended_by_a_signal(cli, gate, number):
    """Whatever ends it, the task ends too, and the private worker undoes all."""
    door = gate()
    path = os.path.join(door.dir, "message")
    with open(path, "wb") as f:
        f.write(msgpack.packb({"v": 1, "id": "a", "h": "gate", "p": door.path.encode()}))
    process = cli.start("repro", *ALL, "--message-file", path)
    door.reached()
    worker, = harness.children(process.pid)
    directory = redis_below(worker)
    assert os.path.exists(directory)
    process.send(number)
    assert process.wait() == (-9 if number == 9 else 128 + number)
    harness.reap_strangers()
    assert not harness.alive(worker)
    assert not os.path.exists(directory)


def test_lost_with_its_worker(redis, worker, cli, gate):
    """No worker reported it: the limits are those that it asks for."""
    door = gate()
    one = worker(redis, "--lease", "500ms", "--queue", "other")
    task = cli.submit("--queue", "other", "--once", "--file-size", "1M", "gate", door.path)
    door.reached()
    one.destroy()
    door.close()
    worker(redis, "--queue", "other")
    assert cli("wait", task).status == 1
    process = cli.start("repro", "--json", *ALL, task)
    door.open(b"at last")
    assert process.wait() == 1
    assert "differs: worker_lost there, ok here" in process.text()
    here = json.loads(process.text("stdout"))
    assert (here["result"], here["queue"]) == ("at last", "other")
    assert here["limits"]["file_size"] == 1 << 20


# ---- under a debugger ----------------------------------------------------------------

@no_asan
@needs_gdb
def test_gdb_sees_the_signal_where_it_strikes(node, died_there):
    task, _ = died_there("segv")
    answer = gdb(node.cli, task, "run", "bt")
    text = answer.text
    assert "SIGSEGV" in text, answer
    assert re.search(r"#0 .*write_unmapped", text), answer
    assert re.search(r"#\d+ .*run_handler", text), answer


@no_asan
@needs_gdb
def test_gdb_runs_it_again(node, died_there):
    """The task is there as often as it is wanted."""
    task, _ = died_there("--file-size", "1M", "xfsz", "2")
    answer = gdb(node.cli, task, "run", "run")
    assert answer.text.count("SIGXFSZ") >= 2, answer


@no_asan
@needs_gdb
def test_gdb_with_a_command(node, died_there, tmp_path):
    task, _ = died_there("--cwd", str(tmp_path), "--payload-file", "-", "--",
                         "sh", "-c", "cat >got; kill -SEGV $$", input=b"payload")
    (tmp_path / "got").unlink()
    answer = gdb(node.cli, task, "run", "bt")
    assert "executing new program" in answer.text, answer
    assert "SIGSEGV" in answer.text, answer
    assert (tmp_path / "got").read_bytes() == b"payload"


def test_no_debugger(node, died_there):
    task, _ = died_there("exit3")
    answer = repro(node.cli, task, "--gdb", env={"REAPQ_GDB": "/no/such/gdb"})
    assert answer.status == 125
    assert "cannot run /no/such/gdb" in answer.errors and "REAPQ_GDB" in answer.errors


def test_another_debugger(node, died_there, tmp_path):
    """Gets the arguments that gdb would; its status is passed on."""
    task, _ = died_there("--", "sh", "-c", "ulimit -f; exit 3")
    script = tmp_path / "debugger"
    script.write_text("#!/bin/sh\necho \"$1\" \"$2\"\nshift 2\n\"$@\"\necho ended $?\nexit 42\n")
    script.chmod(0o755)
    answer = node.cli("repro", *ALL, "--gdb", task, "--", "-extra",
                      env={"REAPQ_GDB": str(script)})
    assert answer.status == 42, answer
    assert answer.text == "-extra --args\nunlimited\nended 3\n"


def test_under_valgrind(node, died_there):
    """Which keeps some descriptors for itself, and lets nobody have their number."""
    if not shutil.which("valgrind") or harness.ASAN:
        pytest.skip("no valgrind, or a sanitizer")
    task, _ = died_there("nullread")
    line, path = printed(node, task)
    done = run("valgrind -q " + line)
    os.unlink(path)
    assert b"Invalid read of size" in done.stderr, done
    assert done.returncode in (-11, 139)


def run(command):
    return subprocess.run(["sh", "-c", command], capture_output=True, check=False,
                          env=harness.clean_environment({"REAPQ_SECRET": "x"}))


def printed(node, *args):
    answer = node.cli("repro", "--print-command", *ALL, *args)
    assert answer.status == 0, answer
    path = re.search(r"the task is in (\S+):", answer.errors).group(1)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    return answer.text.strip(), path


def test_command_line_for_other_tools(node, died_there):
    task, _ = died_there("--file-size", "1M", "--", "sh", "-c",
                         "ulimit -f; env | grep REAPQ_; exit 3")
    line, path = printed(node, task)
    try:
        done = run(line)
        assert done.returncode == 3
        assert b"\n2048\n" in b"\n" + done.stdout or b"\n1024\n" in b"\n" + done.stdout
        assert b"REAPQ_SECRET" not in done.stdout
        assert f"REAPQ_TASK_ID={task}".encode() in done.stdout
    finally:
        os.unlink(path)
    assert run(line).returncode == 120, "and it is gone"


def test_a_handler_by_hand(node, died_there):
    """What it writes, says and answers with."""
    task, _ = died_there("--result-limit", "1K", "big", "1")
    line, path = printed(node, task)
    done = run(line)
    os.unlink(path)
    assert done.returncode == 1 and b"larger than its limit" in done.stderr
    task, _ = died_there("error", "said so")
    line, path = printed(node, task)
    done = run(line)
    assert done.returncode == 1 and b"it failed: said so" in done.stderr
    # no module; no file; no task
    program = line.split()[0]
    done = run(f"{program} {path}")
    assert done.returncode == 120 and b"no handler 'error'" in done.stderr
    os.unlink(path)
    assert run(program).returncode == 2
    done = run(f"{program} /etc/passwd")
    assert done.returncode == 120 and b"no task" in done.stderr


def test_memory_and_time_are_left_out(node, died_there):
    task, _ = died_there("--memory", "64M", "--time-limit", "50ms", "--", "sh", "-c",
                         "ulimit -d; ulimit -v; exec sleep 0.3")
    line, path = printed(node, task)
    done = run(line)
    os.unlink(path)
    assert (done.returncode, done.stdout) == (0, b"unlimited\nunlimited\n")
