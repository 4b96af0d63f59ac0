#!lua flags=no-writes
-- KEYS 1 base. {high, normal, low, delayed, running, suspect, dead, live workers, paused}
local B=KEYS[1]
local t=redis.call('TIME')
local now=t[1]*1000+math.floor(t[2]/1000)
local function n(cmd,k) return redis.call(cmd,B..k) end
return {n('LLEN','p0'),n('LLEN','p1'),n('LLEN','p2'),n('ZCARD','d'),n('ZCARD','l'),n('LLEN','ps'),n('ZCARD','dead'),
  redis.call('ZCOUNT',B..'ws',now,'+inf'),redis.call('HEXISTS',B..'cfg','paused')}
