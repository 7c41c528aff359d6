-- ARGV[3]: the length of a lease; ARGV[4]: that of settling, or 0; ARGV[5]: whether this node was known before (1) or not (0).
local is_alone = redis.call('ZCARD', NODES) == 0
if tonumber(ARGV[4]) > 0 and (is_alone or ARGV[5] == '1') then
    redis.call('SET', SETTLING, digits(now + tonumber(ARGV[4])))
end
redis.call('ZADD', NODES, digits(now + tonumber(ARGV[3])), me)
return 1
