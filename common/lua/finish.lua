#!lua flags=allow-oom
-- KEYS 1 base. ARGV 1 id, 2 claim token, 3 mode: F final; T try again; L let go before it
-- started, S stopped after it had, both by a worker that ends (cost no budget); B final and
-- to the dead list as unreadable; 4 report, 5 retry delay ms, 6 short report, 7 why in a line,
-- 8 signature: it goes to the dead list if it ends so; '': it returned, or was cancelled
-- 1 resolved, 4 back in the queue, 0 fenced: the claim is somebody else's, 2 ended before,
-- 3 no such task. Safe to send again. S of a task that must not start twice (max_lost 0)
-- resolves with the report. M try again with the message in 9, which asks for more memory: it
-- costs no budget here, as the worker bounds it.
--@put
--@clk
--@policy
--@lane
--@resolve
--@report
-- Made only where they are needed: most tasks return.
local function dead_list()
--@dead
--@perish
return safely,dead_keep,perish
end
local B,id,mode=KEYS[1],ARGV[1],ARGV[3]
local tk=B..'t:'..id
local h=redis.call('HMGET',tk,'s','o','nf','x','h','w','a','lo','ft')
if h[1]~='R'..ARGV[2] then
  if not h[1] then return redis.call('EXISTS',B..'r:'..id)==1 and 2 or 3 end
  if h[9]==ARGV[2] then return 4 end            -- sent again: it has been taken
  local ok,s=pcall(cmsgpack.unpack,ARGV[6])
  if mode~='L' and ok and type(s)=='table' and #(h[5] or '')<65536 then
    s.su=true redis.call('HSET',tk,'h',(h[5] or '')..cmsgpack.pack(s))
  end
  return 0
end
local pri,mf,ml,_,dl=policy(h[2])
dl=tonumber(dl)
put('ZREM',B..'l',id)
if (mode=='L' or mode=='S') and h[4] then
  local late=h[4]=='deadline'
  local text=late and 'its deadline passed while its worker ended' or 'cancelled ('..h[4]..') while its worker ended'
  local m,wk=redis.call('HGET',tk,'m'),worker_of(h[1])
  local _,_,perish=dead_list()
  if late then perish(B,id,h[2],h[7],m,wk,'expired','expired','proved',text,'finish',h[5],h[6])
  else resolve(B,id,h[2],report(B,id,h[7],m,wk,'cancelled','cancelled','proved',text,'finish'),h[5],h[6]) end
  return 1
end
if pri and not h[4] then
  if mode=='T' or mode=='M' then
    local nf,due=(tonumber(h[3]) or 0)+(mode=='T' and 1 or 0),clk()+tonumber(ARGV[5])
    if (mode=='M' or nf<tonumber(mf)) and not (dl>0 and due>=dl) then
      redis.call('HSET',tk,'s','D','nf',nf,'h',(h[5] or '')..ARGV[6],'ft',ARGV[2])
      if mode=='M' then redis.call('HSET',tk,'m',ARGV[9]) end
      put('ZADD',B..'d',due,id)
      return 4
    end
  elseif mode=='L' or (mode=='S' and ml~='0') then
    -- the attempt never counted: the next claim gets its number again
    redis.call('HSET',tk,'s','P','a',tostring((tonumber(h[7]) or 1)-1),'ft',ARGV[2])
    put('LPUSH',B..'p'..lane(h[2],h[8]),id)
    if put('LLEN',B..'w')==0 then put('RPUSH',B..'w','1') end
    return 4
  end
end
if mode=='B' or (ARGV[8] or '')~='' then
  local safely,dead_keep=dead_list()
  safely(dead_keep,B,id,ARGV[4],(ARGV[8] or '')~='' and ARGV[8] or '\tnot_started\t',ARGV[7],mode=='B')
end
resolve(B,id,h[2],ARGV[4],h[5],h[6])
return 1
