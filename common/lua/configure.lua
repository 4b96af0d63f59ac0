#!lua flags=allow-oom
-- KEYS 1 base. ARGV field,value ...: paused, draining, max_len, rl_max, rl_ms; value '' takes
-- the field out. Sets what the queue's claims and submits obey, and rings the bell for as
-- many workers as may find something now. 1
--@put
local B=KEYS[1]
local known={paused=1,draining=1,max_len=1,rl_max=1,rl_ms=1}
for i=1,#ARGV,2 do
  local v=ARGV[i+1]
  if not known[ARGV[i]] or not v or #v>15 or not (v=='' or string.match(v,'^[1-9]%d*$')) then
    return redis.error_reply('ERR no policy: '..ARGV[i]..' '..(v or ''))
  end
end
for i=1,#ARGV,2 do
  if ARGV[i+1]=='' then put('HDEL',B..'cfg',ARGV[i]) else put('HSET',B..'cfg',ARGV[i],ARGV[i+1]) end
  -- the last max starts are all that a rate limit looks at
  if ARGV[i]=='rl_max' and ARGV[i+1]~='' then put('LTRIM',B..'rl',-tonumber(ARGV[i+1]),-1) end
end
if put('HEXISTS',B..'cfg','paused')==0 then
  local n=0
  for _,l in ipairs({'p0','ps','p1','p2'}) do n=n+put('LLEN',B..l) end
  for _=1,math.min(n,64)-put('LLEN',B..'w') do put('RPUSH',B..'w','1') end
end
return 1
