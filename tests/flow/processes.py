"""What /proc says about processes."""
import os
import signal
from pathlib import Path


class Process:
    def __init__(self, pid):
        self.pid = int(pid)

    def __repr__(self):
        try:
            command = Path(f"/proc/{self.pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            command = "gone"
        return f"<{self.pid} {self.state} {command}>"

    def _stat(self):
        """The fields of /proc/PID/stat from the third on; None when there is no such process."""
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None

    @property
    def state(self):
        """R, S, T, Z ..., or None when it is gone."""
        stat = self._stat()
        return stat[0] if stat else None

    @property
    def parent(self):
        stat = self._stat()
        return int(stat[1]) if stat else None

    @property
    def group(self):
        stat = self._stat()
        return int(stat[2]) if stat else None

    def alive(self):
        return self.state not in (None, "Z", "X")

    def environ(self):
        try:
            return Path(f"/proc/{self.pid}/environ").read_bytes().split(b"\0")
        except OSError:
            return []

    def children(self):
        return [process for process in everyone() if process.parent == self.pid]

    def threads(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def kill(self, signo=signal.SIGKILL):
        try:
            os.kill(self.pid, signo)
        except ProcessLookupError:
            pass


def everyone():
    return [Process(name) for name in os.listdir("/proc") if name.isdigit()]


def marked(variable):
    """All processes that have "NAME=VALUE" in their environment."""
    return [process for process in everyone()
            if process.pid != os.getpid() and variable.encode() in process.environ()]


def adopted():
    """Our own children, zombies too."""
    return Process(os.getpid()).children()


def reap(processes):
    for process in processes:
        if process.state == "Z":
            try:
                os.waitpid(process.pid, os.WNOHANG)
            except ChildProcessError:
                pass
