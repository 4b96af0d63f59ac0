#!/usr/bin/env python3
"""producer.py LUA_DIR COMMAND [ARG]... - runs a command on some worker and prints its report.

LUA_DIR is reapq's common/lua. Needs python3-redis and python3-msgpack, and a worker that
was started with --allow-exec. docs/protocol.md explains each step.
"""
import os, re, sys, time, uuid
import msgpack, redis

lua_dir, argv = sys.argv[1], sys.argv[2:]

def script(name):
    text = open(f"{lua_dir}/{name}.lua").read()
    return db.register_script(
        re.sub(r"--@(\w+)\n", lambda part: open(f"{lua_dir}/_{part[1]}.lua").read(), text))

db = redis.Redis.from_url(os.environ.get("REAPQ_REDIS", "redis://127.0.0.1:6379/0"))
base, task, me = "reapq:{default}:", uuid.uuid4().hex, uuid.uuid4().hex
message = {"v": 1, "id": task, "h": "exec", "x": {"a": argv}, "t": int(time.time() * 1000)}
db.sadd("reapq:queues", "default")
db.set(base + "a:" + me, 1, px=30000)  # before the submit: an end is told to those alive
print(script("submit")(keys=[base], args=[
    task, msgpack.packb(message), 0, 0, 1, 1, 3, 3600000, 0, me, ""]))
peek = script("peek")
while (state := peek(keys=[base], args=[task])[0]) == 0:
    db.blpop(base + "n:" + me, timeout=2)
    db.set(base + "a:" + me, 1, px=30000)
if state < 0:
    sys.exit("vanished: Redis has no record of the task any more")
messages = msgpack.Unpacker(raw=False, unicode_errors="replace")
messages.feed(db.lindex(base + "r:" + task, 0))  # the report, then earlier attempts
report = next(messages)
print(report["o"], report["vd"], report.get("c", "unknown"), "-", report.get("m", ""))
print(report.get("so", b"").decode(errors="replace"), end="")
