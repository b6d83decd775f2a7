-- Applies the committed changes of one task to its stores, by compare-and-set on the changelog position.
-- KEYS      for each store two: its hash, its geographic index
-- ARGV[1]   wall clock, epoch ms: kept as the time of the last apply
-- ARGV[2..] for each store: from, to (changelog offsets), counts of puts, deletes, geo puts, geo deletes,
--           then puts (field, value), deletes (field), geo puts (lon, lat, member), geo deletes (member)
-- returns   {1} when every store stands at its `to`; {0, n, position} when store n (from 1) stands elsewhere
-- Atomic: all positions are checked before the first write. A store already at `to` was applied by an earlier try of
-- the same call. Redis does not roll a failed script back, so each position is written after its data.
local POSITION = '\0pos'
local APPLIED_AT = '\0at'
local stores = #KEYS / 2

local function chunked(count, width, call)
  local i = 0
  while i < count do
    local n = math.min(count - i, 1000)
    call(i * width, n * width)
    i = i + n
  end
end

local at = 2
local plan = {}
for s = 1, stores do
  local from, to = ARGV[at], ARGV[at + 1]
  local puts, dels = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local geoPuts, geoDels = tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
  local position = redis.call('HGET', KEYS[2 * s - 1], POSITION) or '0'
  if position ~= from and position ~= to then
    return {0, s, position}
  end
  plan[s] = {
    to = to, skip = position ~= from, data = at + 6,
    puts = puts, dels = dels, geoPuts = geoPuts, geoDels = geoDels
  }
  at = at + 6 + 2 * puts + dels + 3 * geoPuts + geoDels
end

for s = 1, stores do
  local p = plan[s]
  if not p.skip then
    local hash, geo, base = KEYS[2 * s - 1], KEYS[2 * s], p.data
    chunked(p.puts, 2, function(i, n)
      redis.call('HSET', hash, unpack(ARGV, base + i, base + i + n - 1))
    end)
    base = base + 2 * p.puts
    chunked(p.dels, 1, function(i, n)
      redis.call('HDEL', hash, unpack(ARGV, base + i, base + i + n - 1))
    end)
    base = base + p.dels
    chunked(p.geoPuts, 3, function(i, n)
      redis.call('GEOADD', geo, unpack(ARGV, base + i, base + i + n - 1))
    end)
    base = base + 3 * p.geoPuts
    chunked(p.geoDels, 1, function(i, n)
      redis.call('ZREM', geo, unpack(ARGV, base + i, base + i + n - 1))
    end)
    redis.call('HSET', hash, APPLIED_AT, ARGV[1], POSITION, p.to)
  end
end
return {1}
