-- KEYS[1]: the prefix. ARGV: then, for each person and action that was let through: the name of its key, and how long one takes to be
-- forgotten, in microseconds. Answers for each how much is owed now, in microseconds.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local owed = {}
for index = 1, #ARGV, 2 do
    local key, period = KEYS[1] .. ARGV[index], tonumber(ARGV[index + 1])
    local recovered = math.max(now, tonumber(redis.call('GET', key) or '0')) + period
    redis.call('SET', key, string.format('%.0f', recovered), 'PX', math.ceil((recovered - now) / 1000))
    owed[#owed + 1] = recovered - now
end
return owed
