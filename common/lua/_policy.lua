-- o = priority,max_fail,max_lost,result_ttl,deadline,producer,unique; nil if it is not one
local function policy(o)
  if not o then return nil end
  return string.match(o,'^([012]),(%d+),(%d+),(%d+),(%d+),([%w_.-]*),([%w_.-]*)$')
end
