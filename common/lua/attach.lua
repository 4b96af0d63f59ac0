#!lua flags=allow-oom
-- KEYS 1 base. ARGV 1 id, 2 producer. The task's state, 'F' when it has ended, ''
-- when there is no such task. Joins a live one.
--@put
--@join
local B,id=KEYS[1],ARGV[1]
if redis.call('EXISTS',B..'r:'..id)==1 then return 'F' end
local s=redis.call('HGET',B..'t:'..id,'s')
if not s then return '' end
join(B..'t:'..id,ARGV[2])
return s
