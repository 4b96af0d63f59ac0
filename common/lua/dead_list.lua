#!lua flags=no-writes
-- KEYS 1 base. ARGV 1 how many entries are left to see ('' all), 2 at most this many
-- {now, left, id,died at,signature,why,unreadable,message length,length not kept,attempts, ...},
-- the newest first. Counted from the oldest, so that what is added or taken meanwhile
-- makes one be seen twice, never passed over.
--@when
local B,n=KEYS[1],math.min(tonumber(ARGV[2]) or 100,200)
local t=redis.call('TIME')
local left=redis.call('ZCARD',B..'dead')
local c=tonumber(ARGV[1])
if c and c<left then left=c end
local from=math.max(0,left-n)
local out={t[1]*1000+math.floor(t[2]/1000),from}
if left<=0 then return out end
local ids=redis.call('ZRANGE',B..'dead',from,left-1,'WITHSCORES')
for i=#ids-1,1,-2 do
  local id=ids[i]
  local k=B..'dead:'..id
  local h=redis.pcall('HMGET',k,'sg','why','b','mx','a')
  local m=0
  if h.err then h={false,'the record holds another type than a hash','1'}
  else m=redis.call('HSTRLEN',k,'m') end
  -- without either, it has expired and the tick has not come by
  if (h[1] or h[2]) and #id<=64 then
    local j=#out
    out[j+1]=id out[j+2]=when(ids[i+1]) out[j+3]=string.sub(h[1] or '',1,1024)
    out[j+4]=string.sub(h[2] or '',1,512) out[j+5]=(h[3] or not h[1]) and 1 or 0
    out[j+6]=m out[j+7]=when(h[4]) out[j+8]=when(h[5])
  end
end
return out
