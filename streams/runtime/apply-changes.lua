-- Applies committed changes of one task to its stores, by compare-and-set on the changelog position.
-- KEYS[1..n]  the main hash of each of the n stores: its position, the wall clock of the last apply and, of a window
--             store, the index of its live segments; else also its entries
-- KEYS[n+1..] whatever else the commands write: geographic indexes, one hash for each segment of a window store
-- ARGV[1]     wall clock, epoch ms: kept as the time of the last apply
-- ARGV[2]     '1' moves the positions at the end; '0' leaves them, because more of the same changes follows
-- ARGV[3]     token of the calls that belong together; '' in the first one, which makes it
-- ARGV[4]     n
-- ARGV[5..]   for each store: from, to (changelog offsets)
-- then        for each command: number of its store (from 1), HSET, HDEL, GEOADD, ZREM or UNLINK, number of its key in
--             KEYS, its further arguments packed as MessagePack (at most 3,000: the Lua stack holds 8,000)
-- returns     {1, token} when every store stood at its `from` or `to`; {0, n, position} when store n stands elsewhere or
--             another writer has begun meanwhile, then nothing was written
-- Atomic: all positions are checked before the first write. The commands of a store already at `to` are left out: an
-- earlier try of the same call ran them. Redis does not roll a failed script back, so positions are written after all
-- data, and running the commands again over a part of them ends in the same state.
local POSITION = '\0pos'
local APPLIED_AT = '\0at'
-- Token of the writer that is between its calls. Positions do not move until the last one, so without it two writers
-- from the same position could mix what they write.
local PART = '\0part'
local stores = tonumber(ARGV[4])
local token = ARGV[3]
local isFirst = token == ''
local isLast = ARGV[2] == '1'

local isBehind = {}
for s = 1, stores do
  local from, to = ARGV[3 + 2 * s], ARGV[4 + 2 * s]
  local position = redis.call('HGET', KEYS[s], POSITION) or '0'
  if position ~= from and position ~= to then
    return {0, s, position}
  end
  isBehind[s] = position == from
  if isBehind[s] and not isFirst and redis.call('HGET', KEYS[s], PART) ~= token then
    return {0, s, position}
  end
end

if isFirst and not isLast then
  local now = redis.call('TIME')
  token = now[1] .. '.' .. now[2]
  for s = 1, stores do
    if isBehind[s] then
      redis.call('HSET', KEYS[s], PART, token)
    end
  end
end

for at = 5 + 2 * stores, #ARGV, 4 do
  if isBehind[tonumber(ARGV[at])] then
    redis.call(ARGV[at + 1], KEYS[tonumber(ARGV[at + 2])], cmsgpack.unpack(ARGV[at + 3]))
  end
end

if isLast then
  for s = 1, stores do
    if isBehind[s] then
      redis.call('HDEL', KEYS[s], PART)
      redis.call('HSET', KEYS[s], APPLIED_AT, ARGV[1], POSITION, ARGV[4 + 2 * s])
    end
  end
end
return {1, token}
