#!lua flags=no-writes
-- KEYS 1 base. ARGV ids. For each: 1 it has ended, 0 it is live, -1 there is no record.
local B,out=KEYS[1],{}
for i=1,#ARGV do
  if redis.call('EXISTS',B..'r:'..ARGV[i])==1 then out[i]=1
  elseif redis.call('EXISTS',B..'t:'..ARGV[i])==1 then out[i]=0
  else out[i]=-1 end
end
return out
