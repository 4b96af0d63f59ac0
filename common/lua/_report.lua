-- Reports that no worker can make: worker lost, cancelled before start, expired.
-- m is the task's message; what it says of itself is copied if it can be read.
local function worker_of(s) return string.match(s or '','^R(.*)%.[^.]*$') end
local function report(B,id,a,m,worker,outcome,verdict,certainty,text,source)
  local ok,task=false,nil
  if m and #m<=1048576 then ok,task=pcall(cmsgpack.unpack,m) end
  if not ok or type(task)~='table' then task={} end
  local function text_of(x) if type(x)=='string' then return x end end
  local function int_of(x) if type(x)=='number' and x==math.floor(x) and x>=0 and x<2^53 then return x end end
  return cmsgpack.pack({v=1,id=id,q=string.match(B,'^reapq:{(.*)}:$'),a=tonumber(a) or 0,
    o=outcome,vd=verdict,c=certainty,m=text,w=worker,h=text_of(task.h),g=text_of(task.g),
    t=int_of(task.t),ma=int_of(task.ma),t1=clk(),ev={{source,text}}})
end
local function attempt(a,worker,verdict,certainty,text)
  return cmsgpack.pack({v=1,a=tonumber(a) or 0,w=worker or '',vd=verdict,c=certainty,m=text,t1=clk()})
end
