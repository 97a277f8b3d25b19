#!/bin/sh
# install-deps.sh GROUP... - installs the Debian packages that a group of make targets needs.
# When nothing is missing it only asks dpkg, so it takes milliseconds and needs neither the network
# nor root.
# shellcheck disable=SC2086 # $wanted and $missing are lists of words
set -eu

groups='build test chaos valgrind fuzz model faults lint coverage bench' # and all

say() { printf 'install-deps: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

packages_of() { # one package a line, why it is needed behind the #
    case $1 in
    build) cat <<'LIST' ;;
gcc                   # the compiler; brings the address, undefined and thread sanitizers
libc6-dev             # C library headers; only recommended by gcc
libyaml-dev           # the configuration files
libreadline-dev       # the shell: line editing, history, completion
libcjson-dev          # JSON output
uthash-dev            # lookups by name
LIST
    test) cat <<'LIST' ;;
libcriterion-dev      # unit tests
python3               # flow tests are written in it
python3-pytest        # ... with this runner
python3-pytest-xdist  # ... several at a time
python3-pexpect       # ... that drive the shell on a pseudo-terminal
python3-pyte          # ... and look at its screen
python3-yaml          # ... and write configurations
nginx-light           # a real server to supervise; only its program, never its service
procps                # ps and pgrep: is anything left over?
LIST
    chaos) cat <<'LIST' ;;
python3               # the driver
libfaketime           # the wall clock of some lives
LIST
    valgrind) cat <<'LIST' ;;
valgrind              # make valgrind
LIST
    fuzz) cat <<'LIST' ;;
clang                 # make fuzz (libFuzzer) and the build with a second compiler
libclang-rt-dev       # clang's sanitizer and fuzzer runtimes
LIST
    model) cat <<'LIST' ;;
spin                  # make model
gcc                   # ... compiles what spin makes of a model
LIST
    faults) cat <<'LIST' ;;
python3               # make faults
python3-yaml          # ... writes configurations
binutils              # addr2line: where in the source a call is
LIST
    lint) cat <<'LIST' ;;
binutils              # readelf, for scripts/check-hardening
clang                 # headers that clang-tidy needs
clang-format          # layout
clang-tidy            # bug patterns
cppcheck              # more bug patterns
python3               # scripts/check-style and scripts/check-layers
shellcheck            # the scripts themselves
universal-ctags       # function lengths
LIST
    coverage) cat <<'LIST' ;;
gcovr                 # make coverage
LIST
    bench) cat <<'LIST' ;;
gnuplot-nox           # the curves
procps                # ps, to look at what is measured
python3               # make bench is written in it
runit                 # another supervisor to measure beside ours
s6                    # another one
supervisor            # and another one
LIST
    all) for group in $groups; do packages_of "$group"; done ;;
    *) die "unknown group '$1' ($groups all)" ;;
    esac
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# No package that comes in here may start a service. An administrator's own policy stays as it is.
policy=/usr/sbin/policy-rc.d
forbid_services() {
    if [ -e "$policy" ]; then return; fi
    trap 'as_root rm -f "$policy"' EXIT
    trap 'exit 1' HUP INT TERM
    # shellcheck disable=SC2016 # $1 is the inner shell's
    as_root sh -c 'printf "#!/bin/sh\nexit 101\n" >"$1" && chmod 755 "$1"' sh "$policy"
}

apt() { # stdin is the caller's: the shell that `make run` starts reads it
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" </dev/null >&2
}

[ $# -gt 0 ] || die "which groups? ($groups all)"
wanted=
for group in "$@"; do
    list=$(packages_of "$group") || exit 1
    wanted="$wanted $(printf '%s\n' "$list" | sed 's/ *#.*//')"
done

command -v apt-get >/dev/null ||
    die "no apt-get here: install what $0 lists yourself, then make INSTALL_DEPS=: ..."
missing=
installed=" $(dpkg-query -W -f '${db:Status-Status}:${Package} ' $wanted 2>/dev/null || true)"
for package in $wanted; do
    case $installed in *" installed:$package "*) ;; *) missing="$missing $package" ;; esac
done
[ -n "$missing" ] || exit 0

# sudo may ask for a password, but only somebody who is there.
if [ "$(id -u)" -ne 0 ] && ! sudo -n true 2>/dev/null; then
    { [ -t 2 ] && command -v sudo >/dev/null; } || die "needs root or sudo to install$missing"
fi
say "installing$missing"
case "$missing " in *nginx-light*) had_nginx=no ;; *) had_nginx=yes ;; esac
forbid_services
apt update
apt install -y --no-install-recommends $missing
# ... nor start it at the next boot.
if [ "$had_nginx" = no ] && command -v systemctl >/dev/null; then
    as_root systemctl -q disable nginx 2>/dev/null || say "note: the nginx service is enabled"
fi
