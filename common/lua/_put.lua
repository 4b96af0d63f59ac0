-- A call that must not fail half way: scripts are not rolled back. Where one of our keys
-- holds another type, what was in it is gone already; it goes, and the call is made again.
local function put(...)
  local r=redis.pcall(...)
  if type(r)=='table' and r.err and string.find(r.err,'WRONGTYPE',1,true) then
    redis.call('DEL',(select(2,...)))
    return redis.call(...)
  end
  if type(r)=='table' and r.err then return redis.call(...) end
  return r
end
