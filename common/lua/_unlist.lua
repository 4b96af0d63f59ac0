-- Takes an id off its list (pri: see lane) if that is cheap: at the end, or in a short
-- list. Else it stays as a tombstone, which claim passes over and tick clears from the head.
local function unlist(B,pri,id)
  local list=B..'p'..pri
  if put('LINDEX',list,-1)==id then put('RPOP',list)
  elseif put('LLEN',list)<=1000 then put('LREM',list,-1,id) end
end
