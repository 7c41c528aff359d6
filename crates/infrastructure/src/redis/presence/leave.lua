if not is_known() then return false end
redis.call('ZADD', NODES, digits(now), me)
return 1
