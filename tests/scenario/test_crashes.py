"""Deaths are told in words when their results are gone, and counted by what they are."""

import harness
from deadlist import BASE, died


def test_why_when_the_result_is_gone(redis, worker, cli):
    worker(redis)
    task = died(cli, "nullread")
    before = cli("why", task).text, cli("status", task).text, cli.state(task)
    redis.client().delete(BASE + "r:" + task)
    assert cli("wait", task).status == 1
    assert (cli("why", task).text, cli("status", task).text, cli.state(task)) == before
    cli("dead", "rm", task)
    assert cli("why", task).status == 1


def test_crashes(redis, worker, cli):
    worker(redis, "--allow-exec")
    segv = [died(cli, "segv") for _ in range(5)]
    died(cli, "nullread")
    died(cli, "--", "sh", "-c", "kill -SEGV $$")
    died(cli, "exit3")
    died(cli, "abort")
    died(cli, "assert")
    groups = cli("crashes", "--json").reports
    assert [g["count"] for g in groups] == [5, 1, 1, 1, 1, 1]
    most = groups[0]
    assert (most["handler"], most["verdict"], most["signal"]) == \
        ("segv", "signal", "SIGSEGV")
    assert most["frames"][:2] == ["faults.so!write_unmapped", "faults.so!crash_segv"]
    assert most["ids"] == segv[::-1]
    assert most["first_at"] < most["last_at"]
    by_handler = {g["handler"]: g for g in groups}
    assert by_handler["nullread"]["frames"][0] == "faults.so!read_field"
    assert by_handler["exec"]["frames"] == []
    assert by_handler["exit3"]["signal"] is None
    # not in the C library, where every abort() and every failed assertion dies
    assert by_handler["abort"]["frames"][0] == "faults.so!crash_abort"
    assert by_handler["assert"]["frames"][0].startswith("faults.so!")
    table = cli("crashes").text
    assert table.splitlines()[1].split()[:2] == ["5", "segv"]
    assert "faults.so!write_unmapped < faults.so!crash_segv" in table
    assert len(cli("crashes", "--limit", "2", "--json").reports) == 2
    assert len(cli("crashes", "--since", "1h", "--json").reports) == 6
    assert cli("crashes", "--since", "0ms", "--json").reports == []


def test_crashes_without_names(redis, worker, cli, tmp_path):
    """Module and offset still tell one place from the other."""
    runner = tmp_path / "reapq-runner"
    runner.write_bytes(open(harness.program("reapq-runner"), "rb").read())
    runner.chmod(0o755)
    worker(redis, env={"REAPQ_RUNNER": str(runner)})
    for handler in "segv", "segv", "nullread":
        died(cli, handler)
    groups = cli("crashes", "--json").reports
    assert [(g["handler"], g["count"]) for g in groups] == [("segv", 2), ("nullread", 1)]
    assert all(g["frames"][0].startswith("faults.so+0x") for g in groups)
