"""One life of a supervisor: how it is started, asked, and ended."""
import os
import shlex
import signal
import subprocess
import time
from pathlib import Path

import procs
import talk

VARIANT = os.environ.get("TASKMASTER_VARIANT") or "release"
PATIENCE = {"asan": 3, "tsan": 5, "valgrind": 10, "cov": 2}.get(VARIANT, 1)
ANSWER_S = 20 * PATIENCE    # any command, on a machine that does other things too
START_S = 40 * PATIENCE     # with 10 s for what a killed one has left
END_S = 30 * PATIENCE


class Breach(Exception):
    """A promise that was not kept."""

    def __init__(self, promise, evidence=""):
        super().__init__(promise)
        self.promise = promise
        self.evidence = str(evidence)


class Life:
    """`front` is "foreground", "shell" (commands on a pipe) or "daemon"."""

    def __init__(self, run, number, front, faked):
        self.run = run
        self.front = front
        self.log = run.path(f"taskmaster.{number}.log")
        self.output = open(run.path(f"output.{number}"), "wb")
        self.stdin = None
        self.faked = faked
        self.pid = 0
        self.begun = time.monotonic()
        self.ending = False
        environment = {**os.environ, procs.MARK: str(run.directory), **(run.clock.env if faked else {})}
        for name in ("NOTIFY_SOCKET", "XDG_RUNTIME_DIR"):
            environment.pop(name, None)
        option = {"foreground": ["-n"], "daemon": ["-d"], "shell": []}[front]
        run.write_config()
        self.process = subprocess.Popen(
            [*run.command, *option, "-s", str(run.socket), str(run.config)], cwd=run.directory,
            env=environment, stdout=self.output, stderr=self.output,
            stdin=subprocess.PIPE if front == "shell" else subprocess.DEVNULL)

    # ---- being there ----

    def wait_up(self):
        """Until it answers, all that was left of the one before is gone by then."""
        deadline = self.begun + START_S
        if self.front == "daemon":
            self._wait_detached(deadline)
        else:
            self.pid = self.process.pid
        while True:
            self.run.reap()
            if not self.alive():
                raise Breach("a supervisor starts", f"it ended; it said: {self.said()}")
            try:
                self.ask("pid")
                self.run.reap()
                return
            except talk.Gone as error:
                if time.monotonic() > deadline:
                    raise Breach("a supervisor starts", f"not within {START_S} s: {error}") from error
            time.sleep(0.02)

    def _wait_detached(self, deadline):
        while self.process.poll() is None and time.monotonic() < deadline:
            self.run.reap()
            time.sleep(0.02)
        if self.process.poll() != 0:
            raise Breach("-d detaches", f"status {self.process.poll()}; it said: {self.said()}")
        self.pid = int(self.run.pid_file.read_text())

    def alive(self):
        if self.pid == self.process.pid:
            return self.process.poll() is None
        stat = procs.read_stat(self.pid)
        return bool(stat) and stat[2] not in "ZX"

    def said(self):
        return Path(self.output.name).read_text(errors="replace")[-3000:]

    def log_text(self):
        try:
            return self.log.read_text(errors="replace")
        except FileNotFoundError:
            return ""

    # ---- talking ----

    def call(self, *words, seconds=ANSWER_S, **members):
        """A command whose answer is waited for later."""
        return talk.Call(self.run.socket, list(words), seconds, **members)

    def ask(self, *words, seconds=ANSWER_S, **members):
        """A command and its answer. That clients are too many is an answer that is asked for again:
        those who are gone may not have been noticed."""
        deadline = time.monotonic() + seconds
        while True:
            call = self.call(*words, seconds=seconds, **members).finish()
            self.run.count("answers")
            if not (call.error or "").startswith("too many clients"):
                return call
            if time.monotonic() > deadline:
                raise talk.Late(f"'{words}': too many clients for {seconds} s")
            time.sleep(0.02)

    def status(self):
        call = self.ask("status", json=True)
        if call.exit or len(call.results) != 1:
            raise Breach("status is answered", call)
        return {task["name"]: task for task in call.results[0]["tasks"]}

    def signal(self, signo):
        try:
            if self.pid:
                os.kill(self.pid, signo)
        except ProcessLookupError:
            pass

    # ---- ending ----

    def wait_end(self):
        """Its exit status: -N for signal N."""
        self.ending = True
        deadline = time.monotonic() + END_S
        while time.monotonic() < deadline:
            if self.pid == self.process.pid:
                status = self.process.poll()
            else:
                try:
                    pid, status = os.waitpid(self.pid, os.WNOHANG)
                    status = os.waitstatus_to_exitcode(status) if pid else None
                except ChildProcessError:
                    raise Breach("a daemon is ours to reap", self.pid) from None
            if status is not None:
                self.close()
                return status
            time.sleep(0.01)
        raise Breach("a shutdown always ends", f"not within {END_S} s")

    def close(self):
        self.output.close()
        if self.process.stdin:
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                pass

    def type(self, line):
        """In the shell of the supervisor, if that is what it has."""
        if self.process.stdin:
            try:
                self.process.stdin.write(line.encode() + b"\n")
                self.process.stdin.flush()
            except BrokenPipeError:
                pass

    def size(self):
        """How many descriptors and threads it has."""
        return (len(os.listdir(f"/proc/{self.pid}/fd")), len(os.listdir(f"/proc/{self.pid}/task")))


def command():
    wrapper = shlex.split(os.environ.get("TASKMASTER_WRAPPER", ""))
    root = Path(__file__).resolve().parents[2]
    return wrapper + [str(Path(os.environ.get("TASKMASTER") or root / "bin/taskmaster").resolve())]


ENDS = {  # how a life ends, how often, and what its exit status may be
    "SIGTERM": (4, (0,)), "SIGINT": (1, (0,)), "SIGQUIT": (1, (0,)), "shutdown": (3, (0,)),
    "SIGTERM twice": (1, (0, 1)), "SIGKILL": (3, (-signal.SIGKILL,)), "exit": (2, (0,)),
}


def end(life, how):
    """Ends a life, and returns its exit status."""
    life.ending = True
    if how == "shutdown":
        life.ask("shutdown", seconds=END_S)
    elif how == "exit" and life.front == "shell":
        life.close()  # end of input
    elif how == "exit":
        life.signal(signal.SIGTERM)
    else:
        for signo in how.replace(" twice", " " + how.split()[0]).split():
            life.signal(getattr(signal, signo))
    return life.wait_end()
