-- Which waiting list, without its 'p': what has lost a worker waits in the suspect lane.
local function lane(o,lo)
  if lo and lo~='0' then return 's' end
  return (policy(o)) or '1'
end
