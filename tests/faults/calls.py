"""Which calls can fail, and how: what inject.h calls an action. And how a fault is written down:
NAME[@SITE]:ACTION:NTH[:COUNT], with the action by its name ("open@1a2b:EMFILE:1"; COUNT 0: for
ever)."""
import errno
import os
import struct

SPECIAL = {"SHORT": 1001, "LATE": 1002, "NOTHING": 1003}
FILES = "EMFILE ENFILE ENOMEM EIO EACCES ENOSPC"
BYTES_IN = "EIO EINTR EAGAIN SHORT"
BYTES_OUT = "EIO ENOSPC EINTR EAGAIN SHORT EPIPE"
SOCKET = "EINVAL ENOMEM ENOBUFS"
PATH = "EIO ENOSPC EACCES ENOMEM"

# Only what can happen to taskmaster: it polls before it accepts, never waits in a read, and so on.
# A close that fails has closed.
ACTIONS = {name: text.split() for names, text in {
    "accept4": "EMFILE ENFILE ENOMEM EAGAIN ECONNABORTED EINTR",
    "bind": "EADDRINUSE EACCES ENOMEM ENOSPC",
    "chmod fchmod fchmodat fchown lchown raw_fchownat": "EPERM EIO",
    "close": "EIO EINTR ENOSPC",
    "close_range raw_close_range": "ENOMEM EMFILE",
    "connect": "EAGAIN EINTR ECONNREFUSED",
    "dup2 dup3 raw_dup3": "EMFILE",
    "epoll_create1 eventfd inotify_init1 signalfd pipe2 socket": "EMFILE ENFILE ENOMEM",
    "epoll_ctl": "ENOMEM ENOSPC",
    "epoll_wait": "EINTR LATE",
    "eventfd_read": "EAGAIN",
    "eventfd_write": "LATE",
    "fcntl": "EMFILE",
    "raw_fcntl": "EMFILE",
    "fdopen": "ENOMEM",
    "flock": "ENOLCK EINTR",
    "fopen": "EMFILE ENOMEM EACCES",
    "fork": "EAGAIN ENOMEM",
    "fstat stat lstat raw_fstat raw_fstatfs": "EIO ENOMEM EACCES",
    "ftruncate": "EIO ENOSPC",
    "getpeername getsockname getsockopt": "ENOBUFS",
    "getrandom": "ENOSYS EINTR",
    "inotify_add_watch": "ENOSPC ENOMEM",
    "kill pidfd_send_signal raw_pidfd_send_signal": "EPERM LATE",
    "listen setsockopt": "ENOBUFS",
    "mkdir raw_mkdirat": PATH,
    "mmap": "ENOMEM",
    "open raw_openat": FILES + " EINTR",
    "opendir": "EMFILE ENOMEM EACCES",
    "pidfd_open": "EMFILE ENFILE ENOMEM",
    "poll": "EINTR ENOMEM LATE",
    "pread read": BYTES_IN,
    "recv": "EINTR EAGAIN SHORT",
    "recvmsg": "EINTR EAGAIN ENOMEM",
    "pthread_cond_timedwait": "NOTHING LATE",
    "pthread_create": "EAGAIN LATE",
    "pwrite write": BYTES_OUT,
    "raw_write": "EIO ENOSPC",
    "readlink raw_readlinkat": "EACCES EIO ENOMEM",
    "realpath": "ENOMEM EACCES EIO",
    "rename rmdir unlink": "EIO EACCES EPERM ENOSPC",
    "send sendto": "EAGAIN EINTR EPIPE SHORT",
    "setrlimit raw_prlimit64 prlimit": "EPERM",
    "sigtimedwait": "EINTR EAGAIN",
    "waitid waitpid": "EINTR LATE",
    "__clone": "EAGAIN ENOMEM LATE",
    "malloc calloc realloc": "ENOMEM",
    "raw_chdir": "EACCES EIO ENOMEM",
    "raw_execve": "ENOMEM EAGAIN EACCES EIO EMFILE ETXTBSY LATE",
    "raw_setgroups raw_setresgid raw_setresuid raw_setpriority": "EPERM EAGAIN",
}.items() for name in names.split()}
ACTIONS = {name: [a for a in actions if a != "SHORT" or name != "sendto"]
           for name, actions in ACTIONS.items()}
# Calls that a library makes which does not survive it: those of glibc's name service. By the
# function of ours that called it.
FRAGILE = {"look_up": ("malloc", "calloc", "realloc")}
SITES, FIRED, NAME_BYTES, NAMES = 4096, 64, 24, 160


def number_of(action):
    return SPECIAL.get(action) or getattr(errno, action)


def reason_of(action):
    """What the program would say of it; None: nothing has failed."""
    return None if action in SPECIAL else os.strerror(number_of(action))


def actions_of(text):
    return [rule.split(":")[1] for rule in text.split(",")]


def environment_of(fault):
    """The variables that make inject.c do it. "random:SEED:PER_MILLION" is a fault as well."""
    if not fault:
        return {}
    if fault.startswith("random:"):
        _, seed, per_million = fault.split(":")
        table = ";".join(f"{name}=" + ",".join(str(number_of(a)) for a in actions[:7])
                         for name, actions in ACTIONS.items() if name not in ("prlimit",))
        return {"FAULT_RANDOM": f"{seed}:{per_million}:{table}"}
    rules = []
    for rule in fault.split(","):
        name, action, *rest = rule.split(":")
        rules.append(":".join([name, str(number_of(action)), *rest]))
    return {"FAULT": ",".join(rules)}


class Report:
    """struct fault_report."""

    def __init__(self, path):
        self.sites = {}  # (name, site) -> how often
        self.fired = []  # (name, site, action's number, nth)
        try:
            data = path.read_bytes()
        except OSError:
            return
        at = NAMES * NAME_BYTES
        names = [data[i * NAME_BYTES:(i + 1) * NAME_BYTES].rstrip(b"\0").decode()
                 for i in range(NAMES)]
        for key, count in struct.iter_unpack("QQ", data[at:at + 16 * SITES]):
            if key:
                self.sites[names[(key >> 48) - 1], key & (1 << 48) - 1] = count
        at += 16 * SITES
        count, = struct.unpack_from("Q", data, at)
        for i in range(min(count, FIRED)):
            call, site, action, nth = struct.unpack_from("QQQQ", data, at + 8 + 32 * i)
            self.fired.append((names[call], site, action, nth))
