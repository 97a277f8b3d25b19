"""The processes of a run, as /proc has them. They are known by a variable in their environment, or
because they are children of the supervisor; what is known once is not read again."""
import os
from typing import NamedTuple

MARK = "TASKMASTER_CHAOS"


class Proc(NamedTuple):
    pid: int
    parent: int
    session: int
    state: str
    start: int      # with the pid, who it is
    name: str       # "actor": a task's main process; "kin": what it has made
    task: str       # "" where its environment does not say
    instance: int

    def __str__(self):
        return (f"{self.pid} {self.state} {self.name}, of {self.task or '?'}.{self.instance}, "
                f"child of {self.parent}")

    @property
    def identity(self):
        return self.pid, self.start

    @property
    def is_main(self):
        """A task's main process. Its kin have a name of their own as soon as they run, which they
        may not have done when it dies; but they never lead the session they were born in."""
        return self.name == "actor" and self.session == self.pid

    @property
    def of(self):
        return self.task, self.instance


def read_stat(pid):
    """(parent, session, state, start, name), or None when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read().decode(errors="replace")
    except OSError:
        return None
    name, _, rest = text.partition("(")[2].rpartition(")")
    fields = rest.split()
    return int(fields[1]), int(fields[3]), fields[0], int(fields[19]), name


class Census:
    """Looks at all processes. `mark` is this run's."""

    def __init__(self, mark):
        self.mark = f"{MARK}={mark}".encode()
        self.ignored = set()  # children of ours that are none of the run
        self.known = {}  # identity -> (task, instance), or None for one that is none of ours

    def _environment(self, pid):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                return file.read().split(b"\0")
        except OSError:
            return []

    def _whose(self, pid, start):
        if (pid, start) in self.known:
            return self.known[pid, start]
        variables = self._environment(pid)
        whose = None
        if self.mark in variables:
            pairs = dict(v.decode(errors="replace").split("=", 1) for v in variables if b"=" in v)
            whose = (pairs.get("TASKMASTER_TASK", ""), int(pairs.get("TASKMASTER_INSTANCE", 0)))
        if variables and (whose is None or whose[0]):
            self.known[pid, start] = whose  # before its exec, it is in its parent's environment
        return whose

    def take(self, supervisor=None):
        """All processes of the run but the supervisor and ourselves: those with its mark, and the
        children of both."""
        found, seen = [], {}
        parents = {os.getpid(), supervisor or os.getpid()}
        for name in os.listdir("/proc"):
            if not name.isdigit() or int(name) in (supervisor, os.getpid()):
                continue
            pid, stat = int(name), read_stat(name)
            if not stat or pid in self.ignored:
                continue
            parent, session, state, start, comm = stat
            whose = self._whose(pid, start)
            if (pid, start) in self.known:
                seen[pid, start] = whose
            if whose is not None or parent in parents:
                found.append(Proc(pid, parent, session, state, start, comm, *(whose or ("", 0))))
        self.known = seen
        return found
