"""Fixtures; what they hand out is in harness.py."""

import pytest

import harness


@pytest.fixture(scope="session", autouse=True)
def no_cgroups_left():
    """What killed workers left, the next one removes: here it is --check."""
    yield
    harness.checked.cache_clear()
    harness.tier()


@pytest.fixture
def redis():
    server = harness.Redis()
    yield server
    server.stop()


@pytest.fixture
def persistent_redis():
    server = harness.Redis(persistent=True)
    yield server
    server.stop()


@pytest.fixture
def worker():
    """worker(redis, *flags, env=..., ...): workers that must end well after the test."""
    started = []

    def start(redis, *flags, **more):
        started.append(harness.Worker(redis, *flags, **more))
        return started[-1]

    yield start
    try:
        for one in started:
            one.stop()
    finally:
        for one in started:
            print(one.text())
            one.kill()
        harness.reap_strangers()


@pytest.fixture
def cli(redis):
    return harness.Cli(redis)


@pytest.fixture
def gate():
    """gate(): a new gate."""
    made = []

    def make():
        made.append(harness.Gate())
        return made[-1]

    yield make
    for one in made:
        one.remove()


class Node:
    """A Redis, a worker with all modules and exec, and the command."""

    def __init__(self, redis, worker):
        self.redis, self.worker, self.cli = redis, worker, harness.Cli(redis)

    def report(self, *args, **more):
        return self.cli.report(*args, **more)


@pytest.fixture(scope="module")
def node():
    """One for all tests of a file that leave it as they found it."""
    server = harness.Redis()
    worker = harness.Worker(server, "--allow-exec", "--concurrency", "4")
    yield Node(server, worker)
    try:
        worker.stop()
    finally:
        print(worker.text())
        worker.kill()
        server.stop()
