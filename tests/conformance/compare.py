"""Is a report what its row wants? Pure: two dictionaries in, words out."""

import re

import table


def field(report, path):
    for name in path.split("."):
        report = report[name] if report is not None else None
    return report


def matches(want, got):
    if want == table.ANY:
        return True
    if want == table.SOME:
        return got >= 1
    if isinstance(want, tuple):
        return got in want
    return want == got


def spelled(want):
    return " or ".join(map(str, want)) if isinstance(want, tuple) else repr(want)


def filled(value, words):
    """With {name} put in; a number where that leaves one."""
    if not isinstance(value, str):
        return value
    for name, text in words.items():
        value = value.replace("{" + name + "}", str(text))
    return int(value) if value.isdigit() else value


def got(report):
    return {
        "outcome": report["outcome"], "verdict": report["verdict"],
        "certainty": report["certainty"], "signal": field(report, "signal.name"),
        "status": report["exit_status"], "code": field(report, "signal.code_name"),
        "leftover": report["leftover_processes"]}


def complaints(want, report, words):
    """One line for each thing that is not as it should be."""
    found = []
    have = got(report)
    for key, value in have.items():
        if key in want and not matches(want[key], value):
            found.append(f"{key} is {value!r}, not {spelled(want[key])}")
    for path, value in want.get("fields", {}).items():
        value = filled(value, words) if path == "signal.sender_pid" else value
        if field(report, path) != value:
            found.append(f"{path} is {field(report, path)!r}, not {value!r}")
    says = str(filled(want.get("says", ""), words))
    if not re.search(says, report["message"]):
        found.append(f"the message does not say {says!r}")
    if want.get("never") and re.search(want["never"], report["message"]):
        found.append(f"the message says {want['never']!r}")
    if not report["message"]:
        found.append("there is no message")
    if found:
        found.append("message: " + report["message"])
    return found
