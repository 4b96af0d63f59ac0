#!lua flags=no-writes
-- KEYS 1 base. ARGV 1 id. {} no such entry; else {died at,signature,why,unreadable,message
-- length,length not kept,attempts,final report and earlier attempts,the message's first
-- bytes if it is unreadable}
--@when
local B,id=KEYS[1],ARGV[1]
local at=redis.call('ZSCORE',B..'dead',id)
local k=B..'dead:'..id
if not at or redis.call('EXISTS',k)==0 then return {} end
-- more than any worker sends was put there by a stranger
local n=redis.pcall('HSTRLEN',k,'r')
local whole=type(n)=='number' and n<=268435456
local h=redis.pcall('HMGET',k,'sg','why','b','mx','a',whole and 'r' or 'none',whole and 'h' or 'none')
if h.err then return {when(at),'','the record holds another type than a hash',1,0,'0','0','',''} end
local bad=h[3] or not h[1]
return {when(at),string.sub(h[1] or '',1,1024),string.sub(h[2] or '',1,512),bad and 1 or 0,
  redis.call('HSTRLEN',k,'m'),when(h[4]),when(h[5]),(h[6] or '')..(h[7] or ''),
  bad and string.sub(redis.call('HGET',k,'m') or '',1,256) or ''}
