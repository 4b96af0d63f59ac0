#!lua flags=allow-oom
-- KEYS 1 base. ARGV 1 worker, 2 lease ms, 3 what it says of itself, then id, token ...
-- {now, id,token,'L' (not yours any more: kill it) | id,token,'C:reason' (cancel it) ...}
--@put
--@clk
local B,wid,lease=KEYS[1],ARGV[1],tonumber(ARGV[2])
local now=clk()
put('ZADD',B..'ws',now+lease,wid)
redis.call('SET',B..'wi:'..wid,ARGV[3],'PX',3600000)
local out,z={now},{}
for i=4,#ARGV,2 do
  -- one record that somebody has overwritten must not stop the others' renewal
  local h=redis.pcall('HMGET',B..'t:'..ARGV[i],'s','x')
  if h[1]=='R'..ARGV[i+1] then
    z[#z+1]=now+lease z[#z+1]=ARGV[i]
    if h[2] then out[#out+1]=ARGV[i] out[#out+1]=ARGV[i+1] out[#out+1]='C:'..h[2] end
  else out[#out+1]=ARGV[i] out[#out+1]=ARGV[i+1] out[#out+1]='L' end
end
if #z>0 then put('ZADD',B..'l',unpack(z)) end
return out
