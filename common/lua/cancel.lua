#!lua flags=allow-oom
-- KEYS 1 base. ARGV 1 id, 2 reason, 3 mode: 0 only if it has not started, 1 ask the worker to
-- stop it too
-- 1 cancelled now, 5 the worker was asked, 4 it runs (mode 0), 2 ended before, 3 no such task
--@put
--@clk
--@policy
--@lane
--@resolve
--@report
--@unlist
local B,id=KEYS[1],ARGV[1]
local tk=B..'t:'..id
local h=redis.call('HMGET',tk,'s','a','o','m','h','w','lo')
if not h[1] then return redis.call('EXISTS',B..'r:'..id)==1 and 2 or 3 end
if string.byte(h[1])==82 then
  if ARGV[3]=='0' then return 4 end
  redis.call('HSET',tk,'x',ARGV[2])
  local c=B..'k:'..(worker_of(h[1]) or '') put('RPUSH',c,id) redis.call('PEXPIRE',c,60000)
  return 5
end
if h[1]=='D' then put('ZREM',B..'d',id) else unlist(B,lane(h[3],h[7]),id) end
resolve(B,id,h[3],report(B,id,h[2],h[4],nil,'cancelled','cancelled','proved','cancelled before it started: '..ARGV[2],'cancel'),h[5],h[6])
return 1
