#!lua flags=no-writes
-- KEYS 1 base. -1 for a key that holds another type. {high, normal, low, delayed, running, suspect, dead, live workers, paused}
local B=KEYS[1]
local t=redis.call('TIME')
local now=t[1]*1000+math.floor(t[2]/1000)
local function n(cmd,k,...)
  local r=redis.pcall(cmd,B..k,...)
  if type(r)=='table' then return -1 end
  return r
end
return {n('LLEN','p0'),n('LLEN','p1'),n('LLEN','p2'),n('ZCARD','d'),n('ZCARD','l'),n('LLEN','ps'),n('ZCARD','dead'),
  n('ZCOUNT','ws',now,'+inf'),n('HEXISTS','cfg','paused')}
