-- Reports that no worker can make: worker lost, cancelled before start, expired.
-- m is the task's message; what it says of itself is copied if it can be read.
-- report() gives the handler too.
local function worker_of(s) return string.match(s or '','^R(.*)%.[^.]*$') end
-- cmsgpack knows no bin, and a payload is one: so the map is walked, and bins passed over.
local function fields_of(m)
  local t,n,at={},string.byte(m,1) or 0,1
  if n==0xde then n=string.byte(m,2)*256+string.byte(m,3) at=3
  elseif n>=0x80 and n<=0x8f then n=n-0x80 else return t end
  for _=1,n do
    local key,c
    at,key=cmsgpack.unpack_one(m,at)
    c=string.byte(m,at+1)
    if c>=0xc4 and c<=0xc6 then
      local len,size=0,2^(c-0xc4)
      for i=1,size do len=len*256+string.byte(m,at+1+i) end
      at=at+1+size+len
    else at,t[key]=cmsgpack.unpack_one(m,at) end
    if at<0 then break end
  end
  return t
end
local function report(B,id,a,m,worker,outcome,verdict,certainty,text,source)
  local ok,task=false,nil
  if m and #m<=1048576 then ok,task=pcall(fields_of,m) end
  if not ok or type(task)~='table' then task={} end
  local function text_of(x) if type(x)=='string' then return x end end
  local function int_of(x) if type(x)=='number' and x==math.floor(x) and x>=0 and x<2^53 then return x end end
  return cmsgpack.pack({v=1,id=id,q=string.match(B,'^reapq:{(.*)}:$'),a=tonumber(a) or 0,
    o=outcome,vd=verdict,c=certainty,m=text,w=worker,h=text_of(task.h),g=text_of(task.g),
    t=int_of(task.t),ma=int_of(task.ma) or 1,t1=clk(),ev={{source,text}}}),text_of(task.h)
end
local function attempt(a,worker,verdict,certainty,text)
  return cmsgpack.pack({v=1,a=tonumber(a) or 0,w=worker or '',vd=verdict,c=certainty,m=text,t1=clk()})
end
