"""What users type, and the status and words they get."""

import os
import pty
import socket
import tempfile
import threading

import pytest

import harness

NO_REDIS = [("call", "echo"), ("run", "--", "true"), ("submit", "echo"), ("wait", "x"),
            ("cancel", "x"), ("status",), ("status", "x"), ("why", "x"), ("queues",),
            ("workers",), ("map", "echo")]


@pytest.mark.parametrize("args", NO_REDIS, ids=" ".join)
def test_redis_is_not_there(args):
    answer = harness.Cli(None)(*args, env={"REAPQ_REDIS": "unix:///no/such/redis.sock"},
                               input=b"line\n")
    assert answer.status == 125, answer
    assert answer.out == b""
    assert len(answer.errors.splitlines()) == 1, answer
    assert "/no/such/redis.sock" in answer.errors
    assert "--redis" in answer.errors


def test_redis_refuses_the_connection():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    answer = harness.Cli(None)("--redis", f"redis://127.0.0.1:{port}", "call", "echo")
    assert answer.status == 125, answer
    assert "refused" in answer.errors
    assert len(answer.errors.splitlines()) == 1


def test_redis_accepts_and_never_answers():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen(5)
        port = s.getsockname()[1]
        answer = harness.Cli(None)(
            "call", "echo", env={"REAPQ_REDIS": f"redis://127.0.0.1:{port}"})
    assert answer.status == 125, answer
    assert len(answer.errors.splitlines()) == 1, answer


def test_something_else_listens():
    """An SSH or HTTP server: no hang, no crash, one line."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen(5)

        def serve():
            while True:
                try:
                    peer, _ = s.accept()
                except OSError:
                    return
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                peer.close()
        threading.Thread(target=serve, daemon=True).start()
        url = f"redis://127.0.0.1:{s.getsockname()[1]}"
        answer = harness.Cli(None)("call", "echo", env={"REAPQ_REDIS": url})
        s.shutdown(socket.SHUT_RDWR)
    assert answer.status == 125, answer
    assert len(answer.errors.splitlines()) == 1, answer


def test_wrong_password(redis, cli):
    redis.client().config_set("requirepass", "right")
    answer = cli("call", "echo", env={"REAPQ_REDIS_PASSWORD": "wrong-one"})
    assert answer.status == 125
    assert "wrong-one" not in answer.errors
    assert len(answer.errors.splitlines()) == 1


def test_password_file(redis, cli, worker, tmp_path):
    redis.client().config_set("requirepass", "right")
    file = tmp_path / "password"
    file.write_text("right\n")
    worker(redis, "--redis-password-file", str(file))
    assert cli("call", "--redis-password-file", file, "echo", "in").text == "in"


def test_password_is_never_shown(redis, worker, cli):
    redis.client().config_set("requirepass", "hunter2")
    one = worker(redis, env={"REAPQ_REDIS_PASSWORD": "hunter2"})
    cli("call", "echo", env={"REAPQ_REDIS_PASSWORD": "hunter2"})
    one.stop()
    assert "hunter2" not in one.text() + one.text("stdout")


@pytest.mark.parametrize("args", [
    (), ("nonsense",), ("call",), ("run",), ("run", "--"), ("call", "--memory", "lots", "echo"),
    ("call", "--time-limit", "-1s", "echo"), ("call", "--no-such-flag", "echo"),
    ("wait",), ("why",), ("cancel",), ("call", "--priority", "urgent", "echo"),
    ("call", "--id", "a b", "echo"), ("call", "--queue", "x y", "echo"),
    ("call", "--retry-on", "mood", "echo"), ("call", "--redis", "http://x", "echo"),
    ("call", "echo", "one", "two")], ids=" ".join)
def test_bad_usage(args):
    answer = harness.Cli(None)(*args)
    assert answer.status == 2, answer
    assert answer.out == b""
    assert answer.errors


def test_statuses_of_call(node):
    for args, status in [(("echo",), 0), (("error", "no"), 1), (("segv",), 139),
                         (("kill", "9"), 137), (("exit3",), 1), (("nosuch",), 126),
                         (("--time-limit", "100ms", "spin"), 124)]:
        answer = node.cli("call", *args)
        assert answer.status == status, answer
        assert (answer.errors == "") == (status == 0), answer


def test_statuses_of_run(node):
    for script, status in [("exit 0", 0), ("exit 7", 7), ("kill -KILL $$", 137),
                           ("kill -SEGV $$", 139), ("exit 124", 124)]:
        assert node.cli("run", "--", "sh", "-c", script).status == status
    assert node.cli("run", "--time-limit", "100ms", "--", "sleep", "60").status == 124
    assert node.report("run", "--", "sh", "-c", "exit 124")["verdict"] == "exit"


def test_status_of_wait(node):
    good, bad = node.cli.submit("echo"), node.cli.submit("segv")
    assert node.cli("wait", good).status == 0
    answer = node.cli("wait", good, bad)
    assert answer.status == 1
    lines = dict(line.split("\t", 1) for line in answer.text.splitlines())
    assert lines[good].startswith("returned\tok")
    assert lines[bad].startswith("crashed\tsignal")


def test_queues_and_workers(redis, worker, cli):
    for _ in range(3):
        cli.submit("--queue", "some", "echo")
    cli.submit("--queue", "some", "--delay", "1h", "echo")
    by_name = {q["name"]: q for q in cli("queues", "--json").reports}
    assert by_name["some"]["queued_normal"] == 3
    assert by_name["some"]["delayed"] == 1
    one = worker(redis, "--concurrency", "2")
    known = cli("workers", "--json").report
    assert (known["pid"], known["slots"]) == (one.pid, 2)
    # it says what it has with its next heartbeat
    harness.until("its handlers are known", lambda: "wordcount" in str(
        cli("workers", "--json").report["handlers"]))
    assert "some" in cli("queues").text and "default" in cli("status").text


def test_map_with_failures(node):
    """One bad line costs one report."""
    lines = ["/usr/share/common-licenses/BSD", "/no/such/file", "/etc/passwd"]
    answer = node.cli("map", "--keep-order", "wordcount", input="\n".join(lines).encode())
    assert answer.status == 1, answer
    out = answer.text.splitlines()
    assert [line.split()[-1] for line in out] == [lines[0], lines[2]]
    assert "/no/such/file" in answer.errors


def test_map_of_nothing(node):
    answer = node.cli("map", "echo", input=b"")
    assert (answer.status, answer.out) == (0, b"")


def test_map_in_chunks(node):
    answer = node.cli("map", "--keep-order", "--json", "--chunk", "2", "echo",
                      input=b"1\n2\n3\n4\n5\n")
    assert [r["result"].split() for r in answer.reports] == [["1", "2"], ["3", "4"], ["5"]]


def test_map_into_a_closed_pipe(node):
    """As every tool does: the reader has seen enough."""
    done = harness.subprocess.run(
        ["sh", "-c", f"seq 1000 | {harness.program('reapq')} map echo | head -n 1"],
        env=harness.clean_environment({"REAPQ_REDIS": node.redis.url}),
        capture_output=True, timeout=harness.GUARD, check=False)
    assert done.stdout.strip().isdigit()
    assert node.cli("call", "echo", "x").text == "x"


def test_map_of_many(node):
    lines = [f"line {i}" for i in range(500)]
    answer = node.cli("map", "--keep-order", "--json", "echo",
                      input="\n".join(lines).encode())
    assert [r["result"] for r in answer.reports] == lines


def test_terminal_is_safe_from_tasks(node):
    answer = node.cli("wait", node.cli.submit("error", "\x1b[31mred\x07"))
    assert b"\x1b" not in answer.out and b"\x07" not in answer.out


# ---- Redis goes away ---------------------------------------------------------------

@pytest.fixture
def waiting():
    """waiting(redis, name, ...): a command that has a task open, which nobody runs."""
    started = []

    def start(redis, name, *flags, patience=None):
        cli = harness.Cli(redis)
        args = {"run": ("run", *flags, "--", "true"), "call": ("call", *flags, "echo"),
                "map": ("map", *flags, "echo")}
        look = redis.client()
        stored = lambda: look.llen("reapq:{default}:p1") == 1
        if name == "wait":
            task = cli.submit("echo")
            args["wait"] = ("wait", *flags, task)
            # the producers that an attach has joined
            stored = lambda: look.hexists("reapq:{default}:t:" + task, "w")
        env = {"REAPQ_PATIENCE_MS": str(patience)} if patience else None
        with tempfile.TemporaryFile() as lines:
            lines.write(b"line\n")
            lines.seek(0)
            started.append(harness.Process([harness.program("reapq"), *args[name]],
                                           env=cli.environment(env), stdin=lines))
        # It listens before its submit is answered; the answer is on its way once we see
        # what the submit has stored.
        harness.until("it waits for the end of its task", lambda: stored() and any(
            c["cmd"].lower() == "blpop" for c in look.client_list()))
        return started[-1]

    yield start
    for one in started:
        one.kill()


@pytest.mark.parametrize("name", ["run", "call", "wait", "map"])
def test_redis_goes_away_for_good(redis, waiting, name):
    command = waiting(redis, name, patience=300)
    redis.kill()
    assert command.wait() == 125, command.text()
    first, last = command.text().splitlines()
    assert " Redis at unix://" in first and "trying again for" in first
    assert "gave up after" in last and "not known whether" in last


@pytest.mark.parametrize("name", ["run", "call", "wait", "map"])
def test_redis_goes_away_and_comes_back(persistent_redis, worker, waiting, name):
    command = waiting(persistent_redis, name)
    persistent_redis.kill()
    command.wait_for_line(" Redis at .*; trying again for 30 s")
    persistent_redis.start()
    worker(persistent_redis, "--allow-exec")
    assert command.wait() == 0, command.text()
    assert len(command.text().splitlines()) == 1


@pytest.mark.parametrize("name", ["run", "call", "wait"])
def test_timeout_while_redis_is_away(redis, waiting, name):
    command = waiting(redis, name, "--timeout", "1s")
    redis.kill()
    assert command.wait() == 125, command.text()
    last = command.text().splitlines()[-1]
    assert "Redis is away" in last and "has not ended" not in last


@pytest.mark.parametrize("name", ["run", "call", "map"])
def test_interrupt_while_redis_is_away(redis, waiting, name):
    """It does not try to cancel what it can't reach."""
    command = waiting(redis, name)
    redis.kill()
    command.wait_for_line("trying again")
    command.send(harness.signal.SIGINT)
    assert command.wait() == 130, command.text()
    lines = command.text().splitlines()
    assert len(lines) == 2 and "while Redis is away" in lines[1], lines


# ---- what others left in Redis -------------------------------------------------------

def test_wait_for_one_that_is_unknown(node):
    good = node.cli.submit("echo")
    answer = node.cli("wait", "nobody", good, "no-one")
    assert answer.status == 1, answer
    assert answer.text.startswith(good + "\treturned")
    assert ["nobody" in line or "no-one" in line
            for line in answer.errors.splitlines()] == [True, True]


def test_queue_with_a_key_of_another_type(redis, cli):
    cli.submit("--queue", "good", "echo")
    redis.client().set("reapq:{wt}:p1", "foo")
    redis.client().sadd("reapq:queues", "wt")
    by_name = {q["name"]: q for q in cli("queues", "--json").reports}
    assert by_name["good"]["queued_normal"] == 1
    assert by_name["wt"]["queued_normal"] is None and by_name["wt"]["queued_low"] == 0
    answer = cli("queues")
    assert answer.status == 0, answer
    assert ["?" in line for line in answer.text.splitlines()] == [False, False, True]


def test_registry_of_another_type(redis, worker, cli):
    one = worker(redis)
    redis.client().set("reapq:{wt}:ws", "foo")
    redis.client().sadd("reapq:queues", "wt")
    answer = cli("workers", "--json")
    assert answer.status == 0, answer
    assert answer.report["pid"] == one.pid
    assert "queue wt" in answer.errors and len(answer.errors.splitlines()) == 1
    answer = cli("workers", "--queue", "wt")
    assert answer.status == 125 and "queue wt" in answer.errors, answer


def test_registration_of_another_type(redis, worker, cli):
    one = worker(redis)
    redis.client().zadd("reapq:{default}:ws", {"stranger": 1})
    redis.client().sadd("reapq:{default}:wi:stranger", "foo")
    answer = cli("workers", "--json")
    assert (answer.status, answer.errors) == (0, ""), answer
    assert {w["id"]: w["pid"] for w in answer.reports}["stranger"] == 0
    assert one.pid in [w["pid"] for w in answer.reports]


# ---- what is printed -------------------------------------------------------------------

def test_report_without_a_process(redis, worker, cli, gate):
    """What is not known of where a task ran is left out."""
    one = worker(redis, "--lease", "1s")
    refused, wall = cli.submit("no-such-handler"), gate()
    cli("wait", refused)
    lost = cli.submit("--once", "gate", wall.path)
    wall.reached()
    one.destroy()
    worker(redis, "--lease", "1s")
    assert cli.wait(lost)[lost]["verdict"] == "worker_lost"
    for task in refused, lost:
        for words in cli("why", task).text, cli("status", task).text:
            assert "\nworker " in words
            assert "process 0" not in words and " on ," not in words, words


def test_why_says_what_nobody_saw(node):
    killed = node.cli("submit", "kill", "9").text.strip()
    fine = node.cli("submit", "echo", "x").text.strip()
    node.cli("wait", killed, fine)
    words = node.cli("why", killed).text
    assert "\nNot visible on tier " in words and "who sent the signal" in words, words
    assert "to see it: " in words
    assert "Not visible" not in node.cli("why", fine).text


@pytest.mark.parametrize("args", [("map", "echo"), ("map", "--json", "echo"),
                                  ("run", "--json", "--", "echo", "x"), ("call", "echo", "x")],
                         ids=" ".join)
def test_full_disk_is_said_once(node, args):
    with open("/dev/full", "wb") as full:
        done = harness.subprocess.run(
            [harness.program("reapq"), *args], stdout=full, input=b"line\n",
            stderr=harness.subprocess.PIPE, timeout=harness.GUARD, check=False,
            env=harness.clean_environment({"REAPQ_REDIS": node.redis.url}))
    assert done.returncode == 125
    assert done.stderr.count(b"cannot write to standard output") == 1, done.stderr


def on_a_terminal(node, *args):
    ours, theirs = pty.openpty()
    with open(ours, "rb", buffering=0) as terminal:
        done = harness.subprocess.run(
            [harness.program("reapq"), *args], stdout=theirs, timeout=harness.GUARD,
            env=harness.clean_environment({"REAPQ_REDIS": node.redis.url}), check=False)
        os.close(theirs)
        assert done.returncode == 0
        try:
            return terminal.read(100)
        except OSError:
            return b""


def test_newline_of_call(node):
    """Only a terminal gets one that the result does not have."""
    assert node.cli("call", "echo", "x").out == b"x"
    assert on_a_terminal(node, "call", "echo", "x") == b"x\r\n"
    assert on_a_terminal(node, "call", "echo", "x\n") == b"x\r\n"
    assert on_a_terminal(node, "call", "echo", "") == b""
