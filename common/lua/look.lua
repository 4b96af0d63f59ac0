#!lua flags=no-writes
-- KEYS 1 base. ARGV 1 id. {} no such task; {'F'} ended; else {state, attempt, lost, failed,
-- cancel reason or '', message}
local B,id=KEYS[1],ARGV[1]
if redis.call('EXISTS',B..'r:'..id)==1 then return {'F'} end
local h=redis.call('HMGET',B..'t:'..id,'s','a','lo','nf','x','m')
if not h[1] then return {} end
return {h[1],h[2] or '0',h[3] or '0',h[4] or '0',h[5] or '',h[6] or ''}
