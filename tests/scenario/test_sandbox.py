"""What tasks can be locked into, each really tried from inside a task.

Most of it takes root; without, the worker has to refuse to start, which is tested too.
"""

import os
import pathlib
import re
import signal
import subprocess
import tempfile

import pytest

import harness

PYTHON = "/usr/bin/python3"
FIRST = 61000  # uids that nothing here uses
ROOT = os.geteuid() == 0

root_only = pytest.mark.skipif(not ROOT, reason="takes root")


def check(*flags):
    return subprocess.run([harness.program("reapq-worker"), "--check", *flags],
                          capture_output=True, text=True, check=False,
                          env=harness.clean_environment())


def allowed(row):
    """Does --check say that this host lets us?"""
    return re.search(rf"^{row}\s+(\S+)", check().stdout, re.M).group(1) == "yes"


def start(worker, redis, *flags, **more):
    return worker(redis, "--allow-exec", "--concurrency", "2", *flags, **more)


def seccomp(report):
    return [e["after"] for e in report["evidence"] if e["source"] == "seccomp"]


def fields(text):
    return dict(word.split("=") for word in text.split())


def refuses(redis, *flags, status=1):
    one = harness.Worker(redis, *flags, modules=(), ready=False)
    assert one.wait() == status, one.text()
    return one.text()


# ---- seccomp -----------------------------------------------------------------------

@pytest.mark.crash_record
def test_handler_that_calls_what_is_denied(redis, worker, cli):
    start(worker, redis, "--seccomp", "default")
    r = cli.report("call", "traceme")
    assert (r["outcome"], r["verdict"], r["certainty"]) == ("crashed", "signal", "proved")
    assert r["signal"]["name"] == "SIGSYS"
    assert r["signal"]["code_name"] == "SYS_SECCOMP"
    assert "the seccomp profile default does not allow the system call ptrace (" \
        in r["message"]
    assert "sandbox_traceme" in r["message"]
    assert seccomp(r)[0].startswith("ptrace (")
    assert r["backtrace"]
    # the rest goes on as ever
    assert cli.report("call", "netsocket")["result"] == "a socket"
    assert cli.report("call", "segv")["signal"]["code_name"] == "SEGV_MAPERR"
    r = cli.report("call", "--time-limit", "200ms", "sleep", "60000")
    assert "at the limit it was in" in r["message"]


def test_command_that_calls_what_is_denied(redis, worker, cli):
    """An exec takes the handler of SIGSYS away: then it is the likely cause."""
    start(worker, redis, "--seccomp", "default")
    r = cli.report("run", "--", PYTHON, "-c",
                   "import ctypes; print(ctypes.CDLL(None).ptrace(0, 0, 0, 0))")
    assert (r["verdict"], r["certainty"]) == ("signal", "likely"), r
    assert r["signal"]["name"] == "SIGSYS"
    assert "probably a system call that the seccomp profile default does not allow" \
        in r["message"]
    assert seccomp(r) == ["not visible; profile in force: default"]
    r = cli.report("run", "--", "grep", "-E", "^(NoNewPrivs|Seccomp):",
                   "/proc/self/status")
    assert r["stdout"].split() == ["NoNewPrivs:", "1", "Seccomp:", "2"]
    assert r["hardening"] == "seccomp=default no-new-privs"


def test_no_profile_no_filter(redis, worker, cli):
    start(worker, redis)
    assert cli.report("call", "traceme")["result"] == "traced"
    r = cli.report("run", "--", "grep", "Seccomp:", "/proc/self/status")
    outer = re.search(r"Seccomp:\s+(\d)", pathlib.Path("/proc/self/status").read_text())
    assert r["stdout"].split()[1] == outer.group(1)
    assert r["hardening"] is None
    assert cli("workers", "--json").report["hardening"] == ""


@pytest.mark.crash_record
def test_strict_profile(redis, worker, cli):
    start(worker, redis, "--seccomp", "strict")
    r = cli.report("call", "netsocket")
    assert "does not allow the system call socket (" in r["message"]
    r = cli.report("run", "--", PYTHON, "-c",
                   "import socket; socket.socket(socket.AF_UNIX); print('made')")
    assert r["stdout"] == "made\n"
    # neither by unshare(2) nor by clone(2)
    for code in ("l.unshare(0x10000000)", "l.syscall(56, 0x10000011, 0)"):
        r = cli.report("run", "--", PYTHON, "-c",
                       f"import ctypes; l = ctypes.CDLL(None); {code}")
        assert r["signal"]["name"] == "SIGSYS", r


@pytest.mark.crash_record
def test_profile_of_a_file(redis, worker, cli, tmp_path):
    path = tmp_path / "mine.seccomp"
    path.write_text("# no sockets of any kind\nsocket\n")
    start(worker, redis, env={"REAPQ_SECCOMP": str(path)})
    r = cli.report("call", "netsocket")
    assert "the seccomp profile mine.seccomp does not allow the system call socket (" \
        in r["message"]
    assert cli.report("call", "traceme")["result"] == "traced"


def test_profiles_that_are_refused(redis, tmp_path):
    assert "'lax' is not default, strict, or a file" in refuses(redis, "--seccomp", "lax")
    path = tmp_path / "bad"
    path.write_text("ptrace\nno_such_call\n")
    said = refuses(redis, "--seccomp", str(path))
    assert "line 2: no system call is called 'no_such_call'" in said
    path.write_text("sendmsg\n")
    assert "cannot be denied" in refuses(redis, "--seccomp", str(path))
    assert "o such file" in refuses(redis, "--seccomp", str(tmp_path / "none"))


def test_no_new_privs(redis, worker, cli):
    start(worker, redis, "--no-new-privs")
    r = cli.report("run", "--", "grep", "NoNewPrivs:", "/proc/self/status")
    assert r["stdout"].split() == ["NoNewPrivs:", "1"]
    assert r["hardening"] == "no-new-privs"


# ---- users -------------------------------------------------------------------------

@root_only
def test_another_user(redis, worker, cli):
    start(worker, redis, "--child-user", "nobody")
    r = cli.report("call", "whoami")
    got = fields(r["result"])
    assert got["uid"] == "65534" and got["pdeathsig"] == str(int(signal.SIGKILL))
    assert got["dumpable"] == "1"
    assert r["hardening"].startswith("user=65534:")
    r = cli.report("run", "--", "sh", "-c", "id -u; grep Cap /proc/self/status;"
                   "echo by name >/dev/stderr; kill -0 $PPID && echo could")
    assert r["stdout"].splitlines()[0] == "65534"
    for line in re.findall(r"Cap(?:Prm|Eff|Inh|Amb):\s+(\S+)", r["stdout"]):
        assert int(line, 16) == 0
    assert "by name" in r["stderr"], r
    assert "could" not in r["stdout"]
    # limits and stops work across users
    assert cli.report("call", "--time-limit", "200ms", "ignoreterm")["verdict"] == \
        "time_limit"
    r = cli.report("call", "runaway")
    assert r["leftover_processes"] == 1, r
    assert not harness.alive(int(r["result"]))


@root_only
def test_another_user_in_a_container(redis, worker, cli):
    """Root there may not look into another user's limits: the gene is found all the same."""
    caps = "chown dac_override fowner fsetid kill setgid setuid setpcap net_raw mknod"
    start(worker, redis, "--child-uids", str(FIRST), "--isolation", "D", wrap=(
        "setpriv", "--bounding-set", "-all,+" + ",+".join(caps.split())))
    for _ in range(3):
        r = cli.report("call", "runaway")
        assert r["leftover_processes"] == 1, r
        assert not harness.alive(int(r["result"]))
    assert cli.report("call", "segv")["signal"]["name"] == "SIGSEGV"


@root_only
def test_user_by_number(redis, worker, cli):
    start(worker, redis, "--child-user", f"{FIRST}:{FIRST + 1}")
    got = fields(cli.report("call", "whoami")["result"])
    assert (got["uid"], got["gid"], got["groups"]) == (str(FIRST), str(FIRST + 1), "0")


@root_only
def test_each_slot_has_its_user(redis, worker, cli, gate):
    start(worker, redis, "--child-uids", f"{FIRST}-{FIRST + 9}")
    tasks, doors, uids = [], [], []
    for _ in range(2):
        door = gate()
        os.chmod(os.path.dirname(door.path), 0o755)
        os.chmod(door.path, 0o644)
        tasks.append(cli.submit("--", "sh", "-c", f"id -u; id -g; cat {door.path}"))
        door.reached()
        doors.append(door)
    for door in doors:
        door.open(b"")
    for report in cli.wait(*tasks).values():
        uid, gid = report["stdout"].split()
        assert uid == gid
        assert report["hardening"] == f"user={uid}:{uid}"
        uids.append(int(uid))
    assert uids[0] != uids[1]
    assert all(FIRST <= uid < FIRST + 10 for uid in uids)
    assert cli("workers", "--json").report["hardening"] == f"users={FIRST}-{FIRST + 9}"
    # more tasks than users
    for _ in range(25):
        assert cli.report("call", "whoami")["result"].startswith("uid=61")


@root_only
def test_all_of_a_user_dies(redis, worker, cli):
    """Without a cgroup: a chain in which each forks the next and ends at once."""
    start(worker, redis, "--child-uids", str(FIRST), "--isolation", "D")
    r = cli.report("run", "--", PYTHON, "-c", """
import os, time
end = time.monotonic() + 60
if os.fork() == 0:
    while time.monotonic() < end:
        os.setsid()
        if os.fork():
            os._exit(0)
""")
    assert r["verdict"] == "ok", r
    uid = int(re.search(r"user=(\d+)", r["hardening"]).group(1))

    def running():
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                status = pathlib.Path(f"/proc/{pid}/status").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if re.search(rf"^Uid:\s+{uid}\b", status, re.M) and \
                    "reapq-runner" not in status and "\tZ" not in status:
                found.append(pid)
        return found
    assert not running()


@root_only
def test_worker_killed_and_so_its_child(redis, worker, cli, gate):
    """PR_SET_PDEATHSIG is lost with a change of user; it has to be there again."""
    one = start(worker, redis, "--child-user", f"{FIRST}:{FIRST}")
    door = gate()
    os.chmod(os.path.dirname(door.path), 0o755)
    os.chmod(door.path, 0o622)
    cli.submit("--", "sh", "-c", f"echo $$ > {door.path}; exec sleep 3600")
    with open(door.path) as f:
        pid = int(f.read())
    assert harness.alive(pid)
    one.destroy()
    harness.until("the child is dead", lambda: not harness.alive(pid))


@root_only
def test_users_that_are_refused(redis):
    assert "is root" in refuses(redis, "--child-user", "root")
    assert "is root" in refuses(redis, "--child-user", "0:0")
    assert "no user is called 'nosuch'" in refuses(redis, "--child-user", "nosuch")
    assert "no group is called 'nosuch'" in refuses(redis, "--child-user", "nobody:nosuch")
    assert f"give its group too, {FIRST}:{FIRST}" in \
        refuses(redis, "--child-user", str(FIRST))
    assert "give one of the two" in \
        refuses(redis, "--child-user", "nobody", "--child-uids", str(FIRST))
    assert "neither a uid nor two" in refuses(redis, "--child-uids", "many")
    assert "root in it" in refuses(redis, "--child-uids", "0-100")
    said = refuses(redis, "--child-uids", f"{FIRST}-{FIRST + 2}", "--concurrency", "4")
    assert "too few: 6 children may be there" in said
    with subprocess.Popen(["sleep", "3600"], user=FIRST, group=FIRST) as other:
        harness.ours.add(other.pid)
        try:
            said = refuses(redis, "--child-uids", str(FIRST))
        finally:
            other.kill()
        harness.ours.discard(other.pid)
    assert f"process {other.pid} runs as user {FIRST}" in said


def test_who_may_not_is_told():
    """As a user without any privilege: --check says no, and the option ends it."""
    user = ["setpriv", "--reuid", "65534", "--clear-groups", "--inh-caps=-all"] if ROOT \
        else []
    done = subprocess.run(
        [*user, harness.program("reapq-worker"), "--check", "--child-uids", str(FIRST)],
        capture_output=True, text=True, check=False, env=harness.clean_environment())
    if "ermission denied" in done.stderr and not done.stdout:
        pytest.skip("that user cannot reach the build directory")
    assert done.returncode == 1
    assert re.search(r"--child-user, --child-uids\s+no\s+becoming the user", done.stdout)
    assert re.search(r"--read-only-root\s+no\s+unshare", done.stdout)
    assert re.search(r"--seccomp\s+yes", done.stdout)
    assert f"does not allow what was asked for (users={FIRST}-" in done.stderr


# ---- the file system ---------------------------------------------------------------------

@pytest.fixture
def place():
    with tempfile.TemporaryDirectory(prefix="reapq-place-", dir="/var/tmp") as path:
        os.chmod(path, 0o777)
        yield path


@root_only
@pytest.mark.skipif(not ROOT or not allowed("--read-only-root"), reason="not here")
def test_read_only_root(redis, worker, cli, place):
    with tempfile.NamedTemporaryFile(prefix="reapq-host-", dir="/tmp") as on_host:
        start(worker, redis, "--read-only-root", "--writable", place)
        r = cli.report("run", "--", "bash", "-c", f"""
for f in /etc/reapq-test /var/tmp/reapq-test {place}/../reapq-test; do
    (echo x > $f) 2>&1 | grep -o 'Read-only file system'
done
echo x > {place}/made && echo place
echo x > /tmp/mine && echo tmp
echo x > /dev/shm/mine && echo shm
echo x > /dev/null && echo null
[ -e {on_host.name} ] || echo own
mount -o remount,bind,rw / 2>/dev/null || echo stays
(echo 0 > /proc/self/oom_score_adj) 2>/dev/null || echo proc
(echo x > /proc/{os.getpid()}/root{place}/../reapq-test) 2>/dev/null || echo no way out
""")
    assert r["stdout"].split("\n") == 3 * ["Read-only file system"] + [
        "place", "tmp", "shm", "null", "own", "stays", "proc", "no way out", ""], r
    assert r["hardening"] == "read-only-root"
    assert pathlib.Path(place, "made").read_text() == "x\n"
    assert not os.path.exists("/tmp/mine")
    # modules that lie under /tmp are there all the same
    assert cli.report("call", "echo", "hello")["result"] == "hello"


@root_only
@pytest.mark.skipif(not ROOT or not allowed("--read-only-root"), reason="not here")
def test_writable_below_the_own_tmp(redis, worker, cli):
    with tempfile.TemporaryDirectory(prefix="reapq-deep-", dir="/tmp") as path:
        deep = os.path.join(path, "a", "b")
        os.makedirs(deep)
        start(worker, redis, "--read-only-root", "--writable", deep, cwd=deep)
        r = cli.report("run", "--", "sh", "-c", "pwd; echo x > here; ls -A ../..")
        assert r["stdout"] == f"{deep}\na\n", r
        assert os.path.exists(os.path.join(deep, "here"))


def test_directories_that_are_refused(redis):
    assert "means nothing without" in refuses(redis, "--writable", "/var/tmp")
    if not ROOT:
        return
    for bad in ("/nonexistent", "/", "/etc/passwd"):
        said = refuses(redis, "--read-only-root", "--writable", bad)
        assert "is no directory below /" in said


# ---- all together ----------------------------------------------------------------------------

@root_only
@pytest.mark.crash_record
@pytest.mark.skipif(not ROOT or not allowed("--read-only-root"), reason="not here")
def test_all_at_once(redis, worker, cli, place):
    one = start(worker, redis, "--seccomp", "strict", "--child-uids", str(FIRST),
                "--read-only-root", "--writable", place)
    r = cli.report("call", "traceme")
    assert "does not allow the system call ptrace" in r["message"], r
    assert re.fullmatch(r"seccomp=strict user=(\d+):\1 no-new-privs read-only-root",
                        r["hardening"])
    runner = one.runner()
    os.kill(runner, signal.SIGKILL)  # the next one is locked in too
    one.wait_for_line("runner_died")
    for _ in range(8):
        r = cli.report("run", "--", "sh", "-c", f"id -u; touch {place}/$$ /etc/x")
        assert int(r["stdout"]) >= FIRST
        assert "Read-only file system" in r["stderr"]
    said = check("--seccomp", "strict", "--child-uids", str(FIRST), "--read-only-root")
    assert said.returncode == 1 and "runs as user" in said.stderr
    said = check("--seccomp", "strict", "--child-uids", str(FIRST + 1000))
    assert f"sandbox: seccomp=strict users={FIRST + 1000}-" in said.stdout, said
