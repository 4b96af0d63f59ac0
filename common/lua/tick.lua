#!lua flags=allow-oom
-- KEYS 1 base. ARGV 1 at most this many of each, 2 lock ms (0: asks for none, and renews it), 3 gap ms, 4 grace ms
-- Promotes what is due, recovers what lost its worker, expires what passed its deadline.
-- {promoted, recovered, expired, ms to the next delayed task or -1}
--@put
--@clk
--@policy
--@lane
--@resolve
--@report
--@dead
--@perish
--@bury
--@refuse
--@unlist
local B,lim=KEYS[1],tonumber(ARGV[1])
if ARGV[2]=='0' then redis.call('SET',B..'tk','1','XX','PX',300)   -- it goes on: one caller is enough
elseif not redis.call('SET',B..'tk','1','NX','PX',ARGV[2]) then
  -- nobody's lock lasts for ever, nor for as long as the clock was set back
  local left=redis.call('PTTL',B..'tk')
  if left==-1 or left>10*tonumber(ARGV[2]) then redis.call('DEL',B..'tk') end
  return {0,0,0,-1}
end
local now=clk()
local np,nr,nx,ns=0,0,0,0
-- Nobody ticked for gap ms (Redis was down, or the fleet was away), or the clock was set back:
-- give live workers grace ms for a heartbeat before anything is taken from them.
local lt=put('HMGET',B..'tt','last','grace')
local grace,since=tonumber(lt[2]) or 0,now-(tonumber(lt[1]) or 0)
if lt[1] and (since>tonumber(ARGV[3]) or since<0) then grace=now+tonumber(ARGV[4]) end
put('HSET',B..'tt','last',now,'grace',grace)
for _,id in ipairs(put('ZRANGEBYSCORE',B..'d','-inf',now,'LIMIT',0,lim)) do
  put('ZREM',B..'d',id)
  local h=fields(B,id,'s','o','m','h','w','lo')
  if h and h[1]=='D' and not policy(h[2]) then refuse(B,id,0,h[3],'the task record has no valid policy',{nil,h[4],h[5]})
  elseif h and h[1]=='D' then redis.call('HSET',B..'t:'..id,'s','P') put('RPUSH',B..'p'..lane(h[2],h[6]),id) np=np+1 end
end
for _,id in ipairs(now<grace and {} or put('ZRANGEBYSCORE',B..'l','-inf',now,'LIMIT',0,lim)) do
  local tk=B..'t:'..id
  put('ZREM',B..'l',id)
  local h=fields(B,id,'s','a','o','lo','x','m','h','w')
  if h and h[1] and string.byte(h[1])==82 and not policy(h[3]) then
    refuse(B,id,h[2],h[6],'the task record has no valid policy',{nil,h[7],h[8]})
  elseif h and h[1] and string.byte(h[1])==82 then
    local _,_,ml,_,dl=policy(h[3]) dl=tonumber(dl)
    local lo=(tonumber(h[4]) or 0)+1
    local wk=worker_of(h[1]) or ''
    nr=nr+1
    local function over(oc,vd,c,text) perish(B,id,h[3],h[2],h[6],wk,oc,vd,c,text,'lease',h[7],h[8]) end
    if h[5] and h[5]~='deadline' then
      resolve(B,id,h[3],report(B,id,h[2],h[6],wk,'cancelled','cancelled','proved','cancelled ('..h[5]..') while its worker '..wk..' was lost','lease'),h[7],h[8])
    elseif dl>0 and now>=dl then over('expired','expired','proved','its deadline passed while its worker '..wk..' was lost')
    elseif lo>tonumber(ml) then over('lost','worker_lost','unknown','worker '..wk..' sent no heartbeat until the lease ended: the worker or its machine died, hung or was cut off; the task may have run')
    else
      redis.call('HSET',tk,'s','P','lo',lo,'h',(h[7] or '')..attempt(h[2],wk,'worker_lost','unknown','worker '..wk..' sent no heartbeat until the lease ended'))
      put('RPUSH',B..'ps',id) ns=ns+1
    end
  end
end
for _,id in ipairs(put('ZRANGEBYSCORE',B..'x','-inf',now,'LIMIT',0,lim)) do
  put('ZREM',B..'x',id)
  local tk=B..'t:'..id
  local h=fields(B,id,'s','a','o','m','h','w','lo')
  if h and h[1] then
    nx=nx+1
    if string.byte(h[1])==82 then
      redis.call('HSETNX',tk,'x','deadline')
      local c=B..'k:'..(worker_of(h[1]) or '') put('RPUSH',c,id) redis.call('PEXPIRE',c,60000)
    else
      if h[1]=='D' then put('ZREM',B..'d',id) else unlist(B,lane(h[3],h[7]),id) end
      perish(B,id,h[3],h[2],h[4],nil,'expired','expired','proved','its deadline passed before it started','tick',h[5],h[6])
    end
  end
end
for _,wid in ipairs(put('ZRANGEBYSCORE',B..'ws','-inf',now-3600000,'LIMIT',0,lim)) do
  put('ZREM',B..'ws',wid)
end
-- What was cancelled or expired while it waited is gone from its record, not from its list.
for _,l in ipairs({'p0','p1','p2','ps'}) do
  for _=1,lim do
    local id=put('LINDEX',B..l,0)
    if not id or not string.match(id,'^[%w_.-]+$') or redis.call('EXISTS',B..'t:'..id)==1 then break end
    put('LPOP',B..l)
  end
end
safely(dead_trim,B,now,lim)
for _=1,math.min(np+ns,64)-put('LLEN',B..'w') do put('RPUSH',B..'w','1') end
local z=put('ZRANGE',B..'d',0,0,'WITHSCORES')
return {np,nr,nx,z[2] and math.max(0,tonumber(z[2])-now) or -1}
