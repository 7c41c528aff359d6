# Reads "watch GROUP" and "forget GROUP" lines until its input ends, which is when the process that wrote them is gone;
# then kills every process group that is still watched.
groups=' '
while read -r verb group; do
  case $verb in
    watch) groups="$groups$group " ;;
    forget) groups="${groups%% "$group" *} ${groups#* "$group" }" ;;
  esac
done
for group in $groups; do
  kill -s KILL -- "-$group"
done
