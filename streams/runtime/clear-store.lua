-- Removes a store at once, so that no reader finds its position without its entries.
-- KEYS    every key of the store: main hash, geographic index, one hash for each segment
-- returns how many there were
-- Atomic; memory is freed in the background.
local removed = 0
for k = 1, #KEYS do
  removed = removed + redis.call('UNLINK', KEYS[k])
end
return removed
