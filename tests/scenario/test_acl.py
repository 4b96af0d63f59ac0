"""The ACL of docker/redis.conf: all of reapq works under it, and it allows nothing else.

What the rules may name is worked out of the sources: the commands and keys of the scripts
that each side sends, and the few commands that it sends without a script.
"""

import hashlib
import inspect
import os
import re
import signal
import subprocess

import pytest
import redis as redispy

import harness

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SECRETS = {"admin": "a d@m:i/n", "producer": "p%r#o'd", "worker": 'w"o$r\\k'}
ROLES = ("producer", "worker")

# What each side sends without a script: command, and the suffix of its key if it has one.
GREETING = ["auth", "client|setname", "info", "ping", "select"]
CALLS = ["eval", "evalsha"]
DIRECT = {
    "producer": {"sadd": ["queues"], "smembers": ["queues"], "set": ["a:*"], "get": ["wi:*"],
                 "pttl": ["wi:*"], "zrange": ["ws"], "blpop": ["n:*"], "lindex": ["r:*"],
                 "lpop": ["n:*"], "rpush": ["n:*"], "pexpire": ["n:*"], "time": [],
                 "wait": [], "waitaof": []},
    "worker": {"sadd": ["queues"], "blpop": ["k:*", "w"], "rpush": ["k:*"], "zrem": ["ws"],
               "del": ["wi:*"], "hget": ["t:*"], "time": []},
}


def has_waitaof():
    text = subprocess.run([harness.REDIS_SERVER, "--version"], capture_output=True, text=True,
                          check=True).stdout
    return "alkey" in text or \
        tuple(map(int, re.search(r"v=(\d+)\.(\d+)", text).groups())) >= (7, 2)


def rules():
    """docker/redis.conf, with the passwords as docker/redis-start.sh puts them in."""
    with open(os.path.join(ROOT, "docker", "redis.conf"), encoding="ascii") as f:
        text = f.read()
    for name, secret in SECRETS.items():
        text = text.replace(f"@{name}@", hashlib.sha256(secret.encode()).hexdigest())
    # as docs/operations.md says of Redis before 7.2
    return text if has_waitaof() else text.replace(" +waitaof", "")


class Redis(harness.Redis):
    """One with these rules. Users are asked for over TCP: a socket's URL has none."""

    def __init__(self):
        self.port = harness.free_port()
        super().__init__()

    def start(self):
        conf = os.path.join(self.dir, "reapq.conf")
        with open(conf, "w", encoding="ascii") as f:
            f.write(rules())
        self.args = ["--include", conf, "--port", str(self.port), "--bind", "127.0.0.1"]
        super().start()

    def url_of(self, user):
        return f"redis://{user}:@127.0.0.1:{self.port}"

    def client(self, user="admin"):
        # a newer library tells its name, which our own programs do not
        known = inspect.signature(redispy.Redis.__init__).parameters
        nameless = {k: None for k in ("lib_name", "lib_version") if k in known}
        return redispy.Redis(unix_socket_path=self.socket, username=user,
                             password=SECRETS[user], **nameless)


class As:
    """What harness.Worker and harness.Cli take for a Redis."""

    def __init__(self, server, user):
        self.url = server.url_of(user)


class Cli(harness.Cli):
    def environment(self, env):
        return {"REAPQ_REDIS_PASSWORD": SECRETS["producer"], **super().environment(env)}


@pytest.fixture(scope="module")
def server():
    one = Redis()
    yield one
    one.stop()


@pytest.fixture
def cli(server):
    return Cli(As(server, "producer"))


@pytest.fixture
def start(server, worker):
    def start_one(*flags):
        return worker(As(server, "worker"), *flags,
                      env={"REAPQ_REDIS_PASSWORD": SECRETS["worker"]})
    return start_one


def denied(server):
    """What Redis has denied, as "user: object"."""
    return [f"{e['username']}: {e['reason']} {e['object']}"
            for e in server.client().acl_log() if e["reason"] != "auth"]


# ---- all of it works ------------------------------------------------------------------

def test_every_command(server, cli, start, gate):
    # only the producer's own tick can expire it: there is no worker yet
    assert cli.report("call", "--deadline", "50ms", "echo", "x")["verdict"] == "expired"
    one = start("--allow-exec", "--concurrency", "4", "--max-memory", "128M",
                "--queue", "default", "--queue", "other")
    large = start("--queue", "large", "--max-memory", "1G", "--allow-exec")
    assert cli("call", "echo", "x").text == "x"
    assert cli("run", "--", "echo", "hello").text == "hello\n"
    assert cli("map", "--keep-order", "echo", input=b"1\n2\n3\n").text == "1\n2\n3\n"
    assert cli("call", "--durability", "replica", "--durability-timeout", "1ms", "echo",
               "x").text == "x"
    if has_waitaof():
        assert cli("call", "--durability", "aof", "echo", "x").text == "x"
    assert cli("queues").status == 0 and cli("workers").status == 0

    door = gate()
    task = cli.submit("--unique", "mine", "--", "cat", door.path)
    door.reached()
    assert cli.state(task)["state"] == "running"
    assert cli("submit", "--unique", "mine", "--", "true").text.strip() == task
    waiter = cli.start("wait", "--json", task)
    assert cli("cancel", "--kill", task).status == 0
    assert waiter.wait() == 1 and '"cancelled"' in waiter.text("stdout")
    later = cli.submit("--delay", "1h", "echo", "x")
    assert cli("cancel", later).status == 0
    assert cli.report("call", "--delay", "1ms", "echo", "x")["verdict"] == "ok"

    assert cli("pause", "other").status == 0 and cli("resume", "other").status == 0
    assert cli("limit", "other", "--rate", "100/s", "--max-length", "9").status == 0
    assert cli("call", "--queue", "other", "echo", "x").text == "x"
    assert cli("limit", "other", "--rate", "none", "--max-length", "none").status == 0
    assert cli("drain", "other").status == 0 and cli("resume", "other").status == 0

    died = cli.report("call", "--max-attempts", "2", "--retry-delay", "1ms", "segv")
    assert died["outcome"] == "crashed", died
    assert cli("why", died["id"]).status == 0 and cli("crashes").status == 0
    assert died["id"] in cli("dead", "ls").text
    assert cli("dead", "show", died["id"]).status == 0
    assert cli("dead", "retry", died["id"]).status == 0
    cli.wait(died["id"])
    assert cli("dead", "rm", died["id"]).status == 0
    assert cli("status").status == 0
    if not harness.ASAN:  # whose own memory is beyond any limit
        moved = cli.report("call", "--memory", "300M", "--oom-queue", "large", "alloc", "200")
        assert (moved["verdict"], moved["queue"]) == ("ok", "large")
    large.stop()
    one.stop()
    assert denied(server) == []
    loaded = zip(shas(), server.client().script_exists(*shas().values()))
    # no command of reapq's sends message.lua, but programs with libreapq do
    assert [name for name, there in loaded if not there] == ["message"]
    assert server.client("producer").eval(text_of("message"), 1, "reapq:{default}:", "x") == []
    assert denied(server) == []


def shas():
    """Of all scripts, by name, as the build has worked them out."""
    with open(os.path.join(harness.BIN, "..", "generated", "lua_text.c"), encoding="utf-8") as f:
        found = dict(re.findall(r'"(\w+)", "([0-9a-f]{40})"', f.read()))
    assert set(found) == {n[:-4] for n in os.listdir(os.path.join(ROOT, "common", "lua"))
                          if not n.startswith("_")}
    return found


def test_lost_worker_and_suspect(server, cli, start, gate):
    """Recovery, quarantine and a drain that gives back: as the worker's user too."""
    one = start("--allow-exec", "--lease", "500ms", "--grace", "0s")
    door = gate()
    task = cli.submit("--", "cat", door.path)
    door.reached()
    one.destroy()
    door.close()
    two = start("--allow-exec", "--lease", "500ms", "--grace", "0s")
    door.reached()
    two.stop()
    door.close()
    three = start("--allow-exec", "--lease", "500ms")
    door.open()
    assert cli.wait(task)[task]["verdict"] == "ok"
    three.stop(signal.SIGINT)
    assert denied(server) == []


# ---- and nothing else -----------------------------------------------------------------

def source(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as f:
        return f.read()


def scripts_of(role):
    """The scripts that this side sends."""
    found = set()
    for where, _, names in os.walk(os.path.join(ROOT, role)):
        for name in names:
            if name.endswith(".c"):
                found |= set(re.findall(r"&script_(\w+)", source(where, name)))
    return sorted(found)


def text_of(script):
    def expand(text):
        return re.sub(r"^--@(\w+)$", lambda m: expand(source("common", "lua",
                      f"_{m.group(1)}.lua")), text, flags=re.M)
    return "\n".join(line.split("--")[0] for line in
                     expand(source("common", "lua", script + ".lua")).splitlines())


def commands_needed(role):
    found = {*GREETING, *CALLS, *DIRECT[role]}
    for script in scripts_of(role):
        found |= {c.lower() for c in re.findall(r"\('([A-Z]{3,})'", text_of(script))}
    return found


def keys_needed(role):
    """Suffixes. `B..'p'` and what a loop names are the waiting lists."""
    found = {key for keys in DIRECT[role].values() for key in keys if key != "queues"}
    for script in scripts_of(role):
        for suffix in re.findall(r"B\.\.'([a-z]+:?)'", text_of(script)):
            found.add(suffix + "*" if suffix.endswith(":") else suffix)
    return {"p[012s]" if k in ("p", "ps") else k for k in found}


@pytest.fixture(scope="module")
def users(server):
    def user(role):
        line = re.search(rf"^user {role} on #\w+ (.*)$", rules(), re.M).group(1).split()
        return ({w[1:] for w in line if w.startswith("+")},
                {w.split("~", 1)[1]: w.split("~")[0] for w in line if "~" in w})
    return {role: user(role) for role in ROLES}


@pytest.mark.parametrize("role", ROLES)
def test_no_command_too_many(users, role):
    needed = commands_needed(role)
    if not has_waitaof():
        needed.discard("waitaof")
    assert users[role][0] == needed


@pytest.mark.parametrize("role", ROLES)
def test_no_key_too_many(users, role):
    have = {k.split(":", 2)[2] for k in users[role][1] if k.startswith("reapq:{*}:")}
    assert have == keys_needed(role) | {""}
    assert {k for k in users[role][1] if not k.startswith("reapq:{*}:")} == {"reapq:queues"}


@pytest.mark.parametrize("role", ROLES)
def test_every_other_command_is_refused(server, users, role):
    """Of all that this Redis knows, by its own judgement."""
    r = server.client()
    connection = r.connection_pool.get_connection("COMMAND")
    connection.send_command("COMMAND")
    known = []
    for command in connection.read_response():
        known += [(s[0].decode(), s[1]) for s in command[9]] or [(command[0].decode(), command[1])]
    always = {"auth", "hello", "quit", "reset"}  # Redis asks nobody's leave for these
    allowed = users[role][0] | always
    assert users[role][0] <= {name for name, _ in known}
    for name, arity in known:
        words = name.split("|")
        if name in allowed:
            continue
        args = words + ["reapq:{q}:t:x"] * (abs(arity) - len(words))
        answer = r.execute_command("ACL", "DRYRUN", role, *args)
        assert b"has no permissions to run the" in answer, (name, answer)
    assert len(known) - len(allowed) > 200


FOREIGN = ["foreign", "reapq:", "reapq:x", "reapq:{q}:nonsense", "reapq:{q}", "xreapq:{q}:t:1"]
SHUT = {"producer": ["reapq:{q}:lc:w", "reapq:{q}:qr", "reapq:{q}:wi:w"],
        "worker": ["reapq:{q}:a:p"]}


@pytest.mark.parametrize("role", ROLES)
def test_keys_that_are_not_its_own(server, role):
    r = server.client(role)
    for key in FOREIGN + SHUT[role]:
        with pytest.raises(redispy.exceptions.NoPermissionError):
            r.execute_command("SET", key, "x")
        with pytest.raises(redispy.ResponseError, match="(?i)key|permission"):
            r.eval(f"return redis.call('SET','{key}','x')", 1, "reapq:{q}:")
        with pytest.raises(redispy.exceptions.NoPermissionError):
            r.eval("return 1", 1, key)
    assert server.client().exists(*FOREIGN, *SHUT[role]) == 0


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("line", [
    "FLUSHALL", "FLUSHDB", "KEYS *", "SCAN 0", "RANDOMKEY", "DBSIZE", "CONFIG GET *",
    "CONFIG SET maxmemory 1", "ACL LIST", "ACL WHOAMI", "ACL SETUSER x", "CLIENT LIST",
    "CLIENT KILL TYPE normal", "CLIENT NO-EVICT on", "SCRIPT FLUSH", "SCRIPT KILL",
    "FUNCTION FLUSH", "MODULE LIST", "SHUTDOWN NOSAVE", "SAVE", "BGSAVE",
    "BGREWRITEAOF", "REPLICAOF NO ONE", "FAILOVER", "CLUSTER INFO", "MONITOR", "PUBLISH c x",
    "SUBSCRIBE c", "SLOWLOG GET", "LATENCY RESET", "MEMORY DOCTOR", "SWAPDB 0 1",
    "DUMP reapq:{q}:t:x", "MIGRATE h 1 k 0 1", "OBJECT HELP", "SORT reapq:{q}:d",
    "HGETALL reapq:{q}:t:x", "LRANGE reapq:{q}:p1 0 -1", "GETDEL reapq:{q}:u:x",
    "COPY reapq:{q}:t:x reapq:{q}:t:y", "APPEND reapq:{q}:u:x y", "EVAL_RO x 0"])
def test_refused(server, role, line):
    r = server.client(role)
    with pytest.raises(redispy.exceptions.NoPermissionError):
        r.execute_command(*line.split())


def test_worker_sees_no_other_queues(server):
    with pytest.raises(redispy.exceptions.NoPermissionError):
        server.client("worker").smembers("reapq:queues")


# ---- who is who -------------------------------------------------------------------------

def test_without_a_password(server):
    none = harness.Cli(As(server, "producer"))("queues")
    assert none.status == 125 and "password" in none.errors
    wrong = harness.Cli(As(server, "producer"))(
        "queues", env={"REAPQ_REDIS_PASSWORD": SECRETS["worker"]})
    assert wrong.status == 125 and "refused the user or password" in wrong.errors
    anybody = redispy.Redis(unix_socket_path=server.socket)
    with pytest.raises(redispy.exceptions.AuthenticationError):
        anybody.ping()


def test_redis_start(tmp_path):
    """docker/redis-start.sh puts in what this test put in, and says what is missing."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name, secret in SECRETS.items():
        (secrets / f"redis_{name}").write_text(secret + "\nsecond line\n")
    seen = tmp_path / "redis-server"
    seen.write_text("#!/bin/sh\ncat \"$1\"\nshift\necho \"arguments: $*\"\n")
    seen.chmod(0o755)
    start = os.path.join(ROOT, "docker", "redis-start.sh")
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "REDIS_SECRETS": str(secrets),
           "REDIS_CONF": os.path.join(ROOT, "docker", "redis.conf"), "TMPDIR": str(tmp_path)}
    done = subprocess.run([start, "--port", "7"], env=env, capture_output=True, text=True,
                          check=True)
    assert done.stdout.replace(" +waitaof", "").startswith(rules().replace(" +waitaof", ""))
    assert done.stdout.endswith("arguments: --port 7\n")
    (secrets / "redis_worker").unlink()
    done = subprocess.run([start], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "redis_worker" in done.stderr
