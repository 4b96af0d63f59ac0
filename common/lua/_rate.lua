-- The rate limit: at most max starts in any per ms. rl holds the times of the last
-- starts, the oldest first, at most max of them. Flat: a claim drops no more of them than
-- the starts that it wants.
local function rate_of(max,per)
  local function whole(x) return x and #x<=9 and string.match(x,'^[1-9]%d*$') and tonumber(x) end
  return whole(max),whole(per) or 1000
end
-- how many of n may start; if none, ms until one may
local function rate_room(B,max,per,now,n)
  local k,wait=B..'rl',1
  while put('LLEN',k)+n>max do
    local at=tonumber(put('LINDEX',k,0) or '')
    -- one of a time to come does not count: the clock was set back
    if at and at<=now and at+per>now then wait=at+per-now break end
    if not put('LPOP',k) then break end
  end
  return math.min(n,max-put('LLEN',k)),wait
end
local function rate_spend(B,per,now,n)
  local times={}
  for i=1,n do times[i]=now end
  put('RPUSH',B..'rl',unpack(times))
  redis.call('PEXPIRE',B..'rl',per)
end
