-- ARGV[3]: the length of a lease; ARGV[4]: how old it is when it is renewed; ARGV[5]: the length of the grace; ARGV[6]: how many
-- people at once. Answers the changes, whether absence says nothing yet, and whether there is more to do.
if not is_known() then return false end
local lease, renewal, grace, batch = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
if tonumber(redis.call('ZSCORE', NODES, me)) - now <= lease - renewal then
    redis.call('ZADD', NODES, digits(now + lease), me)
end
local changes, settling, more = {}, is_settling(), 0

local dead = redis.call('ZRANGEBYSCORE', NODES, '-inf', digits(now), 'WITHSCORES', 'LIMIT', 0, 1)
if dead[1] then
    local node, left = dead[1], tonumber(dead[2])
    local users = redis.call('SPOP', node_key(node), batch)
    for _, user in ipairs(users) do
        local person = load(user)
        without(person, node)
        local change = part(person, left, grace)
        if change then changes[#changes + 1] = change end
    end
    if #users < batch then redis.call('ZREM', NODES, node) end
    more = 1
end

if not settling then
    local due = redis.call('ZRANGEBYSCORE', LEAVING, '-inf', digits(now), 'LIMIT', 0, batch)
    for _, user in ipairs(due) do
        local change = finish(load(user))
        if change then changes[#changes + 1] = change end
    end
    if #due == batch then more = 1 end
end
return { changes, settling and 1 or 0, more }
