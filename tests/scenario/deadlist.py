"""What the scenarios of the dead list share."""

import os
import re

BASE = "reapq:{default}:"
LUA = os.path.join(os.path.dirname(__file__), "..", "..", "common", "lua")


def script(client, name, *args):
    """The answer of a script, as a worker or a producer would run it."""
    def part(match):
        with open(os.path.join(LUA, f"_{match.group(1)}.lua")) as f:
            return f.read()
    with open(os.path.join(LUA, name + ".lua")) as f:
        text = f.read()
    while re.search(r"^--@(\w+)\n", text, re.M):
        text = re.sub(r"^--@(\w+)\n", part, text, flags=re.M)
    return client.eval(text, 1, BASE, *args)


def listed(cli, *flags):
    answer = cli("dead", "ls", "--json", *flags)
    assert answer.status == 0, answer
    return {e["id"]: e for e in answer.reports}


def shown(cli, task):
    answer = cli("dead", "show", "--json", task)
    assert answer.status == 0, answer
    return answer.report


def died(cli, *args):
    """The id of a task that ended, however."""
    task = cli.submit(*args)
    cli.wait(task)
    return task


def size_of_all(client):
    sizes = {k: int(v) for k, v in client.hgetall(BASE + "dz").items()}
    total = sizes.pop(b"", 0)
    assert total == sum(sizes.values()), "the sum is that of its parts"
    assert {k.decode() for k in sizes} == \
        {i.decode() for i in client.zrange(BASE + "dead", 0, -1)}
    return total
