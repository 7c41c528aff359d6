-- ARGV[3]: the length of the grace; then, for each report: the user, what is the case (a, i, g for gone, o for signed out), and
-- whether the person is hidden.
if not is_known() then return false end
local grace, told = tonumber(ARGV[3]), {}
for index = 4, #ARGV, 3 do
    local user, here, hidden = ARGV[index], ARGV[index + 1], ARGV[index + 2]
    local person = load(user)
    local change
    if here == 'a' or here == 'i' then
        if not person.exists then
            redis.call('HSET', person_key(user), 'h', hidden)
            person.hidden = hidden == '1'
        end
        redis.call('ZREM', LEAVING, user)
        redis.call('HDEL', person_key(user), 'l')
        if not person.nodes[me] then person.count = person.count + 1 end
        person.nodes[me] = here
        redis.call('HSET', person_key(user), 'n:' .. me, here)
        redis.call('SADD', node_key(me), user)
        change = sum_up(person)
    elseif person.exists and (here == 'o' or person.nodes[me]) then
        without(person, me)
        change = part(person, now, grace)
        if here == 'o' and person.count == 0 then change = finish(person) end
    end
    if change then told[#told + 1] = change end
end
return told
