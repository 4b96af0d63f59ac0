-- Keeps a task that is about to be resolved as failed, crashed, lost or expired. Its record
-- is renamed, not copied: a payload of any size costs the same. sg: handler, verdict,
-- signal and frames, see signature.c; why: one line; bad: its message could not be read.
local function dead_keep(B,id,res,sg,why,bad)
  local max,ms,bytes=dead_limits(B)
  if max==0 or ms==0 then return end
  local k,now=B..'dead:'..id,clk()
  dead_drop(B,id)
  redis.call('RENAME',B..'t:'..id,k)
  redis.call('HDEL',k,'s','x','w')
  sg=string.sub(sg,1,1024) why=string.sub(why,1,512)
  local m,rest=redis.call('HSTRLEN',k,'m'),512+#sg+#why+#res+redis.call('HSTRLEN',k,'h')
  if m>bytes/4 then redis.call('HDEL',k,'m') redis.call('HSET',k,'mx',m) m=0 end
  if rest>bytes/4 then                          -- of one that big, only what it says in short
    redis.call('HDEL',k,'h') redis.call('HSET',k,'rx',#res)
    local h,vd=string.match(sg,'^([^\t]*)\t([^\t]*)')
    res=cmsgpack.pack({v=1,id=id,q=string.match(B,'^reapq:{(.*)}:$'),h=h,vd=vd,m=why,
      a=tonumber(redis.call('HGET',k,'a')) or 0,t1=now,
      ev={{'dead list','the report of '..#res..' bytes was too large to be kept'}}})
    rest=512+#sg+#why+#res
  end
  redis.call('HSET',k,'r',res,'sg',sg,'why',why,'at',now)
  if bad then redis.call('HSET',k,'b','1') end
  dead_add(B,id,m+rest,now,ms)
end
local function perish(B,id,o,a,m,worker,outcome,verdict,certainty,text,source,h,w)
  local res,hd=report(B,id,a,m,worker,outcome,verdict,certainty,text,source)
  local sg=string.gsub(string.sub(hd or '',1,128),'%c','?')..'\t'..verdict..'\t'
  safely(dead_keep,B,id,res,sg,text)
  resolve(B,id,o,res,h,w)
end
