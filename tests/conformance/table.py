"""The table: one row a way to die, and what the report must say of it on each tier.

A row is what a producer does (`call` of a handler, or `run` of a command) and what it
must be told. What differs from tier to tier stands in `tiers`, by the names of the tiers
("B-" is B without the kernel's log). What is not named there is the same on all of them.
Where a tier cannot know, the row demands that it says so: `unknown` for a SIGKILL that
nobody saw the sender of is right, and `proved` there would be a failure.

Expected: outcome, verdict, certainty, signal (its name, or None), status (of an exit),
code (si_code's name), leftover (processes that outlived it), says (what the message has
to hold, a regular expression), never (what it must not hold), and in `fields` any other
field of the report. {fifo}, {gate}, {tmp} and {small} in a command line are put in by
the runner: two FIFOs, a directory, and a tmpfs with less than 1 MiB of room. A tuple is
a choice: any of them is right.
"""

TIERS = ("A", "A0", "B", "B-", "C", "C!", "D")
KEYS = {"outcome", "verdict", "certainty", "signal", "status", "code", "leftover", "says",
        "never", "fields"}

rows = []

ANY = ("any",)  # of what is beside the point of a row
SOME = ("some",)  # 1 or more


def row(name, how, expect, why, tiers=None, **more):
    """how: ("call", HANDLER, PAYLOAD) or ("run", COMMAND...); "die" and "deaths" get a mark.

    more: limits, worker (flags of a worker of its own), outside (what somebody else does
    to it, see outside.py), beside (how many tasks run at the same time), box (the worker
    is in a cgroup with less memory than the task takes), needs (what may not be here).
    """
    assert set(expect) <= KEYS, name
    for names, change in (tiers or {}).items():
        assert set(names.split()) <= set(TIERS) and set(change) <= KEYS, name
    rows.append(dict(name=name, how=how, expect=expect, why=why, tiers=tiers or {}, **more))


def die(*words):
    return ("call", "die", " ".join(words))


def deaths(*words):
    return ("run", "{deaths}", *words)


def expected(entry, tier):
    want = dict(signal=None, status=None, leftover=0)
    want.update(entry["expect"])
    for names, change in entry["tiers"].items():
        if tier in names.split():
            want.update(change)
    return want


def ok(**more):
    return dict(outcome="returned", verdict="ok", certainty="proved", status=0, **more)


def exits(status, **more):
    return dict(outcome="failed", verdict="exit", certainty="proved", status=status, **more)


def dies(signal, certainty="proved", **more):
    return dict(outcome="crashed", verdict="signal", certainty=certainty, signal=signal,
                **more)


def limit(which, signal="SIGKILL", certainty="proved", **more):
    return dict(outcome="crashed", verdict=which, certainty=certainty, signal=signal,
                **more)


def fails(verdict, **more):
    return dict(outcome="failed", verdict=verdict, certainty="proved", **more)


MEMORY = limit("memory_limit", says="memory limit of 64 MiB")
# v1 without the kernel's log: a limit was hit and somebody killed; whose limit is a guess.
GUESS = {"B-": dict(certainty="likely", says="probably over its memory limit")}
UNKNOWN = dict(verdict="signal", certainty="unknown")
SENDER = "sender of a SIGKILL is not visible"
CLEARED = "not by the kernel's OOM killer"

# ---- ends that are no deaths ---------------------------------------------------------

row("return", ("call", "echo", "hello"), ok(fields={"result": "hello"}), "a handler returns")
row("exit-0", deaths("exit", "0"), ok(), "a command exits with 0")
row("error", ("call", "error", "no such row"), fails("error", status=0, says="no such row"),
    "a handler says that it failed")
row("exit-3-handler", ("call", "exit3"), exits(3, says="before giving its result"),
    "a handler calls exit(3)")
row("exit-0-early", ("call", "exit0"), exits(0, says="before giving its result"),
    "a handler calls exit(0) before it has a result")
row("exit-7", deaths("exit", "7"), exits(7), "a command exits with 7")
row("exit-137", deaths("exit", "137"), exits(137, never="SIGKILL|OOM|memory"),
    "a command exits with 137: no signal, no OOM")
row("exit-139", deaths("exit", "139"), exits(139, never="SIGSEGV"),
    "a command exits with 139: no signal")
row("exit-in-thread", die("thread-exit", "5"), exits(5), "_exit(5) in a second thread")

# ---- by its own fault --------------------------------------------------------------------

row("segv-null", ("call", "segv"),
    dies("SIGSEGV", code="SEGV_MAPERR", says="null pointer: write to address 0x10",
         fields={"signal.fault_address": "0x10"}), "write through a null pointer")
row("segv-null-command", deaths("null"), dies("SIGSEGV", code=None),
    "the same in a command: no crash record, so no address")
row("segv-wild", die("wild"), dies("SIGSEGV", code="SEGV_MAPERR", never="null pointer"),
    "write to memory that was given back")
row("segv-noncanonical", ("call", "wildread"),
    dies("SIGSEGV", code="SI_KERNEL", never="null", fields={"signal.fault_address": None}),
    "read of what is no address: the processor tells none")
row("segv-readonly", ("call", "readonly"), dies("SIGSEGV", code="SEGV_ACCERR"),
    "write to a constant")
row("stack-main", ("call", "stack"),
    dies("SIGSEGV", code="SEGV_MAPERR", says="end of its stack"),
    "endless recursion on the main thread")
row("stack-thread", ("call", "threadstack"), dies("SIGSEGV", code=None),
    "endless recursion on a second thread: no room for a record, and no cause is claimed")
row("abort", ("call", "abort"), dies("SIGABRT", code="SI_TKILL", says="aborted itself"),
    "abort()")
row("assert", ("call", "assert"), dies("SIGABRT", says="Assertion .* failed"),
    "a failed assertion, with its text")
row("double-free", ("call", "heap"), dies("SIGABRT", says="double free"),
    "glibc finds the heap broken")
row("divide-by-zero", ("call", "div0"),
    dies("SIGFPE", code="FPE_INTDIV", says="division by zero"), "1 / 0")
row("illegal", die("illegal"), dies("SIGILL", code="ILL_ILLOPN"), "an illegal instruction")
row("breakpoint", die("breakpoint"), dies("SIGTRAP"), "a breakpoint that nobody waits for")
row("bus-past-end", ("call", "truncated", "{tmp}/short"),
    dies("SIGBUS", code="BUS_ADRERR", says="which has 100"),
    "read past the end of a mapped file")
row("bus-full", ("call", "mapfill", "{small}/table"),
    dies("SIGBUS", code="BUS_ADRERR", says="no space"),
    "write to shared memory where there is no room for it", needs="small")

# ---- by signals --------------------------------------------------------------------------

row("raise-term", die("raise", "15"), dies("SIGTERM"), "it sends itself SIGTERM")
row("raise-sys", die("raise", "31"), dies("SIGSYS"), "SIGSYS without a seccomp filter")
row("raise-quit", deaths("raise", "3"), dies("SIGQUIT", fields={"core_dumped": False}),
    "SIGQUIT with core files forbidden", limits=("--core", "0"))
row("core", deaths("raise", "3"), dies("SIGQUIT", fields={"core_dumped": True}),
    "SIGQUIT with a core file", limits=("--core", "64M"), needs="core")
for kind, how in (("handler", die), ("command", deaths)):
    row("kill-itself-" + kind, how("raise", "9"), dies("SIGKILL", "unknown", says=CLEARED),
        "it sends itself SIGKILL: like any SIGKILL, of an unknown sender",
        {"A0": dict(says="SIGKILL"), "D": dict(says=SENDER)})
    row("kill-9-" + kind, how("wait", "{fifo}"), dies("SIGKILL", "unknown", says=CLEARED),
        "kill -9 from outside: not by the worker; who did it cannot be known",
        {"A0": dict(says="SIGKILL"), "D": dict(says=SENDER)}, outside="SIGKILL")
row("kill-9-near-its-limit", die("oom-near", "{fifo}", "48"),
    dies("SIGKILL", "unknown", says=CLEARED),
    "kill -9 from outside with three quarters of its memory used: no OOM",
    {"A0": dict(says="SIGKILL"), "D": dict(says=SENDER)}, limits=("--memory", "64M"),
    outside="SIGKILL")
row("segv-from-outside", die("wait", "{fifo}"),
    dies("SIGSEGV", code="SI_USER", says="sent by process {sender} of user",
         fields={"signal.sender_pid": "{sender}"}),
    "SIGSEGV sent by somebody: the sender is named", outside="SIGSEGV")
row("abort-from-outside", die("wait", "{fifo}"),
    dies("SIGABRT", code="SI_USER", never="aborted itself",
         fields={"signal.sender_pid": "{sender}"}),
    "SIGABRT sent by somebody: it did not abort itself", outside="SIGABRT")
row("term-from-outside", deaths("wait", "{fifo}"),
    dies("SIGTERM", never="stopped by this worker"),
    "SIGTERM sent to a command by somebody: not by the worker", outside="SIGTERM")

# ---- out of memory ----------------------------------------------------------------------

LIMIT = ("--memory", "64M")
row("oom-handler", die("oom", "1024"), MEMORY, "a handler over its memory limit", GUESS,
    limits=LIMIT)
row("oom-command", deaths("oom", "1024"), MEMORY, "a command over its memory limit", GUESS,
    limits=LIMIT)
row("oom-slow", die("oom-slow", "1024", "2"), MEMORY, "growing by 1 MiB every 2 ms", GUESS,
    limits=LIMIT)
row("oom-beside-others", die("oom", "1024"), MEMORY,
    "three other tasks run on, and return", GUESS, limits=LIMIT, beside=3)
row("oom-shared", die("oom-shared", "1024"), dict(MEMORY, leftover=ANY),
    "shared by two processes, counted once", GUESS, limits=LIMIT)
row("oom-grandchild", deaths("oom-grandchild", "1024"), dict(MEMORY, leftover=ANY),
    "a child of the command runs out of memory; v1 kills that one only, and the command"
    " goes on to exit with 3",
    {"B B-": exits(3, signal=None, leftover=0, says="1 process that it had started was killed by the "
                                       "kernel's OOM killer")}, limits=LIMIT)
row("oom-many", deaths("oom-many", "8", "20"), dict(MEMORY, leftover=ANY),
    "eight children of 20 MiB each: none is over, all together are. v1 kills some of them,"
    " and the command takes the first death for its end",
    {"B B-": exits(7, signal=None, leftover=ANY, says="killed by the kernel's OOM killer")},
    limits=LIMIT)
row("oom-tmpfs", deaths("oom-tmpfs", "128"), MEMORY,
    "files in memory that no process maps: only cgroups count them",
    {**GUESS, "A0 C C! D": ok(signal=None, says="")}, limits=LIMIT)
row("oom-page-cache", deaths("page-cache", "{tmp}", "96"), ok(),
    "page cache over the limit is given back, and nobody dies", limits=LIMIT)
row("oom-refused", deaths("refused", "256"), dies("SIGABRT", never="OOM"),
    "malloc is refused under --memory-rlimit, and it aborts", limits=LIMIT,
    worker=("--memory-rlimit",))
# What a worker on C! would do by itself to live on.
UNSHARED = ("--default-memory", "none", "--max-memory", "64G")
row("oom-container", die("oom", "4096"),
    limit("oom", says="killed by the kernel's OOM killer"),
    "no limit of its own; the container's runs out",
    {"B-": dict(certainty=("proved", "likely")),  # proved where pids.peak shows it alone
     "A0 C": dict(certainty="likely", says="as many as"),
     "C!": dict(outcome="lost", verdict="worker_lost", certainty="unknown", signal=None,
                says=""),
     "D": dict(UNKNOWN, says=SENDER)}, limits=("--once",), box=True, worker=UNSHARED)
row("oom-container-command", deaths("oom", "4096"),
    limit("oom", says="killed by the kernel's OOM killer"),
    "its own limit is higher than the container's",
    {"B-": dict(certainty=("proved", "likely")),  # proved where pids.peak shows it alone
     "A0 C": dict(certainty="likely", says="as many as"),
     "C!": dict(outcome="lost", verdict="worker_lost", certainty="unknown", signal=None,
                says=""),
     "D": dict(UNKNOWN, says=SENDER)}, limits=("--once", "--memory", "2G"), box=True,
    worker=UNSHARED)
row("oom-share", die("oom", "4096"),
    limit("oom", says="killed by the kernel's OOM killer"),
    "no limit is given to task or worker; where the container dies as one, each slot has a share",
    {"B-": dict(certainty=("proved", "likely")),
     "A0 C": dict(certainty="likely", says="as many as"),
     "C!": dict(verdict="memory_limit", certainty="proved", says="over its memory limit"),
     "D": dict(UNKNOWN, says=SENDER)}, limits=("--once",), box=True)

# ---- other limits ------------------------------------------------------------------------

CPU = ("--cpu-time", "1s")
# The kernel strikes by ticks. A virtual machine that has to wait for its processor has
# fewer of them than CPU time, and there the worker's watch may be the first.
TICKS = {"A A0 B": dict(signal=("SIGXCPU", "SIGKILL"), code=ANY)}
row("cpu-spin", ("call", "spin"), limit("cpu_limit", "SIGXCPU", code="SI_KERNEL"),
    "a loop", TICKS, limits=CPU)
row("cpu-spin-command", deaths("spin"),
    limit("cpu_limit", "SIGXCPU", certainty=("proved", "likely")),
    "a loop in a command: by ticks, so that a loaded machine may show less than the limit,"
    " and then it is likely only", TICKS, limits=CPU)
row("cpu-ignored", die("spin-on"), limit("cpu_limit", certainty=("proved", "likely")),
    "it ignores SIGXCPU; a second later the kernel kills, without a sender; or the"
    " worker's watch does", limits=CPU)
row("cpu-many", deaths("spin-many", "4"),
    limit("cpu_limit", says="by its processes", leftover=ANY),
    "four loops, each below the limit, together above", limits=CPU)
TIME = ("--time-limit", "300ms")
row("time-sleep", ("call", "sleep", "3600000"), limit("time_limit", "SIGTERM"),
    "it sleeps", limits=TIME)
row("time-spin", deaths("spin"), limit("time_limit", "SIGTERM"), "it loops", limits=TIME)
row("time-stopped", die("stopped"), limit("time_limit"), "it has stopped itself",
    limits=TIME)
row("time-stubborn", deaths("stubborn"),
    limit("time_limit", says="as SIGTERM did not end it"),
    "it ignores SIGTERM, for which it needs time to start", limits=("--time-limit", "2s"))
row("file-size", die("big-file", "{tmp}", "2"), limit("file_size_limit", "SIGXFSZ"),
    "a file of 2 MiB", limits=("--file-size", "1M"))
row("open-files", ("call", "leakfd"), ok(fields={"limits.open_files": 32}),
    "it opens files until refused, and takes that well", limits=("--open-files", "32"))
row("processes", deaths("leave", "8"),
    dict(outcome="crashed", verdict="process_limit", certainty="likely", status=1,
         leftover=4, says="limit of 5 processes had refused it 1 fork"),
    "the fifth child is refused. Without a cgroup root is not bound by the limit",
    {"A0 C C! D": ok(says="", leftover=8)},
    limits=("--processes", "5"), needs="root")
row("fork-bomb", die("bomb", "200"), limit("time_limit", leftover=ANY, signal=ANY),
    "each process forks the next ones", limits=TIME + ("--processes", "64"))

# ---- processes left behind --------------------------------------------------------------

row("leftovers", deaths("leave", "3"), ok(leftover=3),
    "three children stay behind; they are counted, and killed")
row("setsid-escapee", die("escapee"), ok(leftover=1),
    "forked twice, in a session of its own, with stdout open")
row("daemon", deaths("daemon"), ok(leftover=1),
    "the same with all descriptors closed")
row("hold-stdout", ("call", "holdout"), ok(leftover=1),
    "a child that holds stdout open: nobody waits for its end")
row("fork-hopper", die("hopper"), ok(leftover=SOME),
    "each generation forks the next and ends")
row("tracer", ("call", "traced"), ok(leftover=1), "a child of its own traces it")

# ---- results, output and the channel -----------------------------------------------------

row("result-too-large", ("call", "big", "2"),
    dict(fails("result_limit"), signal=ANY, status=ANY, fields={"result": None}),
    "a result of 2 MiB", limits=("--result-limit", "1M"))
row("output-flood", deaths("flood", "16"),
    ok(fields={"stdout_truncated": True}),
    "16 MiB of output: dropped, flagged, and no reason to kill",
    limits=("--output-limit", "4K"))
row("cut-result", ("call", "cut", "50 8"),
    dies("SIGKILL", "unknown", fields={"result": None}),
    "it dies of SIGKILL half way through sending its result")
row("channel-closed", ("call", "close-channel"), exits(120, says="before giving its result"),
    "it closes its channel, and returns")
row("channel-garbage", ("call", "badframe"),
    fails("error", signal="SIGKILL", says="broke the rules"), "it sends garbage")
row("channel-half-frame", ("call", "half-frame-kill"), dies("SIGKILL", "unknown"),
    "it dies of SIGKILL half way through a frame")
row("channel-half-header", ("call", "half-head-exit"), exits(0),
    "it exits with 0 half way through a header")
row("channel-done-then-segv", ("call", "done-then-segv"), dies("SIGSEGV"),
    "it says that it has returned, and crashes")

# ---- never started, stopped, lost -------------------------------------------------------

row("no-handler", ("call", "no-such-handler"), fails("not_started", says="no handler"),
    "no worker has such a handler")
row("no-command", ("run", "/no/such/command"),
    fails("not_started", status=ANY, says="No such file"), "no such command")
row("not-executable", ("run", "/etc/passwd"),
    fails("not_started", status=ANY, says="Permission denied"), "a file that is no program")
row("exec-refused", deaths("exit", "0"), fails("not_started", says="does not run commands"),
    "a worker without --allow-exec", worker=("no-exec",))
row("cancelled", deaths("wait", "{fifo}"),
    dict(outcome="cancelled", verdict="cancelled", certainty="proved", signal="SIGTERM"),
    "cancelled while it runs", outside="cancel")
row("expired", deaths("spin"),
    dict(outcome="expired", verdict="expired", certainty="proved", signal="SIGTERM"),
    "its deadline passes while it runs", limits=("--deadline", "400ms"))
row("worker-lost", deaths("wait", "{fifo}"),
    dict(outcome="lost", verdict="worker_lost", certainty="unknown"),
    "kill -9 for the worker: nobody saw what became of the task",
    limits=("--once",), outside="kill-worker")
