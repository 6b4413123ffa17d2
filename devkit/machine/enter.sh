# enter.sh ROOT TOKEN WITNESS PROGRAM ...: as the first process of new namespaces. ROOT becomes /, with everything that is mounted
# below it made here; the root of the machine is put aside, and guard.sh drops it before PROGRAM runs.
set -eu
root=$1 token=$2 witness=$3
shift 3
[ $$ = 1 ] || { echo 'enter: not in a process namespace of its own' >&2; exit 90; }
mount --make-rprivate /
mount --bind "$root" "$root"
printf %s "$token" >"$root/marker"
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
for folder in run tmp var/tmp dev; do mount -t tmpfs -o mode=0755 tmpfs "$root/$folder"; done
chmod 1777 "$root/tmp" "$root/var/tmp"
device() { mknod -m 666 "$root/dev/$1" c "$2" "$3"; }
device null 1 3
device zero 1 5
device full 1 7
device random 1 8
device urandom 1 9
device tty 5 0
mkdir "$root/dev/pts" "$root/dev/shm" "$root/.old"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
mount -t tmpfs tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
cd "$root"
pivot_root . .old
exec chroot . /bin/sh /guard.sh "$token" "$witness" "$@"
