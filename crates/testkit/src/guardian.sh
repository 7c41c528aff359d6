# Reads lines until its input ends, which is when the process that wrote them is gone, and then ends what that process
# left: it kills the process groups that are still watched, and removes the shared memory segments that are still kept.
#   watch GROUP   forget GROUP   keep SEGMENT   release SEGMENT
groups=' '
segments=' '
while read -r verb id; do
  case $verb in
    watch) groups="$groups$id " ;;
    forget) groups="${groups%% "$id" *} ${groups#* "$id" }" ;;
    keep) segments="$segments$id " ;;
    release) segments="${segments%% "$id" *} ${segments#* "$id" }" ;;
  esac
done
for group in $groups; do
  kill -s KILL -- "-$group"
done
for segment in $segments; do
  ipcrm -m "$segment"
done
