"""The story that the project starts from, small and then large."""

import collections
import concurrent.futures
import os
import zlib

import pytest

import harness


def test_three_tasks_and_the_third_dies(node):
    """Two results and one report; the worker and the next task are untouched."""
    ids = [node.cli.submit("echo", "one"), node.cli.submit("echo", "two"),
           node.cli.submit("segv")]
    reports = node.cli.wait(*ids)
    one, two, three = (reports[i] for i in ids)
    assert (one["verdict"], one["result"]) == ("ok", "one")
    assert (two["verdict"], two["result"]) == ("ok", "two")
    assert (three["outcome"], three["verdict"], three["certainty"]) == \
        ("crashed", "signal", "proved")
    assert three["signal"]["name"] == "SIGSEGV"
    assert three["result"] is None
    assert "SIGSEGV" in three["message"]
    assert node.cli("call", "echo", "next").text == "next"
    assert node.worker.popen.poll() is None


# payload by handler -> (verdict, signal number or None)
WAYS = {
    ("segv", ""): ("signal", 11),
    ("abort", ""): ("signal", 6),
    ("div0", ""): ("signal", 8),
    ("stack", ""): ("signal", 11),
    ("exit0", ""): ("exit", None),
    ("exit3", ""): ("exit", None),
    ("kill", "9"): ("signal", 9),
    ("kill", "15"): ("signal", 15),
    ("cut", "50 1"): ("signal", 9),
    ("stderr", "100000"): ("signal", 6),
}


def test_a_thousand_tasks_every_tenth_dies(node):
    """100 right reports, 900 right results, nothing left over."""
    def idle():
        """The runner, and a warm child for each of its four slots."""
        names = [s[0] for s in harness.children(node.worker.pid).values()]
        return names.count("reapq-runner") == 5

    node.cli("call", "echo", "warm up")
    harness.until("all its children are warm", idle)
    descriptors = harness.fd_count(node.worker.pid)
    ways = list(WAYS)
    expected = {}

    def submit(i):
        if i % 10 == 9:
            way = ways[i // 10 % len(ways)]
            return node.cli.submit(*way), WAYS[way]
        return node.cli.submit("echo", f"payload {i}"), f"payload {i}"

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        expected = dict(pool.map(submit, range(1000)))
    assert len(expected) == 1000
    reports = node.cli.wait(*expected)
    wrong = []
    counts = collections.Counter()
    for task, want in expected.items():
        r = reports[task]
        got = r["result"] if r["outcome"] == "returned" else \
            (r["verdict"], r["signal"] and r["signal"]["number"])
        counts[r["outcome"] == "returned"] += 1
        if got != want:
            wrong.append((want, r["verdict"], r["message"]))
    assert not wrong
    assert counts == {True: 900, False: 100}
    harness.until("no zombie", lambda: not node.worker.zombies())
    harness.until("the worker is idle again", idle)
    # One more if the helper that names frames has started meanwhile: its socket.
    harness.until("the worker's descriptors are as before",
                  lambda: harness.fd_count(node.worker.pid) <= descriptors + 1)
    assert not harness.strangers()
    assert node.cli.redis.client().zcard("reapq:{default}:l") == 0


def test_wordcount_over_the_licenses(node):
    """The main job: the same numbers as wc(1)."""
    folder = "/usr/share/common-licenses"
    files = sorted(os.path.join(folder, f) for f in os.listdir(folder))
    answer = node.cli("map", "--json", "wordcount", input="\n".join(files).encode())
    assert answer.status == 0, answer
    got = {r["result"] for r in answer.reports}
    want = set()
    for path in files:
        with open(path, "rb") as f:
            data = f.read()
        want.add(f"{data.count(10)} {len(data.split())} {len(data)} {path}")
    assert got == want


@pytest.mark.parametrize("percent", [1, 50, 99])
def test_dead_half_way_through_a_large_result(node, percent):
    """Its own future settles, and those beside it are not held up."""
    ids = [node.cli.submit("cut", f"{percent} 64")]
    ids += [node.cli.submit("echo", str(i)) for i in range(8)]
    reports = node.cli.wait(*ids)
    cut = reports[ids[0]]
    assert (cut["outcome"], cut["verdict"], cut["certainty"]) == \
        ("crashed", "signal", "unknown")
    assert cut["signal"]["number"] == 9
    assert cut["result"] is None
    assert [reports[i]["result"] for i in ids[1:]] == [str(i) for i in range(8)]


def test_a_large_result_is_whole(node):
    answer = node.cli("call", "big", "64")
    assert answer.status == 0, answer
    size = 64 << 20
    pattern = bytes(range(251)) * (size // 251 + 1)
    assert len(answer.out) == size
    assert answer.out == pattern[:size]


def test_handlers_of_the_example_modules(node):
    path = "/usr/share/common-licenses/BSD"
    with open(path, "rb") as f:
        data = f.read()
    assert node.cli("call", "crc32", path).text == f"{zlib.crc32(data):08x} {path}"
    h = 0xcbf29ce484222325
    for byte in data:
        h = (h ^ byte) * 0x100000001b3 % (1 << 64)
    assert node.cli("call", "fnv1a64", path).text == f"{h:016x} {path}"
    assert node.cli("call", "upper", "shout").text == "SHOUT"
    want = "".join(f"{n}:{line}\n" for n, line in
                   enumerate(data.decode().splitlines(), 1) if "warrant" in line.lower())
    got = node.cli("call", "grep", f"[Ww][Aa][Rr][Rr][Aa][Nn][Tt]\n{path}").text
    assert want and got == want
    missing = node.report("call", "wordcount", "/no/such/file")
    assert (missing["outcome"], missing["verdict"]) == ("failed", "error")
    assert "/no/such/file" in missing["message"]
    assert "No such file or directory" in missing["message"]
