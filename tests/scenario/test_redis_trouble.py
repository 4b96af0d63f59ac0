"""Redis in every sort of trouble: what passes is waited out, what does not is said.

Wherever a real Redis can be made to give the error, it is. A report that is finished is
sent until Redis takes it; a task runs no more often than it should.
"""

import os
import re
import shutil
import signal
import tempfile
import threading

import pytest
import redis as redispy

import harness
from middle import Middle


class Marks:
    """A file to which each run of a task adds a line."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="reapq-marks-")
        self.path = os.path.join(self.dir, "marks")

    def command(self, gate):
        return ["sh", "-c", f"echo run >> {self.path}; cat {gate.path}; echo done"]

    def count(self):
        with open(self.path, encoding="ascii") as f:
            return len(f.readlines())


@pytest.fixture
def marks():
    made = Marks()
    yield made
    shutil.rmtree(made.dir, ignore_errors=True)


@pytest.fixture
def middle(redis):
    one = Middle(redis)
    yield one
    one.close()


@pytest.fixture
def started(redis, worker, cli, gate, marks):
    """A task that runs, and a producer that waits for it; the worker's lease is long."""
    class Started:
        pass
    s = Started()
    s.worker = worker(redis, "--allow-exec", "--lease", "1m")
    s.door, s.marks = gate(), marks
    s.call = cli.start("run", "--once", "--", *marks.command(s.door))
    s.door.reached()

    def ends_well():
        assert s.call.wait() == 0, s.call.text() + s.worker.text()
        assert s.call.text("stdout") == "throughdone"
        assert s.marks.count() == 1
        assert s.worker.popen.poll() is None
        assert cli("call", "echo", "after").text == "after"
    s.ends_well = ends_well
    return s


# ---- not the master, not now --------------------------------------------------------

def test_readonly(redis, started):
    """It was demoted while a task ran, and is the master again later."""
    r = redis.client()
    r.config_set("replica-serve-stale-data", "yes")
    r.replicaof("127.0.0.1", harness.free_port())
    started.worker.wait_for_line("redis_down.*(READONLY|UNBLOCKED)")
    started.door.open()
    started.worker.wait_for_line("redis_up")
    r.replicaof("NO", "ONE")
    started.ends_well()


def test_masterdown(redis, started):
    r = redis.client()
    r.config_set("replica-serve-stale-data", "no")
    r.replicaof("127.0.0.1", harness.free_port())
    started.worker.wait_for_line("redis_down.*(MASTERDOWN|READONLY|UNBLOCKED)")
    started.door.open()
    r.replicaof("NO", "ONE")
    started.ends_well()


def errors(r, word):
    """How often Redis has answered with this error."""
    text = r.execute_command("INFO", "errorstats")
    text = text if isinstance(text, dict) else {}
    found = str(text.get("errorstat_" + word, "count=0"))
    return int(re.search(r"count\D*(\d+)", found).group(1))


def test_noreplicas(redis, started, cli):
    r = redis.client()
    r.config_set("min-replicas-to-write", 1)
    started.door.open()
    harness.until("Redis has refused it", lambda: errors(r, "NOREPLICAS"))
    submit = cli.start("submit", "echo", "x")
    r.config_set("min-replicas-to-write", 0)
    assert submit.wait() == 0
    started.ends_well()


def test_clusterdown(worker):
    """A cluster none of whose nodes has our slot yet."""
    redis = harness.Redis(args=["--cluster-enabled", "yes", "--port", harness.free_port()])
    try:
        cli = harness.Cli(redis)
        one = worker(redis)
        call = cli.start("call", "echo", "x")
        harness.until("both are refused", lambda: errors(redis.client(), "CLUSTERDOWN") > 2)
        redis.client().execute_command("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        assert call.wait() == 0, call.text() + one.text()
        assert call.text("stdout") == "x"
        one.stop()
    finally:
        redis.stop()


def test_misconf(redis, started):
    """It cannot save, and so takes no writes until it can."""
    r = redis.client()
    gone = os.path.join(redis.dir, "gone")
    os.mkdir(gone)
    r.config_set("dir", gone)
    r.config_set("save", "3600 1")
    os.rmdir(gone)
    try:
        r.bgsave()
    except redispy.ResponseError:
        pass
    harness.until("it has failed to save", lambda: r.info("persistence")[
        "rdb_last_bgsave_status"] == "err")
    started.door.open()
    harness.until("Redis has refused it", lambda: errors(r, "MISCONF"))
    r.config_set("save", "")
    started.ends_well()


def test_busy(redis, started, cli):
    """Somebody's script runs and runs."""
    r = redis.client()
    try:
        r.config_set("busy-reply-threshold", 10)
    except redispy.ResponseError:
        r.config_set("lua-time-limit", 10)
    slow = threading.Thread(target=lambda: pytest.raises(
        redispy.ResponseError, redis.client().eval, "while true do end", 0), daemon=True)
    slow.start()
    started.door.open()

    def is_busy():
        try:
            r.ping()
        except redispy.exceptions.ResponseError as why:
            return "BUSY" in str(why)
        return False
    harness.until("it is busy", is_busy)
    submit = cli.start("submit", "echo", "x")
    r.script_kill()
    slow.join(harness.GUARD)
    assert submit.wait() == 0, submit.text()
    started.ends_well()


def test_loading(worker, gate, marks):
    """It restarts with much to read. What was finished meanwhile is not lost."""
    redis = harness.Redis(args=["--key-load-delay", "0"])
    cli = harness.Cli(redis)
    try:
        one = worker(redis, "--allow-exec", "--lease", "1m")
        door = gate()
        call = cli.start("run", "--once", "--", *marks.command(door))
        door.reached()
        r = redis.client()
        pipe = r.pipeline()
        for i in range(3000):
            pipe.set(f"stuff:{i}", "x" * 100)
        pipe.execute()
        r.save()
        redis.kill()
        door.open()
        redis.process = harness.Process(
            [harness.REDIS_SERVER, "--port", "0", "--unixsocket", redis.socket, "--dir",
             redis.dir, "--save", "", "--key-load-delay", "500",
             "--loading-process-events-interval-bytes", "1024"])

        def is_loading():
            try:
                redis.client().ping()
            except redispy.exceptions.BusyLoadingError:
                return True
            except redispy.exceptions.ConnectionError:
                pass
            return False
        harness.until("it loads", is_loading)
        assert call.wait() == 0, call.text() + one.text()
        assert call.text("stdout") == "throughdone"
        assert marks.count() == 1
        assert cli("call", "echo", "after").text == "after"
    finally:
        redis.stop()


def test_the_bell_does_not_spin(redis, worker, cli):
    """A pop that is refused is refused again: not asked in a loop."""
    redis.client().execute_command("ACL", "SETUSER", "default", "-blpop")
    one = worker(redis)
    for i in range(3):
        task = cli.submit("echo", str(i))
        harness.until("it has ended", lambda t=task: cli.state(t)["state"] == "ended")
    refused = redis.client().info("commandstats")["cmdstat_blpop"]["rejected_calls"]
    assert 1 <= refused < 100, refused
    assert one.popen.poll() is None


# ---- out of memory -----------------------------------------------------------------

def test_out_of_memory(redis, started, cli):
    """Submits are refused whole; what is there runs to its end, and is waited for."""
    r = redis.client()
    queued = cli.submit("echo", "queued")
    r.config_set("maxmemory", 1)
    refused = cli("submit", "--id", "refused", "echo", "x")
    assert (refused.status, refused.text) == (125, "")
    assert "OOM" in refused.errors
    assert r.exists("reapq:{default}:t:refused") == 0
    one = harness.Process([harness.program("reapq"), "map", "echo"],
                          env=cli.environment({}), stdin=-1)
    one.popen.stdin.write(b"mine\n")
    one.popen.stdin.close()
    one.wait_for_line("OOM.*waiting for room")
    started.door.open()
    assert started.call.wait() == 0
    assert cli.wait(queued)[queued]["result"] == "queued"
    r.config_set("maxmemory", 0)
    assert one.wait() == 0
    assert one.text("stdout") == "mine"
    started.ends_well()


# ---- who may what ---------------------------------------------------------------------

def test_wrong_password_at_the_start(redis, cli):
    redis.client().config_set("requirepass", "right")
    for env in {}, {"REAPQ_REDIS_PASSWORD": "wrong"}:
        one = harness.Worker(redis, ready=False, env=env)
        assert one.wait() == 1
        assert "password" in one.text()
        harness.reap_strangers()
        answer = cli("submit", "echo", "x", env=env)
        assert answer.status == 125
        assert "password" in answer.errors


def test_password_that_changes_under_a_worker(redis, started, cli):
    """A worker with a task does not end for it: it keeps the report, and waits."""
    r = redis.client()
    started.call.send(signal.SIGKILL)
    started.call.wait()
    r.config_set("requirepass", "new")
    r.client_kill_filter(_type="normal")
    started.worker.wait_for_line("redis_down.*wants a password")
    started.door.open()
    r2 = redispy.Redis(unix_socket_path=redis.socket, password="new")
    r2.config_set("requirepass", "")
    harness.until("the report has come", lambda: redis.client().keys("reapq:{default}:r:*"))
    assert started.marks.count() == 1


def test_report_that_the_acl_denies(redis, started):
    """It is kept and sent again until the operator has mended the ACL."""
    r = redis.client()
    admin = "admin"
    r.execute_command("ACL", "SETUSER", admin, "on", "nopass", "~*", "&*", "+@all")
    boss = redispy.Redis(unix_socket_path=redis.socket, username=admin, password="x")
    boss.execute_command("ACL", "SETUSER", "default", "resetkeys", "~nothing")
    started.door.open()
    assert "NOPERM" in started.worker.wait_for_line("report_denied").string
    boss.execute_command("ACL", "SETUSER", "default", "~*")
    started.ends_well()
    assert "report_refused" not in started.worker.text()


# ---- connections -------------------------------------------------------------------------

def test_clients_are_killed_again_and_again(redis, worker, cli):
    one = worker(redis)
    work = harness.Process([harness.program("reapq"), "map", "--keep-order", "echo"],
                           env=cli.environment({}), stdin=-1)
    r = redis.client()
    for i in range(300):
        work.popen.stdin.write(b"%d\n" % i)
        work.popen.stdin.flush()
        if i == 0:
            work.wait_for_line("^0$", "stdout")  # the first connection may not fail
        if i % 60 == 30:
            for kind in "normal", "pubsub":
                r.client_kill_filter(_type=kind)
    work.popen.stdin.close()
    assert work.wait() == 0, work.text()
    assert work.text("stdout").split() == [str(i) for i in range(300)]
    assert one.popen.poll() is None


def test_client_pause(redis, started, cli):
    """Longer than any watchdog waits."""
    redis.client().execute_command("CLIENT", "PAUSE", "7000", "ALL")
    started.door.open()
    started.worker.wait_for_line("redis_down")
    started.ends_well()


def test_scripts_are_flushed_under_load(redis, worker, cli):
    worker(redis)
    work = harness.Process([harness.program("reapq"), "map", "--keep-order", "echo"],
                           env=cli.environment({}), stdin=-1)
    for i in range(200):
        work.popen.stdin.write(b"%d\n" % i)
        work.popen.stdin.flush()
        if i % 20 == 10:
            redis.client().script_flush()
    work.popen.stdin.close()
    assert work.wait() == 0, work.text()
    assert work.text("stdout").split() == [str(i) for i in range(200)]


@pytest.mark.parametrize("way", ["requests_lost", "answers_lost"])
def test_black_hole_under_a_worker(redis, middle, worker, cli, gate, marks, way):
    """Nothing is closed, nothing is refused: only its own clock tells it."""
    class Near:
        url, socket = middle.url, None
    one = worker(Near, "--allow-exec", "--lease", "1m")
    door = gate()
    call = cli.start("run", "--once", "--", *marks.command(door))
    door.reached()
    setattr(middle, way, True)
    door.open()
    one.wait_for_line("redis_down.*nothing was received")
    middle.wait_swallowed()
    setattr(middle, way, False)
    assert call.wait() == 0, call.text() + one.text()
    assert call.text("stdout") == "throughdone"
    assert marks.count() == 1
    one.wait_for_line("redis_up")


@pytest.mark.parametrize("way", ["requests_lost", "answers_lost"])
def test_black_hole_under_a_producer(redis, middle, worker, cli, gate, marks, way):
    worker(redis, "--allow-exec")
    door = gate()
    call = cli.start("run", "--once", "--", *marks.command(door),
                     env={"REAPQ_REDIS": middle.url})
    door.reached()
    setattr(middle, way, True)
    door.open()
    call.wait_for_line("nothing was received.*trying again")
    setattr(middle, way, False)
    assert call.wait() == 0, call.text()
    assert call.text("stdout") == "throughdone"
    assert marks.count() == 1


def test_answers_to_submits_are_lost(redis, middle, worker, cli):
    """The producer cannot know whether it was stored; sent again, it is stored once."""
    work = harness.Process([harness.program("reapq"), "map", "--keep-order", "echo"],
                           env={"REAPQ_REDIS": middle.url}, stdin=-1)

    def feed(line):
        work.popen.stdin.write(line)
        work.popen.stdin.flush()
    feed(b"1\n")
    harness.until("it is stored", lambda: redis.client().llen("reapq:{default}:p1") == 1)
    # The first answer may still be under way: then it is that one which is lost.
    middle.answers_lost = True
    feed(b"2\n")
    middle.wait_swallowed()
    work.wait_for_line("nothing was received")
    middle.answers_lost = False
    one = worker(redis)
    feed(b"3\n")
    work.popen.stdin.close()
    assert work.wait() == 0, work.text()
    assert work.text("stdout").split() == ["1", "2", "3"]
    one.stop()
    one.wait_for_line("worker_ended.*tasks=3$")


# ---- eviction, later

def test_eviction_that_is_set_later(redis, worker, started):
    """A worker that runs already goes on: it has reports to deliver."""
    redis.client().config_set("maxmemory", "100mb")
    redis.client().config_set("maxmemory-policy", "allkeys-lru")
    redis.client().client_kill_filter(_type="normal")
    started.worker.wait_for_line("redis_up")
    redis.client().config_set("maxmemory-policy", "noeviction")
    started.door.open()
    started.ends_well()


# ---- everything is gone ---------------------------------------------------------------

def flushed(redis):
    redis.client().flushall()


@pytest.mark.parametrize("how", ["run", "call", "wait", "map"])
def test_flushed_under_a_waiting_producer(redis, cli, how):
    """What must not start twice is not submitted again: it has vanished."""
    if how == "wait":
        task = cli.submit("echo", "x")
        one = cli.start("wait", "--json", task)
        harness.until("it waits", lambda: redis.client().hexists(
            "reapq:{default}:t:" + task, "w"))
    elif how == "map":
        one = harness.Process([harness.program("reapq"), "map", "--json", "--once", "echo"],
                              env=cli.environment({}), stdin=-1)
        one.popen.stdin.write(b"1\n2\n")
        one.popen.stdin.close()
        harness.until("it is there", lambda: redis.client().llen("reapq:{default}:p1") == 2)
    else:
        one = cli.start(how, "--json", "--once", "echo", "x")
        harness.until("it is there", lambda: redis.client().llen("reapq:{default}:p1") == 1)
    flushed(redis)
    assert one.wait() == {"wait": 1, "map": 1}.get(how, 126), one.text()
    assert one.text("stdout").count('"verdict":"vanished"') + one.text("stdout").count(
        '"verdict": "vanished"') == (2 if how == "map" else 1)
    assert redis.client().keys("reapq:{default}:t:*") == []


@pytest.mark.parametrize("how", ["run", "call", "map"])
def test_flushed_and_submitted_again(redis, worker, cli, how):
    """The producer kept what it submitted: it is submitted again, and ends."""
    if how == "map":
        one = harness.Process([harness.program("reapq"), "map", "echo"],
                              env=cli.environment({}), stdin=-1)
        one.popen.stdin.write(b"x\n")
        one.popen.stdin.close()
    else:
        args = ["--", "echo", "x"] if how == "run" else ["echo", "x"]
        one = cli.start(how, *args)
    harness.until("it is there", lambda: redis.client().llen("reapq:{default}:p1") == 1)
    # Neither a limit nor a drain refuses what was accepted before.
    flushed(redis)
    redis.client().hset("reapq:{default}:cfg", mapping={"draining": 1, "max_len": 1})
    redis.client().rpush("reapq:{default}:p2", "nobody")
    harness.until("it is back", lambda: redis.client().llen("reapq:{default}:p1") == 1)
    worker(redis, "--allow-exec")
    assert one.wait() == 0, one.text()
    assert one.text("stdout").strip() == "x"


# ---- what can be seen ---------------------------------------------------------------------

def test_liveness_is_that_it_fetches(redis, worker, cli):
    """A worker that is up but may not claim is told from one that works."""
    worker(redis, "--lease", "500ms")
    assert cli("call", "echo", "x").text == "x"
    seen = harness.until("it has fetched", lambda: cli("workers", "--json").report[
        "fetched_at"])
    assert "FETCHED" in cli("workers").text
    harness.until("it fetches on and on", lambda: cli("workers", "--json").report[
        "fetched_at"] > seen)
    r = redis.client()
    r.execute_command("ACL", "SETUSER", "default", "-hmget", "-blpop")
    last = cli("workers", "--json").report
    later = harness.until("more heartbeats", lambda: (lambda w: w if w["heartbeat_at"] >
                          last["heartbeat_at"] + 3 else None)(
                              cli("workers", "--json").report))
    assert later["alive"]
    assert later["fetched_at"] < later["heartbeat_at"] - 1
