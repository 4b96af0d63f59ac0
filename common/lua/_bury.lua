-- Keeps what could not be read, with the reason: dead (by time) and dead:ID, for 7
-- days or 10,000 entries, whichever is less.
local function bury(B,id,why,bytes)
  local k=B..'dead:'..id
  put('HSET',k,'why',why,'m',bytes or '','at',clk())
  redis.call('PEXPIRE',k,604800000)
  put('ZADD',B..'dead',clk(),id)
  redis.call('ZREMRANGEBYSCORE',B..'dead','-inf',clk()-604800000)
  while redis.call('ZCARD',B..'dead')>10000 do
    local old=redis.call('ZPOPMIN',B..'dead') redis.call('DEL',B..'dead:'..old[1])
  end
end
