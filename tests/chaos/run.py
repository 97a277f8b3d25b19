"""A run: its directory, what is configured in it, what has happened in it, and what can be done here
(a small disk, a false clock, another user)."""
import collections
import ctypes
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import life as lives
import tasks as config
from procs import Census

ROOT = Path(__file__).resolve().parents[2]
PR_SET_CHILD_SUBREAPER = 36
DISK_BYTES = 512 << 10
FAKETIME = ("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
            "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
            "/usr/lib/faketime/libfaketimeMT.so.1")


class Clock:
    """The wall clock of some lives."""

    def __init__(self, run):
        self.file = run.path("clock")
        library = next((path for path in FAKETIME if os.path.exists(path)), None)
        self.why_not = None
        if lives.VARIANT not in ("release", "clang", "cov"):
            self.why_not = "not together with a sanitizer or valgrind"
        elif not library:
            self.why_not = "libfaketime is not installed"
        self.env = {"LD_PRELOAD": library or "", "FAKETIME_TIMESTAMP_FILE": str(self.file),
                    "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_NO_CACHE": "1",
                    "FAKETIME_FORCE_MONOTONIC_FIX": "0"}  # which has waits end at once
        self.set(0)

    def set(self, seconds):
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}\n")
        fresh.rename(self.file)

    @staticmethod
    def forget(pid):
        """What the library leaves of a process that did not end by exit()."""
        for name in ("faketime_shm", "sem.faketime_sem"):
            Path(f"/dev/shm/{name}_{pid}").unlink(missing_ok=True)


class Disk:
    """A small disk, where we may mount one. Elsewhere files of the supervisor may not become large,
    which hits all of its logs."""

    def __init__(self, run):
        self.run = run
        self.path = run.path("disk")
        self.path.mkdir()
        mounted = os.environ.get("CHAOS_OWN_MOUNTS") and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=755", "none", str(self.path)],
            check=False, capture_output=True).returncode == 0
        self.small = bool(mounted)

    def fill(self, pid):
        if self.small:
            try:
                with open(self.path / "ballast", "ab", buffering=0) as file:
                    while file.write(bytes(4096)):
                        pass
            except OSError:
                pass
        else:
            self.run.losses = True
            limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (12 << 10, limits[1]))

    def free(self, pid):
        if self.small:
            (self.path / "ballast").unlink(missing_ok=True)
        else:
            limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (limits[1], limits[1]))

    def has_room(self):
        free = os.statvfs(self.path)
        return free.f_bavail * free.f_frsize > DISK_BYTES // 4

    def end(self):
        if self.small:
            subprocess.run(["umount", "-l", str(self.path)], check=False)


class Run:
    def __init__(self, seed, keep):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # what is left falls to us
        self.seed, self.keep = seed, keep
        self.directory = Path(tempfile.mkdtemp(prefix="taskmaster-chaos."))
        self.directory.chmod(0o711)
        self.path("state").mkdir(mode=0o777)
        self.path("kept").mkdir()
        self.socket, self.config = self.path("s.sock"), self.path("config.yaml")
        self.pid_file = self.path("pid")
        self.command = lives.command()
        self.census = Census(self.directory)
        self.clock, self.disk = Clock(self), Disk(self)
        self.first = config.base(self.path("state"), self.disk.path, helper())
        self.tasks = self.first
        self.supervisor = {}    # keys of it, beyond what every run has
        self.number = 0         # of the life
        self.life = None
        self.helpers = []       # our own children, which are none of the supervisor's
        self.calls = []         # commands under way
        self.guests = []        # connections that do not behave: (step at which they go, socket)
        self.removed = []       # logs that were removed: what they were called, still open
        self.steps = []         # what was done, as text
        self.counts = collections.Counter()
        self.checks = collections.Counter()
        self.killed = set()     # supervisors that got SIGKILL since the logs were last checked
        self.losses = False     # any log may have lost something since then
        self.logs = []          # of supervisors since then
        self.verified = {}      # how many rows of each instance are done with

    def path(self, name):
        return self.directory / name

    def count(self, check, times=1):
        self.checks[check] += times

    def trace(self):
        """What this life's supervisor records of its decisions."""
        return self.path(f"trace.{self.number}")

    # ---- the configuration ----

    def write_text(self, text):
        fresh = self.path("config.new")
        fresh.write_bytes(text.encode("utf-8", "surrogateescape"))
        fresh.rename(self.config)

    def config_text(self):
        supervisor = {"logFile": str(self.path(f"taskmaster.{self.number}.log")),
                      "pidFile": str(self.pid_file), "trace": str(self.trace()), **self.supervisor}
        return config.text(self.tasks, supervisor)

    def write_config(self):
        self.write_text(self.config_text())

    # ---- our children ----

    def own_children(self):
        return {self.life.pid, self.life.process.pid} if self.life else set()

    def help(self, command, times):
        """Has something else run, if nothing else does."""
        self.helpers = [process for process in self.helpers if process.poll() is None]
        if not self.helpers:
            self.helpers = [subprocess.Popen(command) for _ in range(times)]
        self.census.ignored = {process.pid for process in self.helpers}

    def reap(self):
        """What was left by a supervisor that was killed fell to us."""
        own = self.own_children()
        for p in self.census.take():
            if p.parent == os.getpid() and p.state == "Z" and p.pid not in own:
                try:
                    os.waitpid(p.pid, os.WNOHANG)
                except ChildProcessError:
                    pass

    def ending(self):
        return self.life is None or self.life.ending

    # ---- logs ----

    def log_files(self):
        """Name and path of every file in which lines may be, those that were removed too."""
        found = [(str(path), path) for directory in [*self.directory.glob("logs*"), self.disk.path]
                 for path in directory.rglob("*.log*") if path.is_file()]
        return found + [(name, f"/proc/self/fd/{file.fileno()}") for name, file in self.removed]

    def losses_told(self):
        return any("bytes dropped so far" in text or "bytes were dropped" in text
                   for text in (log.log_text() for log in self.logs))

    def forget_logs(self):
        """They were checked."""
        for directory in self.directory.glob("logs*"):
            shutil.rmtree(directory)
        for path in self.disk.path.iterdir():
            path.unlink()
        for _name, file in self.removed:
            file.close()
        self.removed, self.logs = [], []
        self.killed.clear()
        self.losses = False

    # ---- the end ----

    def kill_all(self):
        """Ours, and what is left of a supervisor, by pids that we have just seen."""
        for process in self.helpers:
            process.kill()
            process.wait()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if self.life and self.life.pid and self.life.alive():
                self.life.signal(9)
            left = self.census.take()
            for p in left:
                if p.state != "Z":
                    try:
                        os.kill(p.pid, 9)
                    except ProcessLookupError:
                        pass
                elif p.parent == os.getpid():
                    os.waitpid(p.pid, os.WNOHANG)
            if not left:
                return
            time.sleep(0.05)
        print("chaos: cannot get rid of", *left, sep="\n  ", file=sys.stderr)

    def clean(self, failed):
        self.kill_all()
        if self.life and self.life.faked:
            self.clock.forget(self.life.process.pid)
        self.disk.end()
        if failed or self.keep:
            print(f"chaos: kept {self.directory}", file=sys.stderr)
        else:
            shutil.rmtree(self.directory, ignore_errors=True)


def helper():
    directory = os.environ.get("TASKMASTER_HELPERS") or ROOT / "build/release/tests/helper"
    path = (Path(directory) / "actor").resolve()
    if not path.exists():
        sys.exit(f"chaos: no {path}: run it by `make chaos`, or set TASKMASTER_HELPERS")
    return path
