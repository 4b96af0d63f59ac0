#!lua
-- KEYS 1 base. ARGV 1 id, 2 message, 3 delay ms, 4 maximum length (0 the queue's own
-- alone; -1 it was accepted before, and no policy refuses it), 5 priority, 6 max_fail,
-- 7 max_lost, 8 result ttl ms, 9 deadline from now ms (0 none), 10 producer, 11 unique key
-- ('' none)
-- {1,''} stored; {0,state} the id is there already (joined), state 'F' when it has
-- ended; {-1,'FULL',length,limit}; {-3,id} that live task holds the unique key
-- (joined); {-4,'DRAINING'}. What is there already is joined whatever the policy says.
-- Safe to send again: the id decides. Without allow-oom: refused whole when Redis is full.
--@put
--@clk
--@join
local B,id=KEYS[1],ARGV[1]
local tk=B..'t:'..id
if redis.call('EXISTS',B..'r:'..id)==1 then return {0,'F'} end
local s=put('HGET',tk,'s')
if s then join(tk,ARGV[10]) return {0,s} end
local delay,dl=tonumber(ARGV[3]),tonumber(ARGV[9])
local now=(delay>0 or dl>0) and clk() or 0
if dl>0 then dl=now+dl end
local pk=B..'p'..ARGV[5]
if ARGV[11]~='' then
  local o=put('GET',B..'u:'..ARGV[11])
  if o and redis.call('EXISTS',B..'t:'..o)==1 then join(B..'t:'..o,ARGV[10]) return {-3,o} end
end
if ARGV[4]~='-1' then
  local cfg=put('HMGET',B..'cfg','draining','max_len')
  if cfg[1] then return {-4,'DRAINING'} end
  local own=cfg[2] and #cfg[2]<=15 and string.match(cfg[2],'^%d+$')
  local asked,max=tonumber(ARGV[4]),own and tonumber(own) or 0
  if max<=0 or (asked>0 and asked<max) then max=asked end
  if max>0 then
    local n=put('LLEN',B..'p0')+put('LLEN',B..'p1')+put('LLEN',B..'p2')+put('LLEN',B..'ps')+put('ZCARD',B..'d')
    if n>=max then return {-1,'FULL',n,max} end
  end
end
if ARGV[11]~='' then redis.call('SET',B..'u:'..ARGV[11],id) end
put('HSET',tk,'m',ARGV[2],'s',delay>0 and 'D' or 'P','o',
  ARGV[5]..','..ARGV[6]..','..ARGV[7]..','..ARGV[8]..','..string.format('%d',dl)..','..ARGV[10]..','..ARGV[11])
if dl>0 then put('ZADD',B..'x',dl,id) end
if delay>0 then put('ZADD',B..'d',now+delay,id)
else
  local n=put('RPUSH',pk,id)
  if n==1 or n%32==0 then put('RPUSH',B..'w','1') redis.call('LTRIM',B..'w',0,63) end
end
return {1,''}
