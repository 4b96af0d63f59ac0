"""The table and the runs as docs/conformance.md shows them.

The table is made from table.py alone, so that a test can tell whether the page is up to
date; the runs from what --json wrote. Each stands between two comments in the page.
"""

import json
import re

import table

COLUMNS = ("A", "A0", "B", "B-", "C", "C!", "D")


def how(entry):
    kind, *rest = entry["how"]
    return "command" if kind == "run" else "handler"


def words(value):
    return " or ".join(value) if isinstance(value, tuple) else str(value)


def cell(want):
    if want["verdict"] == "ok":
        return "ok"
    return f"{words(want['verdict'])}, {words(want['certainty'])}"


def signal_of(entry):
    """What kills it, or its exit status, where all tiers agree."""
    wants = [table.expected(entry, tier) for tier in COLUMNS]
    found = set()
    for want in wants:
        if want["signal"] not in (None, table.ANY):
            signals = want["signal"]
            found.update(signals if isinstance(signals, tuple) else (signals,))
        elif want["verdict"] == "exit":
            found.add(f"exit {want['status']}")
    return " or ".join(sorted(found))


def table_lines():
    yield f"{len(table.rows)} rows."
    yield ""
    yield "| row | what happens | by a | it ends by | " + " | ".join(COLUMNS) + " |"
    yield "|---" * (4 + len(COLUMNS)) + "|"
    for entry in table.rows:
        cells = [cell(table.expected(entry, tier)) for tier in COLUMNS]
        cells[1:] = ["=" if c == cells[0] else c for c in cells[1:]]
        yield "| " + " | ".join(
            [f"`{entry['name']}`", entry["why"], how(entry), signal_of(entry), *cells]) + " |"


def number(text):
    return re.search(r"\d+(\.\d+)+", text).group(0)


def run_lines(paths):
    yield "| tier | where | rows | each | passed | failed | skipped | kernel | Redis | reapq | date |"
    yield "|---" * 11 + "|"
    for path in paths:
        with open(path) as f:
            r = json.load(f)
        rows = r["rows"]
        skipped = [x["name"] for x in rows if "skipped" in x]
        failed = [x["name"] for x in rows if not x.get("ok", True)]
        v = r["versions"]
        kernel = ".".join(number(v["kernel"]).split(".")[:2])
        times = "once" if r["repeat"] == 1 else f"{r['repeat']} times"
        yield (f"| {r['tier']} | {r['where']} | {len(rows)} | {times} | "
               f"{len(rows) - len(skipped) - len(failed)} | {' '.join(failed) or 0} | "
               f"{' '.join(skipped) or 0} | {kernel} | {number(v['redis'])} | {number(v['reapq'])} | "
               f"{r['date']} |")


def put(text, name, lines):
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
    head, rest = text.split(begin)
    return head + begin + "".join(line + "\n" for line in lines) + end + rest.split(end)[1]


def update(path, results):
    with open(path) as f:
        text = f.read()
    text = put(text, "table", table_lines())
    if results:
        text = put(text, "runs", run_lines(results))
    with open(path, "w") as f:
        f.write(text)


def is_up_to_date(path):
    with open(path) as f:
        text = f.read()
    return text == put(text, "table", table_lines())
