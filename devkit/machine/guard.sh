# guard.sh TOKEN WITNESS PROGRAM ...: runs PROGRAM only where nothing of the machine is in sight any more. A service manager empties
# /tmp and ends processes: it must find its own alone. WITNESS is a folder that the machine has for certain, and this root has not.
set -eu
token=$1 witness=$2
shift 2
stop() {
  echo "guard: $1" >&2
  exit 91
}
cd /
[ "$(cat /marker 2>/dev/null)" = "$token" ] || stop 'this root is not the one that was made for it'
[ $$ = 1 ] || stop 'there are processes of the machine'
umount -R -l /.old || stop 'the root of the machine stays'
rmdir /.old || stop 'the root of the machine is not gone'
[ ! -e "$witness" ] || stop "$witness of the machine is in sight"
count=0
for process in /proc/[0-9]*; do count=$((count + 1)); done
[ "$count" -le 1 ] || stop "$count processes are in sight"
# umount(8) may have left its own notes.
for folder in /tmp /run /var/tmp; do [ -z "$(ls -A "$folder" | grep -v '^mount$')" ] || stop "$folder is not empty"; done
seen=' '
while read -r _ _ _ _ at _ rest; do
  case $rest in *shared:* | *master:*) stop "what is mounted on $at is shared with the machine" ;; esac
  type=${rest##*- }
  type=${type%% *}
  case "$at $type" in
    '/ '*) ;;
    '/proc proc' | '/proc/sys proc' | '/sys sysfs' | '/sys/fs/cgroup cgroup2' | '/dev/pts devpts') ;;
    '/run tmpfs' | '/tmp tmpfs' | '/var/tmp tmpfs' | '/dev tmpfs' | '/dev/shm tmpfs') ;;
    *) stop "$at is mounted, a $type" ;;
  esac
  seen="$seen$at "
done </proc/self/mountinfo
for at in /proc /proc/sys /sys /run /tmp /var/tmp /dev; do
  case $seen in *" $at "*) ;; *) stop "$at is not a mount of its own" ;; esac
done
without=-sys_module,-sys_rawio,-sys_time,-sys_boot,-syslog,-mknod,-linux_immutable
exec setpriv --bounding-set "$without" --inh-caps -all "$@"
