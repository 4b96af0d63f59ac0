-- Keeps what could not be read, with the reason; res: its report, nil: it is no task.
local function bury(B,id,why,m,res)
  safely(function()
    local max,ms,bytes=dead_limits(B)
    if max==0 or ms==0 then return end
    local k,now=B..'dead:'..id,clk()
    m=m or '' res=res or ''
    dead_drop(B,id)
    put('HSET',k,'sg','\tnot_started\t','why',string.sub(why,1,512),'at',now,'b','1','r',res)
    if #m>bytes/4 then put('HSET',k,'mx',#m) m=string.sub(m,1,math.min(65536,math.floor(bytes/4))) end
    put('HSET',k,'m',m)
    dead_add(B,id,512+#m+#res,now,ms)
  end)
end
