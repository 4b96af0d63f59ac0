-- The dead list: `dead` by time, `dead:ID` what is kept of each, `dz` what each takes and,
-- under '', all of them. cfg bounds it; the oldest go first, at most lim of them a call.
local function dead_limits(B)
  local c=put('HMGET',B..'cfg','dead_max','dead_ms','dead_bytes')
  local function n(i,default)
    local x=tonumber(c[i])
    return x and x>=0 and x<2^53 and math.floor(x) or default
  end
  return n(1,10000),n(2,604800000),n(3,134217728)
end
local function dead_drop(B,id)
  local z=B..'dz'
  local n,all=tonumber(put('HGET',z,id)),tonumber(put('HGET',z,''))
  redis.call('DEL',B..'dead:'..id)
  put('ZREM',B..'dead',id)
  if n then put('HDEL',z,id) put('HSET',z,'',string.format('%.0f',math.max(0,(all or 0)-n))) end
end
local function dead_trim(B,now,lim)
  local max,ms,bytes=dead_limits(B)
  local old=put('ZRANGEBYSCORE',B..'dead','-inf',now-ms,'LIMIT',0,lim)
  for _,id in ipairs(old) do dead_drop(B,id) end
  for _=#old+1,lim do
    if put('ZCARD',B..'dead')<=max and (tonumber(put('HGET',B..'dz','')) or 0)<=bytes then break end
    local id=put('ZRANGE',B..'dead',0,0)[1]
    if not id then redis.call('DEL',B..'dz') break end
    dead_drop(B,id)
  end
end
-- dead:ID has been written, after a dead_drop. The tick takes an entry off the list in
-- time; where nobody ticks any more, its record goes by itself.
local function dead_add(B,id,size,now,ms)
  local z=B..'dz'
  redis.call('PEXPIRE',B..'dead:'..id,ms)
  put('ZADD',B..'dead',now,id)
  put('HSET',z,id,size,'',string.format('%.0f',(tonumber(put('HGET',z,'')) or 0)+size))
  dead_trim(B,now,100)
end
-- To be kept is not worth a task that does not end.
local function safely(f,...) pcall(f,...) end
