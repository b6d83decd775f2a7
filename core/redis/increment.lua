-- Counts within a window that starts with the first count.
-- KEYS[1]  counter
-- ARGV[1]  life of the window, milliseconds
-- returns  the count after this one
-- Atomic: a counter without an expiry cannot be left behind by a client that dies between two commands.
local count = redis.call('INCR', KEYS[1])
if count == 1 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return count
