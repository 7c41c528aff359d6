-- ARGV[3]: the length of the grace; ARGV[4]: the user; ARGV[5]: whether hidden.
if not is_known() then return false end
local person = load(ARGV[4])
person.hidden = ARGV[5] == '1'
redis.call('HSET', person_key(person.user), 'h', ARGV[5])
-- Who is not there may just be coming, with a node that does not know yet what is said here; it is kept for that long.
if person.count == 0 then
    redis.call('ZADD', LEAVING, 'NX', digits(now + tonumber(ARGV[3])), person.user)
end
if not person.hidden then
    local change = sum_up(person)
    return change and { change } or {}
end
if not person.shown then return {} end
local gone = turn(person, nil)
gone[3] = digits(now)
return { gone }
