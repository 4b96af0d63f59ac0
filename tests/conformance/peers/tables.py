"""Writes the results in a directory as Markdown: one table for all, one for each peer."""

import json
import os
import re
import socket
import sys

ORDER = ("reapq", "rq", "celery", "bullmq", "ppe", "gearman")
WAYS = {
    "ok": "returns",
    "raise": "raises an exception; as a command, exits 1",
    "exit0": "`_exit(0)` without a result",
    "exit3": "`_exit(3)`",
    "segv": "null pointer, SIGSEGV",
    "abort": "`abort()`",
    "stack": "endless recursion",
    "kill9": "`kill -9` from outside",
    "oom": "out of memory in the container",
    "hang": "sleeps past a time limit of 2 s",
    "deaf": "loops past it, signals blocked",
    "cut": "SIGKILL while it hands over 4 MiB of result",
    "leave": "returns; its child holds stdout",
    "worker": "`kill -9` for its worker; a new one is started",
}


def cell(peer, row):
    if row is None:
        return "–"
    said = row["judged"]
    if row["way"] in ("ok", "leave") and said == "right":
        said = "ok"
    if said in ("no answer",) or said.startswith("wrong"):
        said = f"**{said}**"
    if row["seconds"] is not None and row["seconds"] >= 1:
        said += f", {row['seconds']:.0f} s"
    harm = row.get("innocent", "unharmed")
    if harm != "unharmed":
        said += "; **innocent " + harm.split(":")[0] + "**"
    if row["left"]:
        said += "; " + " and ".join(row["left"]) + (" live" if len(row["left"]) > 1 else " lives") \
            + " on"
    return said


def quoted(text):
    """Short, and without the paths and the name of the machine that it was measured on."""
    text = re.split(r'File "[^"]*", line \d+, in \w+', text)[-1]
    text = text.replace(f" on {socket.gethostname()}", "").strip(" |").replace("`", "'")
    return text.replace("|", "\\|") if len(text) <= 200 else text[:200] + " …"


def main():
    peers = []
    for name in ORDER:
        path = os.path.join(sys.argv[1], name + ".json")
        if os.path.exists(path):
            with open(path) as f:
                peers.append(json.load(f))
    rows = [{r["way"]: r for r in p["rows"]} for p in peers]
    print("| the task | " + " | ".join(p["name"] for p in peers) + " |")
    print("|---|" + "---|" * len(peers))
    for way, title in WAYS.items():
        print(f"| {title} | " + " | ".join(cell(p, r.get(way)) for p, r in zip(peers, rows)) + " |")
    print("\n## What each said\n")
    for p, r in zip(peers, rows):
        print(f"### {p['name']} {p['version']}\n\nMeasured {p['date']}. Settings: {p['settings']}.")
        for way, why in p["not_for"].items():
            print(f"Not measured: {WAYS[way]}; {why}.")
        print("\n| the task | the waiter was told | after | the innocent |\n|---|---|---|---|")
        for way, title in WAYS.items():
            if way not in r:
                continue
            one = r[way]
            text = quoted(one["text"])
            said = {"ok": "success" + (f" (`{text}`)" if text else ""),
                    "pending": f"nothing in {p['wait'] * (4 if way in ('deaf', 'worker') else 1)} s"
                    }.get(one["kind"], f"`{text}`")
            after = "" if one["seconds"] is None else f"{one['seconds']:.2f} s"
            print(f"| {title} | {said} | {after} | "
                  f"{one.get('innocent', '').split(':')[0]} |")
        print()


if __name__ == "__main__":
    main()
