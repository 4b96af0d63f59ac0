#!lua flags=allow-oom
-- KEYS 1 base. ARGV 1 worker, 2 token '<worker>.<seq>' (a new seq a claim; the SAME token
-- when the reply was lost), 3 how many, 4 lease ms, 5 lists in order ('p0,ps,p1,p2'), 6 '1':
-- it runs nothing and has no report unsent, 7 reserve the suspect lane for ms, 0: do not
-- {code, id,attempt,lost,failed,message, ...}: code 0; -1 paused; > 0 rate limited for ms;
-- -2 suspects wait; -3 they are reserved for this worker, which gets nothing until it is idle
-- A suspect is given to an idle worker alone, and nothing with it. A claim passes over so many
-- entries that have ended or expired, and leaves the rest to the next, for which the bell rings.
-- It gives no more once messages of 4 MiB are given: the lease runs while the answer travels.
--@put
--@clk
--@policy
--@resolve
--@report
-- Made only where they are needed: most claims bury nothing.
local function dead_list()
--@dead
--@perish
--@bury
return perish,bury
end
local function bury(...) select(2,dead_list())(...) end
--@refuse
--@rate
local B,wid,tok,n,lease=KEYS[1],ARGV[1],ARGV[2],tonumber(ARGV[3]),tonumber(ARGV[4])
local now=clk()
local out={0}
local bytes=4194304
local function give(id,a,lo,nf,m)
  bytes=bytes-#(m or '')
  local k=#out out[k+1]=id out[k+2]=a out[k+3]=lo or '0' out[k+4]=nf or '0' out[k+5]=m
end
local lk=B..'lc:'..wid
local last=put('GET',lk)
if last and string.sub(last,1,#tok+1)==tok..',' then
  for id in string.gmatch(string.sub(last,#tok+2),'[^,]+') do
    local h=put('HMGET',B..'t:'..id,'s','a','lo','nf','m')
    if h[1]=='R'..tok then                      -- a whole lease from this answer on
      put('ZADD',B..'l',now+lease,id) give(id,h[2],h[3],h[4],h[5])
    end
  end
  return out
end
-- A copy of an earlier claim that the network held back: nobody would run what it took.
local function seq(t) return tonumber(string.match(t,'^[^,]*%.(%d+)%f[,%z]') or 0) end
if last and seq(last)>seq(tok) then return out end
redis.call('SET',lk,tok..',','PX',math.max(lease*4,900000))
local cfg=put('HMGET',B..'cfg','paused','rl_max','rl_ms')
if cfg[1] then redis.call('DEL',B..'w') out[1]=-1 return out end
local max,per=rate_of(cfg[2],cfg[3])
if max then
  local room,wait=rate_room(B,max,per,now,n)
  if room<=0 then out[1]=wait return out end
  n=room
end
local got,z={},{}
local suspects,alone,spare=put('LLEN',B..'ps'),false,200
local function one(id)
  if #id>64 or not string.match(id,'^[%w_.-]+$') then
    bury(B,'bad-'..redis.sha1hex(id),'not a task id: an entry of '..#id..' bytes on the list',string.sub(id,1,65536))
    return 0
  end
  local h=fields(B,id,'s','a','m','lo','o','h','w','nf')
  if not h then return 0 end
  if h[1]=='P' and h[4] and h[4]~='0' and not alone then put('RPUSH',B..'ps',id) return 0 end
  local rest={h[5],h[6],h[7]}
  if h[1]~='P' then                             -- a tombstone, or a hash that is no task
    if not h[1] and redis.call('EXISTS',B..'t:'..id)==1 then refuse(B,id,0,h[3],'the task record has no state',rest) end
    return 0
  end
  local _,_,_,_,dl=policy(h[5])
  if not dl or not h[3] then refuse(B,id,h[2],h[3],'the task record has no valid policy or message',rest) return 0 end
  if dl~='0' and now>=tonumber(dl) then
    dead_list()(B,id,h[5],h[2],h[3],nil,'expired','expired','proved','its deadline passed before it started','claim',h[6],h[7])
    return 0
  end
  local a=tostring((tonumber(h[2]) or 0)+1)
  redis.call('HSET',B..'t:'..id,'s','R'..tok,'a',a)
  got[#got+1]=id z[#z+1]=now+lease z[#z+1]=id
  give(id,a,h[4],h[8],h[3])
  return 1
end
local idle,hold=ARGV[6]~='0',tonumber(ARGV[7] or '0')
local function one_suspect()
  alone=true
  while #got==0 and spare>0 do
    local id=put('LPOP',B..'ps')
    if not id then break end
    spare=spare-1+one(id)
  end
  alone=false
  if #got>0 then n=0 suspects=0 end
end
if suspects>0 then
  local qr=B..'qr'
  local mine=put('GET',qr)==wid
  if hold==0 then
    if mine then redis.call('DEL',qr) end
  elseif mine or redis.call('SET',qr,wid,'NX','PX',hold) then
    if idle then redis.call('DEL',qr) one_suspect()
    else redis.call('PEXPIRE',qr,hold) n=0 out[1]=-3 end
  end
end
for l in string.gmatch(ARGV[5],'[^,]+') do
  if l=='ps' and idle and suspects>0 and #got==0 then one_suspect() end
  while l~='ps' and #got<n and spare>0 and bytes>0 do
    local ids=put('LPOP',B..l,n-#got)
    if not ids then break end
    for i=1,#ids do
      if bytes<=0 then for j=#ids,i,-1 do put('LPUSH',B..l,ids[j]) end break end
      spare=spare-1+one(ids[i])
    end
  end
end
if out[1]==0 and suspects>0 then out[1]=-2 end
if #got>0 then
  put('ZADD',B..'l',unpack(z))
  redis.call('SET',lk,tok..','..table.concat(got,','),'PX',math.max(lease*4,900000))
  if max then rate_spend(B,per,now,#got) end
end
if (#got>0 or out[1]==-3 or spare<=0) and put('LLEN',B..'w')==0 then  -- leave a wake-up while there is backlog
  local ks={}
  for l in string.gmatch(ARGV[5],'[^,]+') do ks[#ks+1]=B..l end
  if redis.call('EXISTS',unpack(ks))>0 then put('RPUSH',B..'w','1') end
end
return out
