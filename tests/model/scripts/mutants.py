"""Mistakes: (what, script, text as it is compiled in, what it becomes)."""

MUTANTS = [
    ("finish does not check the token", "finish", "if h[1]~='R'..ARGV[2] then",
     "if not h[1] or string.byte(h[1])~=82 then"),
    ("finish keeps the lease", "finish", "put('ZREM',B..'l',id)\n", ""),
    ("what is given back counts", "finish", "(tonumber(h[7]) or 1)-1", "(tonumber(h[7]) or 1)"),
    ("given back to the end of the list", "finish", "put('LPUSH',B..'p'..lane(h[2],h[8]),id)",
     "put('RPUSH',B..'p'..lane(h[2],h[8]),id)"),
    ("one try too many", "finish", "nf<tonumber(mf)", "nf<=tonumber(mf)"),
    ("tried again after a cancel", "finish", "if pri and not h[4] then", "if pri then"),
    ("stopped --once tasks start again", "finish", "(mode=='S' and ml~='0')", "mode=='S'"),
    ("resolve keeps the record", "finish", "redis.call('DEL',B..'t:'..id)", ""),
    ("resolve keeps the unique key", "finish", "redis.call('DEL',B..'u:'..un)", ""),
    ("results live for ever", "finish", "redis.call('PEXPIRE',B..'r:'..id,ttl)", ""),
    ("a claim sent again claims anew", "claim",
     "string.sub(last,1,#tok+1)==tok..','", "false"),
    ("a claim sent again is not checked", "claim", "if h[1]=='R'..tok then", "if h[1] then"),
    ("a claim sent again renews no lease", "claim",
     "put('ZADD',B..'l',now+lease,id) give(", "give("),
    ("an old claim takes tasks", "claim", "seq(last)>seq(tok)", "false"),
    ("claim does not check the state", "claim", "if h[1]~='P' then", "if not h[1] then"),
    ("claim counts no attempt", "claim", "tostring((tonumber(h[2]) or 0)+1)",
     "tostring(tonumber(h[2]) or 0)"),
    ("claim starts what is past its deadline", "claim", "dl~='0' and", "false and"),
    ("one loss too many", "tick", "lo>tonumber(ml)", "lo>tonumber(ml)+1"),
    ("losses are not counted", "tick", "'s','P','lo',lo,", "'s','P',"),
    ("tick keeps the lease", "tick", "put('ZREM',B..'l',id)\n", ""),
    ("tick gives no grace", "tick", "grace=now+tonumber(ARGV[4])", "grace=0"),
    ("tick forgets whom to tell", "tick", "if pd and pd~='' then notify(B,pd,id) end", ""),
    ("submit does not look for the id", "submit", "if s then", "if false then"),
    ("submit runs what has ended", "submit",
     "if redis.call('EXISTS',B..'r:'..id)==1 then return {0,'F'} end", ""),
    ("cancel leaves the id delayed", "cancel", "put('ZREM',B..'d',id)", ""),
    ("what died again is retried by an old request", "dead_retry", "when(at)~=ARGV[2]",
     "false"),
    ("a retry keeps the result", "dead_retry", "redis.call('DEL',rk)", ""),
    ("suspects run beside others", "claim", "if #got>0 then n=0 suspects=0 end",
     "if #got>0 then suspects=0 end"),
    ("suspects wait among the rest", "tick", "put('RPUSH',B..'p'..lane(h[2],h[6]),id)",
     "put('RPUSH',B..'p'..policy(h[2]),id)"),
    ("a finish sent again is called fenced", "finish", "if h[9]==ARGV[2] then return 4 end",
     ""),
    ("heartbeat renews what is another's", "heartbeat", "if h[1]=='R'..ARGV[i+1] then",
     "if h[1] then"),
]


def mutate(texts, script, old, new):
    if old not in texts[script]:
        raise SystemExit(f"mutants.py: {script}.lua has no longer {old!r}")
    return {**texts, script: texts[script].replace(old, new)}
