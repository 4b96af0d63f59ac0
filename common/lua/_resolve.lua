-- The only writer of r:ID. The caller has proved the task live and has taken the id
-- out of l and d. res is the final report; h the earlier attempts' short reports;
-- w other producers that wait, each followed by a comma.
local function notify(B,pid,id)
  if redis.call('EXISTS',B..'a:'..pid)==1 and redis.call('RPUSH',B..'n:'..pid,id)==1 then
    redis.call('PEXPIRE',B..'n:'..pid,3600000)
  end
end
local function resolve(B,id,o,res,h,w)
  local _,_,_,ttl,dl,pd,un=policy(o)
  ttl=tonumber(ttl or '3600000') dl=tonumber(dl or '0')
  -- a foreign key in the result's place goes: a future that never settles is worse
  local pushed=redis.pcall('RPUSH',B..'r:'..id,res..(h or ''))
  if type(pushed)=='table' and pushed.err then
    redis.call('DEL',B..'r:'..id)
    redis.call('RPUSH',B..'r:'..id,res..(h or ''))
  end
  redis.call('DEL',B..'t:'..id)
  if dl>0 then
    -- the tombstone outlives any late copy of the submit
    ttl=math.max(ttl,dl-clk()+60000)
    redis.call('ZREM',B..'x',id)
  end
  redis.call('PEXPIRE',B..'r:'..id,ttl)
  if un and un~='' and redis.call('GET',B..'u:'..un)==id then redis.call('DEL',B..'u:'..un) end
  if pd and pd~='' then notify(B,pd,id) end
  if w then for pid in string.gmatch(w,'([^,]+),') do notify(B,pid,id) end end
end
