-- What all scenarios share: one request a call with a fresh UUIDv7 as its idempotency key and the
-- next of many tokens, and one line of JSON at the end. Arguments after --: a file with a token a
-- line, the path (%s stands for the token's subject), and a file with the bodies, one a line.
local hex = {}
for byte = 0, 255 do hex[byte] = string.format("%02x", byte) end

local tokens, subjects, bodies, prefixes = {}, {}, {}, {}
local at, bodyAt = 0, 0
local counter = 0

local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  math.randomseed(os.time() * 16 + number)
  for line in io.lines(args[1]) do
    local subject, token = line:match("^(%S+) (%S+)$")
    subjects[#subjects + 1] = subject
    tokens[#tokens + 1] = token
  end
  for line in io.lines(args[3]) do bodies[#bodies + 1] = line end
  for i = 1, #tokens do
    prefixes[i] = "POST " .. args[2]:gsub("%%s", subjects[i]) .. " HTTP/1.1\r\nhost: bench\r\n"
      .. "content-type: application/json\r\nauthorization: Bearer " .. tokens[i]
      .. "\r\nidempotency-key: "
  end
  at = number * 997 % #tokens
end

-- 48 bits of time in milliseconds, then a counter and chance.
local function uuid()
  counter = counter + 1
  local ms = os.time() * 1000 + counter % 1000
  local high = math.floor(ms / 2 ^ 16)
  return string.format("%08x-%04x-7%03x-8%03x-%s%s%s%s%s%s", high, ms % 2 ^ 16,
    counter % 4096, math.floor(counter / 4096) % 4096,
    hex[number % 256], hex[math.random(0, 255)], hex[math.random(0, 255)],
    hex[math.random(0, 255)], hex[math.random(0, 255)], hex[math.random(0, 255)])
end

function request()
  at = at % #prefixes + 1
  bodyAt = bodyAt % #bodies + 1
  local body = bodies[bodyAt]
  return prefixes[at] .. uuid() .. "\r\ncontent-length: " .. #body .. "\r\n\r\n" .. body
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"refused":%d,"broken":%d,"timedOut":%d,"p50":%d,"p90":%d,"p99":%d,"p999":%d,"max":%d}\n',
    summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write, errors.timeout,
    latency:percentile(50), latency:percentile(90), latency:percentile(99),
    latency:percentile(99.9), latency.max))
end
