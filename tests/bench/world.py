"""The processes of the bench: starting them, looking at them, and leaving none.

The bench is a child subreaper, so all that it started, and what that started, ends as its child: when
it has no child left, nothing is left. Every supervisor is told to end when the bench dies."""
import ctypes
import os
import resource
import signal
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
TICK = 0.05
libc = ctypes.CDLL(None, use_errno=True)


class TookTooLong(Exception):
    """What was waited for did not come in time."""


class Broken(Exception):
    """A contender did not do what it is there for."""


def become_subreaper():
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # the same for all: supervisord needs it


def now_ns():
    return time.monotonic_ns()


def spawn(command, output, board=None, environment=None, death_signal=signal.SIGTERM, cwd=None):
    """Starts a command in a session of its own, what it prints to the file `output`. Returns its pid.
    On `board` is then noted when its exec began."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        null = os.open("/dev/null", os.O_RDONLY)
        file = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        for fd, to in ((null, 0), (file, 1), (file, 2)):
            os.dup2(fd, to)
        if cwd:
            os.chdir(cwd)
        if board:
            board.note_exec()
        os.execvpe(command[0], command, {**os.environ, **(environment or {})})
    finally:
        os._exit(127)


def run(command, output):
    """Runs a command to its end. Returns (seconds, exit code)."""
    file = os.open(output, os.O_WRONLY | os.O_TRUNC | os.O_CREAT | os.O_CLOEXEC, 0o666)
    began = now_ns()
    pid = os.posix_spawnp(command[0], command, os.environ, setsigmask=[],
                          file_actions=[(os.POSIX_SPAWN_DUP2, file, 1)])
    status = os.waitpid(pid, 0)[1]
    seconds = (now_ns() - began) / 1e9
    os.close(file)
    return seconds, os.waitstatus_to_exitcode(status)


def wait_gone(seconds):
    """Waits until the bench has no child left. Returns whether that came to be."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            pid = os.waitpid(-1, os.WNOHANG)[0]
        except ChildProcessError:
            return True
        left = deadline - time.monotonic()
        if pid == 0 and (left <= 0 or not signal.sigtimedwait({signal.SIGCHLD}, left)):
            return False


def parents():
    """Of every process: its parent."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="latin-1") as file:
                    found[int(name)] = int(file.read().rpartition(")")[2].split()[1])
            except OSError:
                pass
    return found


def descendants(root):
    """The pids of root and of all below it."""
    below = {}
    for pid, parent in parents().items():
        below.setdefault(parent, []).append(pid)
    found = [root]
    for pid in found:
        found.extend(below.get(pid, ()))
    return found


def kill_all():
    """Kills whatever is left of what the bench has started."""
    while not wait_gone(0):
        for pid in descendants(os.getpid())[1:]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait_gone(TICK)


# ---- looking at supervisors: `pids` are all the processes of one --------------------------------------

def field_sum(pids, file, key):
    """The sum of the numbers behind `key` in that file of /proc, over all pids."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/{file}", encoding="latin-1") as lines:
            total += sum(int(line.split()[1]) for line in lines if line.startswith(key))
    return total


def pss_kib(pids):
    return field_sum(pids, "smaps_rollup", "Pss:")


def threads(pids):
    return field_sum(pids, "status", "Threads:")


def descriptors(pids):
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)


def cpu_ns(pids):
    """Processor time of these processes, all threads, those that have ended too: their CPU clocks."""
    return sum(time.clock_gettime_ns((~pid << 3) | 2) for pid in pids)


def switches(pids):
    """Context switches of all threads of these processes."""
    total = 0
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            for key in ("voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:"):
                total += field_sum([f"{pid}/task/{thread}"], "status", key)
    return total
