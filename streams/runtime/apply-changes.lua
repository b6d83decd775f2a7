-- Applies committed changes of one task to its stores, by compare-and-set on the changelog position.
-- KEYS[1..n]  the main hash of each of the n stores: its position, the wall clock of the last apply and, of a window
--             store, the index of its live segments; else also its entries
-- KEYS[n+1..] whatever else the commands write: geographic indexes, one hash for each segment of a window store
-- ARGV[1]     wall clock, epoch ms: kept as the time of the last apply
-- ARGV[2]     '1' moves the positions at the end; '0' leaves them, because more of the same changes follows
-- ARGV[3]     n
-- ARGV[4..]   for each store: from, to (changelog offsets)
-- then        for each command: number of its store (from 1), HSET, HDEL, GEOADD, ZREM or UNLINK, number of its key in
--             KEYS, its further arguments packed as MessagePack (at most 3,000: the Lua stack holds 8,000)
-- returns     {1} when every store stood at its `from` or `to`; {0, n, position} when store n stands elsewhere, then
--             nothing was written
-- Atomic: all positions are checked before the first write. The commands of a store already at `to` are left out: an
-- earlier try of the same call ran them. Redis does not roll a failed script back, so positions are written after all
-- data, and running the commands again over a part of them ends in the same state.
local POSITION = '\0pos'
local APPLIED_AT = '\0at'
local stores = tonumber(ARGV[3])

local isBehind = {}
for s = 1, stores do
  local from, to = ARGV[2 + 2 * s], ARGV[3 + 2 * s]
  local position = redis.call('HGET', KEYS[s], POSITION) or '0'
  if position ~= from and position ~= to then
    return {0, s, position}
  end
  isBehind[s] = position == from
end

for at = 4 + 2 * stores, #ARGV, 4 do
  if isBehind[tonumber(ARGV[at])] then
    redis.call(ARGV[at + 1], KEYS[tonumber(ARGV[at + 2])], cmsgpack.unpack(ARGV[at + 3]))
  end
end

if ARGV[2] == '1' then
  for s = 1, stores do
    if isBehind[s] then
      redis.call('HSET', KEYS[s], APPLIED_AT, ARGV[1], POSITION, ARGV[3 + 2 * s])
    end
  end
end
return {1}
