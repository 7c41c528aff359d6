-- ARGV[3]: the length of the grace; ARGV[4]: whether each is to have a version of its own; then the users.
if not is_known() then return false end
local grace, touched, found, leases = tonumber(ARGV[3]), ARGV[4] == '1', {}, {}
local absent = is_settling() and '?' or '-'

-- Until its grace is over, a node that says nothing any more counts as it last did.
local function is_over(node)
    if leases[node] == nil then
        leases[node] = tonumber(redis.call('ZSCORE', NODES, node) or '0')
    end
    return leases[node] + grace <= now
end

for index = 5, #ARGV do
    local person = load(ARGV[index])
    local is_there = person.count == 0 and person.left and person.left + grace > now
    for node in pairs(person.nodes) do
        if not is_over(node) then is_there = true end
    end
    if not (person.shown and is_there) then
        found[#found + 1] = standing(person.user, absent, nil, now)
    elseif touched then
        found[#found + 1] = turn(person, person.shown)
    else
        found[#found + 1] = standing(person.user, person.shown, nil, person.version)
    end
end
return found
