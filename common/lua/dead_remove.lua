#!lua flags=allow-oom
-- KEYS 1 base. ARGV 1 id, 2 died at, as the list said. 1 gone now; 0 no such entry.
--@put
--@when
--@dead
local B,id=KEYS[1],ARGV[1]
local at=put('ZSCORE',B..'dead',id)
if not at or when(at)~=ARGV[2] then return 0 end
dead_drop(B,id)
return 1
