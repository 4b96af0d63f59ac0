-- Redis's clock in ms; the only clock that leases, delays and deadlines know.
local function clk() local t=redis.call('TIME') return t[1]*1000+math.floor(t[2]/1000) end
