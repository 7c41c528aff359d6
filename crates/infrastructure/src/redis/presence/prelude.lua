-- What all scripts of presence share. KEYS[1] is the prefix of every key. ARGV[1] is the time in microseconds, 0 for the server's
-- own; ARGV[2] names the node that calls.
--
--   nodes         zset   node -> when its lease runs out
--   node:<node>   set    the users that the node has
--   user:<user>   hash   n:<node> -> a (at a device) or i (away); h: whether hidden; s: what is shown, if anything;
--                        v: the version; l: when the last connection ended
--   leaving       zset   user -> when the grace is over
--   settling      string until when absence says nothing
--
-- Nothing expires by itself: what a dead node leaves is cleared away by the ticks of the others. Nothing is kept of who is offline.
local NODES, LEAVING, SETTLING = KEYS[1] .. 'nodes', KEYS[1] .. 'leaving', KEYS[1] .. 'settling'
local now, me = tonumber(ARGV[1]), ARGV[2]
if now == 0 then
    local time = redis.call('TIME')
    now = time[1] * 1000000 + time[2]
end

local function person_key(user) return KEYS[1] .. 'user:' .. user end
local function node_key(node) return KEYS[1] .. 'node:' .. node end

-- Numbers of this size lose digits when Lua turns them into text by itself.
local function digits(number) return string.format('%.0f', number) end

local function is_known()
    local lease = redis.call('ZSCORE', NODES, me)
    return lease and tonumber(lease) > now
end

local function is_settling()
    return now < tonumber(redis.call('GET', SETTLING) or '0')
end

local function load(user)
    local flat = redis.call('HGETALL', person_key(user))
    local person = { user = user, nodes = {}, count = 0, exists = #flat > 0, version = 0 }
    for index = 1, #flat, 2 do
        local field, value = flat[index], flat[index + 1]
        if field == 'h' then person.hidden = value == '1'
        elseif field == 's' then person.shown = value
        elseif field == 'v' then person.version = tonumber(value)
        elseif field == 'l' then person.left = tonumber(value)
        else
            person.nodes[string.sub(field, 3)] = value
            person.count = person.count + 1
        end
    end
    return person
end

local function without(person, node)
    if person.nodes[node] then
        redis.call('HDEL', person_key(person.user), 'n:' .. node)
        redis.call('SREM', node_key(node), person.user)
        person.nodes[node] = nil
        person.count = person.count - 1
    end
end

local function standing(user, shown, left, version)
    return { user, shown or '-', left and digits(left) or '0', digits(version) }
end

-- Shows a person as something else, under the next version.
local function turn(person, shown)
    person.version = math.max(now, person.version + 1)
    person.shown = shown
    redis.call('HSET', person_key(person.user), 'v', digits(person.version))
    if shown then
        redis.call('HSET', person_key(person.user), 's', shown)
    else
        redis.call('HDEL', person_key(person.user), 's')
    end
    return standing(person.user, shown, nil, person.version)
end

-- Shows what the nodes say together, if that is something new and is to be seen.
local function sum_up(person)
    if person.hidden or person.count == 0 then return nil end
    local shown = 'i'
    for _, here in pairs(person.nodes) do
        if here == 'a' then shown = 'a' end
    end
    if shown ~= person.shown then return turn(person, shown) end
end

-- A node has lost a person: if it was the last one, the grace begins, unless it has begun before.
local function part(person, left, grace)
    if person.count > 0 then return sum_up(person) end
    redis.call('HSETNX', person_key(person.user), 'l', digits(left))
    person.left = person.left or left
    redis.call('ZADD', LEAVING, 'NX', digits(left + grace), person.user)
end

-- The grace of a person is over.
local function finish(person)
    redis.call('ZREM', LEAVING, person.user)
    redis.call('DEL', person_key(person.user))
    if person.shown then
        return standing(person.user, nil, person.left, math.max(now, person.version + 1))
    end
end

