"""What a task of a dead worker left running, the next worker ends; nothing else."""

import os
import signal
import subprocess

import pytest

import pytest

import harness

# A process of its own session, whose number goes to a FIFO; the task waits for it.
SCRIPT = "setsid sleep 3600 & echo $! > %s; wait"


def leave(redis, worker, cli, gate, *flags):
    """A worker that runs a task, and the process that the task has started."""
    one = worker(redis, "--allow-exec", "--isolation", "D", "--lease", "1s", *flags)
    door = gate()
    task = cli.submit("--once", *flags, "--", "sh", "-c", SCRIPT % door.path)
    with open(door.path) as f:
        return one, task, int(f.read())


def kill(one):
    one.send(signal.SIGKILL)
    one.wait()
    one.ended = True


def test_the_next_worker_ends_them(redis, worker, cli, gate):
    one, _, left = leave(redis, worker, cli, gate)
    kill(one)
    # A worker of another test may have found it by now; nobody else ends it for an hour.
    worker(redis, "--isolation", "D", "--queue", "another")
    harness.until("it is dead", lambda: not harness.alive(left))
    harness.reap_strangers()


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root")
def test_one_of_a_user_that_the_next_worker_wants(redis, worker, cli, gate):
    """It is ended first, and does not keep the worker from its start."""
    users = "--child-uids", "61200-61220"
    one = worker(redis, "--allow-exec", "--isolation", "D", "--lease", "1s", *users)
    door = gate()
    os.chmod(os.path.dirname(door.path), 0o755)
    os.chmod(door.path, 0o666)
    cli.submit("--once", "--", "sh", "-c", SCRIPT % door.path)
    with open(door.path) as f:
        left = int(f.read())
    kill(one)
    worker(redis, "--isolation", "D", "--queue", "another", *users)
    assert not harness.alive(left)
    harness.reap_strangers()


def test_a_living_workers_are_left_alone(redis, worker, cli, gate):
    """Its own task, one that hides in a deep tree, and one that it has adopted."""
    one, task, left = leave(redis, worker, cli, gate)
    deep, adopted = gate(), gate()
    other = cli.submit("--", "sh", "-c",
                       f"(setsid sh -c 'sleep 3600 & echo $! > {adopted.path}; wait' &); "
                       f"setsid sh -c 'sh -c \"sleep 3600 & echo \\$! > {deep.path}; wait\"; :'")
    pids = [left]
    for door in adopted, deep:
        with open(door.path) as f:
            pids.append(int(f.read()))
    stranger = harness.Process(["sleep", "3600"])
    two = worker(redis, "--isolation", "D", "--queue", "another")
    assert harness.Cli(redis)("call", "--queue", "another", "echo", "x").text == "x"
    assert all(harness.alive(p) for p in [*pids, stranger.pid])
    two.stop()
    stranger.kill()
    for one_task in task, other:
        cli("cancel", "--kill", one_task)
    harness.until("they ended with their task",
                  lambda: not any(harness.alive(p) for p in pids))
    one.stop()


def test_a_task_itself_dies_with_its_worker(redis, worker, cli, gate):
    """No sweep is needed for what the worker forked."""
    one = worker(redis, "--allow-exec", "--isolation", "D", "--lease", "1s")
    door = gate()
    cli.submit("--once", "--", "sh", "-c", f"echo $$ > {door.path}; exec sleep 3600")
    with open(door.path) as f:
        pid = int(f.read())
    kill(one)
    harness.until("it is dead", lambda: not harness.alive(pid))
    harness.reap_strangers()


UNSHARE = ("unshare", "--pid", "--fork", "--mount-proc")


def can_unshare():
    return subprocess.run([*UNSHARE, "true"], capture_output=True,
                          check=False).returncode == 0


@pytest.mark.skipif(not can_unshare(), reason="no PID namespace may be made here")
def test_a_worker_inside_of_a_task_spares_that_task(redis, worker, cli, gate):
    """In a PID namespace of its own the number of the worker outside means nothing."""
    worker(redis, "--allow-exec", "--isolation", "D")
    door = gate()
    script = f"""sleep 3600 & left=$!
        {harness.program("reapq-worker")} --embedded --isolation D >{door.path} 2>/dev/null &
        inner=$!
        read -r url <{door.path}
        kill -0 $left && echo spared
        kill $inner; wait $inner; kill $left"""
    assert cli("run", "--", *UNSHARE, "sh", "-c", script).text == "spared\n"
