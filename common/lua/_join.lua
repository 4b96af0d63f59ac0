-- Adds a producer to those told when the task ends. Past 4 KB of them the rest look
-- for themselves, as every producer does every few seconds.
local function join(tk,pid)
  if pid=='' then return end
  local w=put('HGET',tk,'w') or ''
  if #w<4096 and not string.find(','..w,','..pid..',',1,true) then redis.call('HSET',tk,'w',w..pid..',') end
end
