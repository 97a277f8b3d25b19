#!/bin/bash
# check-fresh-debian.sh - what a newcomer sees: a bare Debian 12 with only git and make, a clean
# clone of the committed tree, `make run` with its input from a pipe and on a terminal, `make test`.
# Needs root and debootstrap. Packages come from where this machine's apt gets its own.
#
# It runs in mount and process namespaces of its own: whatever ends it, no mount or process stays.
set -euo pipefail

die() {
    echo "check-fresh: $*" >&2
    exit 1
}
[ "$(id -u)" -eq 0 ] || die "needs root"
command -v debootstrap >/dev/null || die "missing debootstrap: apt-get install debootstrap"
source_tree=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
git -C "$source_tree" rev-parse --verify -q HEAD >/dev/null || die "nothing is committed yet"

# The second time round, inside the namespaces: $1 is the root to build.
if [ "${1-}" != --inside ]; then
    root=$(mktemp -d "${TMPDIR:-/tmp}/fresh-debian.XXXXXX")
    trap 'rm -rf --one-file-system "$root"' EXIT
    trap 'exit 1' HUP INT TERM
    unshare --mount --pid --fork --kill-child "$0" --inside "$root"
    exit
fi
root=$2

# Debian's own entries of this machine's apt: "URI SUITE COMPONENT" a line.
# shellcheck disable=SC2016 # apt fills these in
apt_lines() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' 'Origin: Debian' | grep -E ' bookworm([-/]|  *main| )' | sort -u
}
mirror=$(apt_lines | awk '$2 == "bookworm" { print $1; exit }')
[ -n "$mirror" ] || die "apt here knows no Debian 12 (bookworm) mirror: add one, apt-get update"

echo "==== bare Debian 12"
log=$(debootstrap --variant=minbase --include=git,make,ca-certificates bookworm "$root" "$mirror" 2>&1) ||
    die "debootstrap failed: $(tail -n 20 <<<"$log")"
apt_lines | sed 's/^/deb /' >"$root/etc/apt/sources.list"
apt-config dump | grep -iE '^Acquire::(https?|ftp|Check-)' >"$root/etc/apt/apt.conf.d/99host" || true
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"

mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755 dev "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm"
for node in null zero full random urandom tty; do
    touch "$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for n in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${n%:*}" "$root/dev/${n#*:}"; done

git clone -q --no-hardlinks "$source_tree" "$root/srv/taskmaster"

inside() { # a clean environment: nothing of this machine's helps
    chroot "$root" /usr/bin/env -i HOME=/root TERM=xterm PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        /bin/sh -c "cd /srv/taskmaster && $1"
}
inside '! command -v gcc && ! command -v python3' || die "the bare system is not bare"

echo "==== make run, commands from a pipe"
inside "printf 'status\nexit\n' | make run"
echo "==== make run, on a terminal"
inside "printf 'status\nexit\n' | script -qec 'make run' /dev/null"
echo "==== make test"
inside 'make test </dev/null'
inside '! pgrep -x nginx' || die "an nginx runs"
[ ! -e "$root/usr/sbin/policy-rc.d" ] || die "policy-rc.d was left behind"
dirt=$(inside 'git status --porcelain')
[ -z "$dirt" ] || die "the tree is not clean afterwards: $dirt"
echo "==== check-fresh: ok"
