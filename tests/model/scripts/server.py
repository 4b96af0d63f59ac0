"""A Redis of our own, the scripts as they are compiled in, and all that Redis holds."""

import ctypes
import hashlib
import re
import shutil
import signal
import subprocess
import tempfile

import redis

BASE = "reapq:{q}:"
DUMP = """
local out=redis.call('TIME')
for _,k in ipairs(redis.call('KEYS',ARGV[1]..'*')) do
  local t=redis.call('TYPE',k).ok
  local v
  if t=='hash' then v=redis.call('HGETALL',k)
  elseif t=='list' then v=redis.call('LRANGE',k,0,-1)
  elseif t=='zset' then v=redis.call('ZRANGE',k,0,-1,'WITHSCORES')
  elseif t=='string' then v=redis.call('GET',k)
  else v=false end
  out[#out+1]={string.sub(k,#ARGV[1]+1),t,redis.call('PTTL',k),v}
end
return out
"""


def read_scripts(path):
    """{name: text} from the generated C, whose SHA-1s must be the texts' own."""
    found = {}
    with open(path) as f:
        source = f.read()
    for name, sha1, body in re.findall(
            r'struct script script_(\w+) = \{\s*"\w+", "(\w+)",\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\}',
            source):
        text = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', body))
        text = re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], text)
        assert hashlib.sha1(text.encode()).hexdigest() == sha1, name
        found[name] = text
    assert found, "no scripts in " + path
    return found


class Server:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="reapq-scripts-")
        socket = self.dir + "/redis.sock"
        libc = ctypes.CDLL(None)
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", socket, "--dir", self.dir,
             "--save", "", "--appendonly", "no"], stdout=subprocess.PIPE, text=True,
            preexec_fn=lambda: libc.prctl(1, signal.SIGKILL))
        for line in self.process.stdout:
            if "eady to accept connections" in line:
                break
        else:
            raise SystemExit("redis-server did not start")
        self.db = redis.Redis(unix_socket_path=socket, socket_timeout=60)
        self.texts, self.sha1s = {}, {}

    def load(self, texts):
        self.texts = texts
        self.sha1s = {n: hashlib.sha1(t.encode()).hexdigest() for n, t in texts.items()}

    def call(self, name, args):
        """As libreapq does: by SHA-1, and by the text if that is unknown."""
        try:
            reply = self.db.evalsha(self.sha1s[name], 1, BASE, *args)
        except redis.exceptions.NoScriptError:
            reply = self.db.eval(self.texts[name], 1, BASE, *args)
        return text(reply)

    def dump(self):
        """(now, {suffix: (type, ttl, value)}); values are bytes."""
        rows = self.db.eval(DUMP, 0, BASE)
        found = {}
        for key, kind, ttl, value in rows[2:]:
            kind = kind.decode()
            if kind in ("hash", "zset"):
                value = dict(zip(value[::2], value[1::2]))
            found[key.decode()] = (kind, ttl, value)
        return int(rows[0]) * 1000 + int(rows[1]) // 1000, found

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.dir, ignore_errors=True)


def text(reply):
    """Strings where it is text; messages stay bytes."""
    if isinstance(reply, list):
        return [text(one) for one in reply]
    if isinstance(reply, bytes):
        try:
            return reply.decode("ascii")
        except UnicodeDecodeError:
            return reply
    return reply
