"""taskmaster -d: a supervisor that is nobody's child, until its parent has left it to pytest."""
import os
import signal
import subprocess
from pathlib import Path

from harness import lines_of, patience, taskmaster, wait_for
from processes import Process


class Daemon:
    def __init__(self, box, config, args=(), *, command=(), serve=True, env=None, **run):
        """As with Supervisor in harness.py."""
        self.box = box
        self.ends = False   # a test has seen to its end
        self.status = None  # as waitpid(2) has it, once it was reaped
        own = config.get("supervisor") or {}
        self.pid_path = box.path(own.get("pidFile", f"daemon{len(box.supervisors)}.pid"))
        self.log_path = box.path(own.get("logFile", "taskmaster.log"))
        self.socket = None
        if serve and "-s" not in args and "socket" not in own:
            self.socket = box.next_socket()
            args = ["-s", self.socket, *args]
        path = box.write({**config, "supervisor": {"pidFile": str(self.pid_path), **own}})
        self.started = subprocess.run(
            [*command, *taskmaster(), "-d", *map(str, args), path], text=True, errors="replace",
            capture_output=True, stdin=subprocess.DEVNULL, timeout=20 * patience(),
            **{"cwd": box.directory, "env": {**box.env, **(env or {})}, **run})
        assert self.started.returncode == 0, self.started
        self.pid = int(self.pid_path.read_text())
        box.supervisors.append(self)

    def log(self):
        return lines_of(self.log_path)

    def children(self):
        return Process(self.pid).children()

    # ---- ending ----

    def signal(self, signo):
        os.kill(self.pid, signo)

    def reaped(self):
        """Has it ended? Its parent has, so that it is our child."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = status if pid else None
        return self.status is not None

    def alive(self):
        return not self.reaped()

    def wait_exit(self, timeout=15):
        """Waits for its end; returns the exit status, or minus the number of a signal."""
        self.ends = True
        wait_for(self.reaped, timeout, lambda: f"its end; {Process(self.pid)}")
        return os.waitstatus_to_exitcode(self.status)

    def terminate(self, timeout=15):
        self.signal(signal.SIGTERM)
        return self.wait_exit(timeout)

    def end(self):
        if not self.ends:
            status = self.terminate()
            assert status == 0, f"exit status {status}; in its log: {self.log()}"

    def kill(self):
        if not self.reaped():
            self.signal(signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.status = signal.SIGKILL

    def transcript(self):
        return f"--{Path(self.log_path).name}--\n" + "\n".join(self.log())
