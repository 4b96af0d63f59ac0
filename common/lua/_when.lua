-- A score of the dead list as an integer; whatever else stands there is '0'.
local function when(s)
  s=tonumber(s)
  return s and s>=0 and s<2^53 and string.format('%.0f',s) or '0'
end
