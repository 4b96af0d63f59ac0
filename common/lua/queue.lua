#!lua flags=no-writes
-- KEYS 1 base. -1 for a key that holds another type. {high, normal, low, delayed, running, suspect, dead, live workers, paused,
-- draining, rate: starts, in ms, maximum length}; 0 in the last three: none
local B=KEYS[1]
local t=redis.call('TIME')
local now=t[1]*1000+math.floor(t[2]/1000)
local function n(cmd,k,...)
  local r=redis.pcall(cmd,B..k,...)
  if type(r)=='table' then return -1 end
  return r
end
local function m(field)
  local v=redis.pcall('HGET',B..'cfg',field)
  if type(v)=='table' then return -1 end
  return v and #v<=15 and tonumber(string.match(v,'^%d+$')) or 0
end
return {n('LLEN','p0'),n('LLEN','p1'),n('LLEN','p2'),n('ZCARD','d'),n('ZCARD','l'),n('LLEN','ps'),n('ZCARD','dead'),
  n('ZCOUNT','ws',now,'+inf'),n('HEXISTS','cfg','paused'),
  n('HEXISTS','cfg','draining'),m('rl_max'),m('rl_ms'),m('max_len')}
