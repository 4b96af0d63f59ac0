#!lua
-- KEYS 1 base. ARGV 1 id, 2 died at, as the list said: so that a second copy of the request
-- does not run what has died again meanwhile.
-- {1} waits again, under its id and policy, from attempt 1; {0} no such entry, nor a live task; {2} a live
-- task has the id; {3} it cannot be read; {4} its message was too large to be kept; {5,id}
-- that live task holds its unique key; {6} it ran again under its id, and ended otherwise.
-- Without allow-oom: refused whole when Redis is full.
--@put
--@clk
--@policy
--@when
--@dead
local B,id=KEYS[1],ARGV[1]
local k,tk,rk=B..'dead:'..id,B..'t:'..id,B..'r:'..id
local at=put('ZSCORE',B..'dead',id)
local live=redis.call('EXISTS',tk)==1
if not at or when(at)~=ARGV[2] or redis.call('EXISTS',k)==0 then return {live and 1 or 0} end
if live then return {2} end
local h=redis.pcall('HMGET',k,'sg','b','o','mx','r','h','rx')
if h.err or not h[1] or h[2] or redis.call('HLEN',k)>64 then return {3} end
if h[4] then return {4} end
local pri,_,_,_,dl,_,un=policy(h[3])
if not pri or redis.call('HSTRLEN',k,'m')==0 then return {3} end
if redis.call('EXISTS',rk)==1 and not h[7] and redis.pcall('LINDEX',rk,0)~=(h[5] or '')..(h[6] or '') then return {6} end
if un~='' then
  local holder=put('GET',B..'u:'..un)
  if holder and holder~=id and redis.call('EXISTS',B..'t:'..holder)==1 then return {5,holder} end
  redis.call('SET',B..'u:'..un,id)
end
redis.call('DEL',rk)
for _,f in ipairs(redis.call('HKEYS',k)) do
  if f~='m' and f~='o' then redis.call('HDEL',k,f) end
end
redis.call('HSET',k,'s','P')
-- Who asks for it again does not want to hear once more that it is too late.
if dl~='0' and tonumber(dl)<=clk() then redis.call('HSET',k,'o',(string.gsub(h[3],'^([012],%d+,%d+,%d+,)%d+','%10')))
elseif dl~='0' then put('ZADD',B..'x',dl,id) end
redis.call('PERSIST',k)
redis.call('RENAME',k,tk)
dead_drop(B,id)
put('RPUSH',B..'p'..pri,id)
if put('LLEN',B..'w')==0 then put('RPUSH',B..'w','1') end
return {1}
