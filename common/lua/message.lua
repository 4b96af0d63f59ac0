#!lua flags=no-writes
-- KEYS 1 base. ARGV 1 id. {} no such task; else {'live' or 'dead', policy, message, length
-- that was not kept}. Of a live and a dead task of one id the live one.
--@when
local B,id=KEYS[1],ARGV[1]
for _,at in ipairs({'t:','dead:'}) do
  local h=redis.pcall('HMGET',B..at..id,'o','m','mx')
  if not h.err and (h[2] or h[3]) then return {at=='t:' and 'live' or 'dead',h[1] or '',h[2] or '',when(h[3])} end
end
return {}
