-- Ends what cannot be read: to the dead list, with a report for whoever waits. h is what
-- HMGET gave for o, h and w, or nil.
local function refuse(B,id,a,m,why,h)
  local res=report(B,id,a,m,nil,'failed','not_started','proved',why,'script')
  bury(B,id,why,m,res)
  -- what has ended stays so, whatever is in its record's place now
  if redis.call('EXISTS',B..'r:'..id)==1 then redis.call('DEL',B..'t:'..id) return end
  resolve(B,id,h and h[1],res,h and h[2],h and h[3])
end
-- The fields of a task, or nil: its key then holds another type, and it is refused.
local function fields(B,id,...)
  local h=redis.pcall('HMGET',B..'t:'..id,...)
  if not h.err then return h end
  refuse(B,id,0,nil,'the task key holds another type than a hash',nil)
  return nil
end
