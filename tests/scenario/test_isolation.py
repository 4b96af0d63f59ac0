"""Tasks kept apart by cgroups: what the kernel kills is proved, and all of a task dies.

What is expected depends on the tier that `reapq-worker --check` finds here, and on
REAPQ_ISOLATION. Each test holds on every tier.
"""

import glob
import os
import re
import signal
import subprocess

import pytest

import harness

PYTHON = "/usr/bin/python3"
GREED = "x = bytearray(1 << 30)"


def verdict(report):
    return report["outcome"], report["verdict"], report["certainty"]


def evidence(report, source, what=""):
    return [e for e in report["evidence"] if e["source"] == source and what in e["what"]]


def homes(pid):
    """Cgroups of the worker with this pid."""
    return glob.glob(f"/sys/fs/cgroup/**/reapq.*-{pid}-*", recursive=True)


def test_tier_is_told_everywhere(redis, worker, cli):
    one = worker(redis)
    said = one.wait_for_line(r"isolation tier=(\S+) why=").group(1)
    assert said == harness.tier()
    assert cli.report("call", "echo")["isolation"] == said
    assert cli("workers", "--json").report["isolation"] == said


def test_check_shows_each_probe():
    with subprocess.Popen([harness.program("reapq-worker"), "--check", "--oom-test"],
                          stdout=subprocess.PIPE, text=True,
                          env=harness.clean_environment()) as check:
        said = check.stdout.read()
    assert check.returncode == 0, said
    counted = re.search(r"OOM kill counted\s+(\S+)", said).group(1)
    if not harness.ASAN:
        assert counted == ("yes" if harness.limits_memory() else "no")
    assert not glob.glob(f"/sys/fs/cgroup/**/reapq.check-{check.pid}", recursive=True) or \
        os.environ.get("REAPQ_ISOLATION"), said


def test_tier_that_cannot_be_had(redis):
    one = harness.Worker(redis, "--isolation", "X", modules=(), ready=False)
    assert one.wait() == 2
    if harness.tier() == "A":
        return
    one = harness.Worker(redis, "--isolation", "A", modules=(), ready=False)
    assert one.wait() == 1
    assert "does not give" in one.text()


@pytest.mark.rlimit_memory
def test_handler_over_its_memory_limit(node):
    """The worker and the tasks beside it notice nothing."""
    beside = [node.cli.submit("echo", str(i)) for i in range(20)]
    r = node.report("call", "--memory", "64M", "alloc", "1024")
    assert verdict(r) == ("crashed", "memory_limit", "proved"), r
    assert (r["signal"]["number"], r["limits"]["memory"]) == (signal.SIGKILL, 64 << 20)
    assert "memory limit of 64 MiB" in r["message"]
    if harness.limits_memory():
        kills = evidence(r, "memory.events", "oom_kill of its own") or \
            evidence(r, "memory.oom_control", "oom_kill of its own")
        assert int(kills[0]["after"]) > int(kills[0]["before"])
        assert "OOM killer" in r["message"] and "peak of 64 MiB" in r["message"]
        assert 60 << 20 < r["usage"]["peak_memory"] <= 64 << 20
    else:
        assert "this worker killed" in r["message"]
        assert int(evidence(r, "worker", "most memory")[0]["after"]) > 64 << 20
    reports = node.cli.wait(*beside)
    assert [reports[t]["result"] for t in beside] == [str(i) for i in range(20)]


@pytest.mark.rlimit_memory
def test_command_with_company_over_its_memory_limit(node):
    """What it started dies too, and it is still known who ran out of memory."""
    r = node.report("run", "--memory", "64M", "--", "sh", "-c",
                    f"sleep 3600 & setsid sleep 3600 & exec {PYTHON} -c '{GREED}'")
    assert (r["outcome"], r["verdict"]) == ("crashed", "memory_limit"), r
    log = evidence(r, "kmsg")
    if harness.tier() in ("A", "B") and not log:  # in a PID namespace, say
        assert r["certainty"] == "likely"
    else:
        assert r["certainty"] == "proved"
    if log:
        assert int(log[0]["after"]) == r["pid"]


@pytest.mark.rlimit_memory
def test_memory_limit_holds_for_the_whole_tree(node):
    """Each of three is below the limit; together they are above."""
    part = f"{PYTHON} -c 'import time; x = bytearray(40 << 20); time.sleep(3600)'"
    r = node.report("run", "--memory", "80M", "--", "bash", "-c",
                    f"{part} & {part} & {part} & wait -n; exit 7")
    if harness.tier() == "B":
        # one of them is killed, or two if they grew at once, and the shell tells
        assert (r["verdict"], r["exit_status"]) == ("exit", 7)
        assert re.search("(1 process|2 processes) that it had started w(as|ere) killed",
                         r["message"]), r["message"]
    else:
        assert verdict(r) == ("crashed", "memory_limit", "proved"), r


@pytest.mark.rlimit_memory
def test_grandchild_out_of_memory(node):
    """Its counter rises; but the task itself exited with 3."""
    r = node.report("run", "--memory", "64M", "--", "sh", "-c",
                    f"{PYTHON} -c '{GREED}'; exit 3")
    if harness.tier() == "B":
        assert (r["verdict"], r["certainty"], r["exit_status"]) == ("exit", "proved", 3)
        assert "1 process that it had started was killed by the kernel's OOM killer" \
            in r["message"]
    else:
        # v2 kills all of a cgroup together, and so does the watch
        assert verdict(r) == ("crashed", "memory_limit", "proved"), r


def test_killed_from_outside_is_no_oom(node, gate):
    """With a memory limit and under it: a SIGKILL is not blamed on the limit."""
    door = gate()
    task = node.cli.submit("--memory", "64M", "--", "sh", "-c",
                           f"echo $$ > {door.path}; exec sleep 3600")
    with open(door.path) as f:
        os.kill(int(f.read()), signal.SIGKILL)
    r = node.cli.wait(task)[task]
    assert verdict(r) == ("crashed", "signal", "unknown")
    if harness.tier() != "D" and harness.counts_kills():
        assert "not by the kernel's OOM killer" in r["message"]


def marked_home(pid):
    """A cgroup v2 directory with this process, if marks can be put on it; or None."""
    own = re.search(r"^0::(.*)$", open(f"/proc/{pid}/cgroup").read(), re.M)
    for mount in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
        path = mount + own.group(1) if own else ""
        if "/reapq." not in path or not os.path.isdir(path):
            continue
        try:
            os.setxattr(path, "user.oomd_ooms", b"3")
        except OSError:
            continue
        return path
    return None


def test_killed_by_systemd_oomd(node, gate):
    """As it does it: a mark on the cgroup, a SIGKILL, another mark."""
    for round_number in range(2):
        door = gate()
        task = node.cli.submit("--", "sh", "-c",
                               f"echo $$ > {door.path}; exec sleep 3600")
        with open(door.path) as f:
            pid = int(f.read())
        home = marked_home(pid)
        if home is None:
            os.kill(pid, signal.SIGKILL)
            assert node.cli.wait(task)[task]["verdict"] == "signal"
            pytest.skip("no cgroup v2 of the task's own that takes marks")
        if round_number == 0:
            os.setxattr(home, "user.oomd_kill", b"1")
        os.kill(pid, signal.SIGKILL)
        r = node.cli.wait(task)[task]
        if round_number == 0:
            assert verdict(r) == ("crashed", "oom", "proved"), r
            assert "killed by systemd-oomd" in r["message"]
            marks = evidence(r, "systemd-oomd", "user.oomd_ooms of its own")[0]
            assert (marks["before"], marks["after"]) == ("0", "3")
            first = home
        elif home == first:  # the mark stands as it did
            assert verdict(r) == ("crashed", "signal", "unknown"), r


def test_forks_over_the_limit(node):
    if not harness.limits_memory():
        r = node.report("run", "--processes", "10", "--", "bash", "-c", "ulimit -u")
        assert r["stdout"] == "10\n"
        return
    r = node.report("run", "--processes", "5", "--", PYTHON, "-c", """
import os
for i in range(8):
    if os.fork() == 0:
        os.execlp("sleep", "sleep", "3600")""")
    assert verdict(r) == ("crashed", "process_limit", "likely"), r
    assert r["exit_status"] == 1
    assert "limit of 5 processes" in r["message"]
    refused = evidence(r, "pids.events")[0]
    assert int(refused["after"]) - int(refused["before"]) == 1
    assert r["leftover_processes"] == 4
    # the slot's counter stays, and is not the next task's
    assert node.report("call", "exit3")["verdict"] == "exit"


def test_fork_hoppers_and_escapees_die(node, gate):
    """A chain in which each forks the next in a new session and ends at once."""
    door = gate()
    r = node.report("run", "--", PYTHON, "-c", f"""
import os, time
if os.fork() == 0:
    end = time.monotonic() + 60
    first = True
    while time.monotonic() < end:
        os.setsid()
        if first:
            open("{door.path}", "w").write("hopping")
            first = False
        if os.fork():
            os._exit(0)
else:
    open("{door.path}").read()
""")
    assert r["verdict"] == "ok", r
    assert r["leftover_processes"] >= 1
    if harness.tier() in ("A", "A0", "B"):
        mine = [p for p in harness.children(node.worker.pid).values()
                if p[0].startswith("python")]
        assert not mine


def test_cpu_limit_of_the_whole_tree(node):
    """Four loops for one second between them; none alone gets there."""
    loop = "while :; do :; done"
    r = node.report("run", "--cpu-time", "1s", "--", "sh", "-c",
                    " ".join(f"({loop}) &" for _ in range(4)) + " wait")
    assert verdict(r) == ("crashed", "cpu_limit", "proved"), r
    assert "by its processes" in r["message"]
    assert int(evidence(r, "worker", "CPU time")[0]["after"]) > 1000


def test_cpu_limit_of_those_who_came_and_went(redis, worker, cli):
    """Without cgroups: each ends below the limit, and the shell has waited for it."""
    worker(redis, "--allow-exec", "--isolation", "D")
    loop = f"{PYTHON} -c 'import time\nwhile time.process_time() < 0.4: pass'"
    r = cli.report("run", "--cpu-time", "1s", "--", "bash", "-c",
                   f"while :; do {loop}; done")
    assert verdict(r) == ("crashed", "cpu_limit", "proved"), r
    assert "by its processes" in r["message"]
    assert int(evidence(r, "worker", "CPU time")[0]["after"]) > 1000
    # and the limit of one process is still the kernel's
    r = cli.report("call", "--cpu-time", "1s", "spin")
    assert (r["verdict"], r["signal"]["number"]) == ("cpu_limit", signal.SIGXCPU)


def births(worker):
    """The warm children of a worker: pid to cgroup, of those that are in a slot's."""
    def slot_of(pid):
        try:
            with open(f"/proc/{pid}/cgroup") as f:
                text = f.read()
        except OSError:
            return None
        # v1's memory is what a child enters last
        found = re.search(r"^\d+:memory:.*(/reapq\..*)$", text, re.M) or \
            re.search(r"^0::.*(/reapq\..*/slot-\d+)$", text, re.M)
        return found.group(1) if found else None
    slots = {p: slot_of(p) for p in harness.children(worker.pid)}
    return {p: s for p, s in slots.items() if s}


def test_children_are_in_their_cgroups_before_they_have_a_task(redis, worker, cli):
    """Also one that comes for one that died; and no two are in the same."""
    one = worker(redis, "--concurrency", "3", "--warm", "1", "--allow-exec")
    if harness.tier() not in ("A", "A0", "B"):
        assert not births(one)
        return
    how = one.wait_for_line(r"children_in_cgroups how=(\S+)").group(1)
    assert how in ("clone3", "clone3,written", "written")
    if harness.tier() != "B":
        assert ("born in their cgroup  yes" in harness.checked()) == (how == "clone3")

    def all_in():
        found = births(one)
        return len(found) == 3 and found

    first = harness.until("each in a cgroup", all_in)
    assert len(set(first.values())) == 3
    victim = min(first)
    os.kill(victim, signal.SIGKILL)
    one.wait_for_line("a warm child ended before it had a task")
    second = harness.until("another has come", lambda: victim not in births(one) and all_in())
    assert len(set(second.values())) == 3
    for i in range(8):
        assert cli("call", "echo", str(i)).text == str(i)
    now = harness.until("all are back", all_in)
    r = cli.report("run", "--memory", "64M", "--", "cat", "/proc/self/cgroup")
    assert any(s + "\n" in r["stdout"] for s in now.values()), "not where it was born"
    third = harness.until("all are back", all_in)
    assert len(set(third.values())) == 3


# What Docker's default profile does: clone3 (435 on all machines) is not there.
NO_CLONE3 = """
import ctypes, os, struct, sys
code = [(0x20, 0, 0, 0), (0x15, 0, 1, 435), (0x06, 0, 0, 0x50000 | 38),
        (0x06, 0, 0, 0x7fff0000)]
ops = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *c) for c in code))
prog = struct.pack("HxxxxxxP", len(code), ctypes.addressof(ops))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, prog) == 0
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.mark.rlimit_memory
def test_without_clone3(redis, worker, cli):
    one = worker(redis, "--concurrency", "2", "--warm", "0",
                 wrap=(PYTHON, "-c", NO_CLONE3))
    if harness.tier() in ("A", "A0", "B"):
        assert one.wait_for_line(r"children_in_cgroups how=(\S+)").group(1) == "written"
        found = harness.until("each in a cgroup",
                              lambda: len(births(one)) == 2 and births(one))
        assert len(set(found.values())) == 2
    for limit in ("64M", "1M", "64M"):
        r = cli.report("call", "--memory", limit, "alloc", "1024")
        assert verdict(r) == ("crashed", "memory_limit", "proved"), r


def test_next_child_after_a_tree_was_killed(redis, worker, cli):
    """Some kernels kill what is born where cgroup.kill was used."""
    one = worker(redis, "--concurrency", "1", "--warm", "0", "--allow-exec")
    for i in range(3):
        r = cli.report("run", "--", "sh", "-c", "setsid sleep 3600 & exit 0")
        assert (r["verdict"], r["leftover_processes"]) == ("ok", 1), r
        assert cli("call", "echo", str(i)).text == str(i)
    assert "pool_trouble" not in one.text()


@pytest.mark.rlimit_memory
def test_memory_limit_that_is_too_small_for_a_child(redis, worker, cli):
    """Less than it has touched before its task; and the next one has room again."""
    worker(redis, "--concurrency", "1", "--warm", "0")
    for limit in ("64K", "1M"):
        r = cli.report("call", "--memory", limit, "alloc", "64")
        assert verdict(r) == ("crashed", "memory_limit", "proved"), r
        assert cli("call", "echo", "x").text == "x"
    r = cli.report("call", "--memory", "64M", "alloc", "1024")
    assert verdict(r) == ("crashed", "memory_limit", "proved"), r


@pytest.mark.rlimit_memory
def test_slot_with_a_past(redis, worker, cli, tmp_path):
    """Page cache and peak of a task without a limit are not the next one's."""
    worker(redis, "--concurrency", "1", "--warm", "0", "--allow-exec")
    for _ in range(2):  # before and after a task with a limit was seen
        write = f"head -c 96M /dev/zero > {tmp_path}/file"
        assert cli.report("run", "--", "sh", "-c", write)["verdict"] == "ok"
        r = cli.report("call", "--memory", "32M", "alloc", "1024")
        assert verdict(r) == ("crashed", "memory_limit", "proved"), r
        if harness.limits_memory():
            assert "peak of 32 MiB" in r["message"], r["message"]
            assert 28 << 20 < r["usage"]["peak_memory"] <= 32 << 20


def test_next_worker_cleans_up(redis, worker, cli, gate):
    """After kill -9 there may be cgroups, and processes in them; not for long."""
    one = worker(redis, "--allow-exec")
    door = gate()
    cli.submit("--", "sh", "-c", f"setsid sh -c 'echo $$ > {door.path}; exec sleep 3600'")
    with open(door.path) as f:
        pid = int(f.read())
    made = homes(one.pid)
    assert bool(made) == (harness.tier() in ("A", "A0", "B"))
    one.ended = True
    one.send(signal.SIGKILL)
    one.wait()
    if made:
        assert harness.alive(pid)
        two = worker(redis)
        harness.until("the old worker's task is dead", lambda: not harness.alive(pid))
        harness.reap_strangers()
        assert not homes(one.pid)
        two.stop()
        assert not homes(two.pid)
    else:
        os.kill(pid, signal.SIGKILL)
    harness.reap_strangers()


def test_workers_side_by_side(redis, worker, cli):
    """One that starts does not take the other's cgroups for a dead worker's."""
    one = worker(redis)
    made = homes(one.pid)
    worker(redis)
    assert homes(one.pid) == made
    assert cli("call", "echo", "x").text == "x"
