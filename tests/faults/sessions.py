"""What a supervisor goes through while calls of it fail: each session is a life from its start to
its end, and gives an Outcome."""
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import yaml

from calls import Report, environment_of
from processes import adopted, marked, reap

MARK = "TASKMASTER_FAULTS"
ANSWER_S = 10   # for a command
END_S = 15      # for a supervisor that was told to end
BYTES = 60_000  # that a task writes through the pump
CRASHES = {-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGFPE, -signal.SIGILL,
           -signal.SIGTRAP, 99}
CGROUPS = [path for path in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup")
           if os.path.exists(f"{path}/cgroup.procs")]


class Outcome:
    def __init__(self):
        self.broken = []   # promises that were not kept
        self.results = {}  # step -> what came of it; without a fault always the same
        self.words = ""    # all that was said
        self.report = None
        self.descriptors = self.threads = 0  # of the supervisor, before it was told to end


class Place:
    """A directory, the program, what is preloaded."""

    def __init__(self, directory, program, inject, helpers, fault, usual):
        self.directory = Path(directory)
        self.usual = usual  # the Outcome without a fault; None: this is it
        self.program = program
        self.helpers = helpers
        self.env = {name: value for name, value in os.environ.items()
                    if not name.startswith(("TASKMASTER", "XDG_", "NOTIFY_", "FAULT", "LD_"))}
        self.env |= {MARK: str(directory), "HOME": str(directory), "LANG": "C.UTF-8",
                     "XDG_STATE_HOME": f"{directory}/state"}
        self.faulty = {**self.env, "LD_PRELOAD": str(inject), **environment_of(fault),
                       "FAULT_REPORT": f"{directory}/report"}
        self.faulty["ASAN_OPTIONS"] = (self.env.get("ASAN_OPTIONS", "") +
                                       ":verify_asan_link_order=0")
        self.socket = self.directory / "s"
        self.config = self.directory / "config.yaml"
        self.error_path = self.directory / "stderr"
        self.outcome = Outcome()

    def helper(self, name, *args):
        return [f"{self.helpers}/{name}", *map(str, args)]

    def broken(self, text):
        self.outcome.broken.append(text)

    def start(self, *args, faulty=True, **kwargs):
        with open(self.error_path, "ab") as error:
            return subprocess.Popen([self.program, *map(str, args)], cwd=self.directory,
                                    env=self.faulty if faulty else self.env, stderr=error,
                                    **{"stdin": subprocess.DEVNULL, **kwargs})

    def run(self, *args, faulty=True, timeout=ANSWER_S, **kwargs):
        """To its end; the exit status and what it said. None: it had to be killed."""
        with open(self.directory / "stdout", "w+b") as out:
            process = self.start(*args, faulty=faulty, stdout=out, **kwargs)
            try:
                process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                self.broken(f"no end within {timeout} s of {' '.join(map(str, args))}")
                return None, ""
            out.seek(0)
            said = out.read().decode(errors="replace")
        self.outcome.words += said
        return self.checked(process.returncode, " ".join(map(str, args))), said

    def checked(self, status, what):
        if status in CRASHES:
            self.broken(f"crash with {status} of {what}")
        return status

    def write(self, tasks, **supervisor):
        text = yaml.safe_dump({"supervisor": supervisor, "tasks": tasks}, sort_keys=False)
        self.config.write_text(text)

    def errors(self):
        return self.error_path.read_text(errors="replace")

    def left(self):
        return ([process for process in marked(f"{MARK}={self.directory}")] + adopted())

    def check_end(self, markers=()):
        """Nothing may be left, whatever failed."""
        left = self.left()
        if left:
            self.broken(f"left behind: {left}")
        for _ in range(50):
            for process in self.left():
                process.kill()
            reap(adopted())
            if not self.left():
                break
            time.sleep(0.01)
        files = [name for name in ("s", "pid") if (self.directory / name).exists()]
        groups = [path for root in CGROUPS for marker in markers
                  for path in Path(root).glob(f"taskmaster-{marker}*")]
        self.outcome.results["left"] = files + ["cgroup"] * bool(groups)
        for path in groups:
            remove_cgroups(path)
        self.outcome.words += self.errors()
        for path in self.directory.glob("taskmaster.log*"):
            self.outcome.words += path.read_text(errors="replace")
        for path in self.directory.glob("*.lock"):
            if "together" in path.read_text():
                self.broken(f"two copies at once: {path.name}")
        self.outcome.report = Report(self.directory / "report")
        return self.outcome


def remove_cgroups(path):
    for directory, _, _ in os.walk(path, topdown=False):
        try:
            os.rmdir(directory)
        except OSError:
            pass


def wait_for(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


# ---- short ones ----

def tasks_of(place):
    quick = {"successfulStartTimeout": "50ms", "restartDelay": "20ms", "autoLaunch": True,
             "gracefulStopTimeout": 2}
    sole = place.helper("sole", "${NAME}.lock", "obey")
    return {
        "direct": {**quick, "command": sole, "stdout": "logs/direct.log", "stderr": "stdout",
                   "restart": "always"},
        "pumped": {**quick, "command": place.helper("lines", "counter", BYTES),
                   "stdout": "pumped.log", "stderr": "errors.log", "logMaxSize": "8KB",
                   "logBackups": 100, "restart": "on-failure"},
        "ready": {**quick, "command": place.helper("sole", "${NAME}.lock", "notify"),
                  "ready": {"notify": True, "timeout": "4s"}, "dependsOn": ["direct"],
                  "restart": "on-failure"},
        "probed": {**quick, "command": sole, "dependsOn": {"ready": {"condition": "running"}},
                   "ready": {"exec": "test -e .", "interval": "50ms", "timeout": "4s"},
                   "restart": "on-failure", "environment": {"WORD": "value"},
                   "workingDirectory": ".", "limits": {"core": 0}, "nice": 1},
        "shell": {**quick, "command": "echo started; exec sleep 600", "stdout": "inherit",
                  "logTimestamps": True, "restart": "on-failure", "instances": 2},
    }


def check(place):
    """taskmaster -t"""
    place.write({**tasks_of(place), "x": {"command": "echo ${HOME}", "user": "root"}},
                socket=str(place.socket), logFile="own.log")
    place.outcome.results["check"] = place.run("-t", place.config)[0]
    return place.check_end()


def complain(place):
    """taskmaster -t of a bad configuration"""
    place.config.write_text("tasks:\n  a: {comand: x, instances: 0}\n  b: {command: [}\n")
    place.outcome.results["syntax"] = place.run("-t", place.config)[0]
    place.config.write_text("tasks:\n  a: {comand: x, instances: 0}\n  b: {dependsOn: b}\n")
    place.outcome.results["bad"] = place.run("-t", place.config)[0]
    return place.check_end()


def client(place):
    """taskmaster ctl: the supervisor is well."""
    place.write({"a": {"command": "echo hello; exec sleep 600", "stdout": "a.log",
                       "autoLaunch": True, "successfulStartTimeout": 0}})
    process = place.start("-n", "-s", place.socket, place.config, faulty=False)
    try:
        wait_for(lambda: (place.directory / "a.log").exists() and
                 (place.directory / "a.log").stat().st_size, ANSWER_S)
        for command in ("status a", "logs a", "restart a"):
            status, said = place.run("ctl", "-s", place.socket, *command.split())
            said = re.sub(r"\d+", "N", said) if command != "status a" else "RUNNING" in said
            place.outcome.results[command] = status, said
        place.outcome.results["shell"] = place.run(
            "ctl", "-s", place.socket, stdin=open(place.directory / "a.log", "rb"))[0]
    finally:
        process.terminate()
        place.outcome.results["supervisor"] = process.wait(END_S)
    return place.check_end()


def daemon(place):
    """taskmaster -d"""
    place.write({"a": {"command": place.helper("sole", "a.lock", "obey"), "autoLaunch": True,
                       "successfulStartTimeout": 0, "gracefulStopTimeout": 2}}, pidFile="pid")
    status, _ = place.run("-d", "-s", place.socket, place.config)
    place.outcome.results["start"] = status
    up = place.left()
    if status == 0 and not up:
        place.broken("it said that it is up, and is gone")
    if status != 0 and not wait_for(lambda: not place.left(), ANSWER_S):
        place.broken(f"it said that it is not up, and is there: {up}")
    if status == 0:
        ended = place.run("ctl", "-s", place.socket, "shutdown", faulty=False)[0]
        place.outcome.results["shutdown"] = ended
        pids = [process for process in adopted()]
        if ended:
            for process in pids:
                process.kill(signal.SIGTERM)
        if not wait_for(lambda: all(process.state in (None, "Z") for process in pids), END_S):
            place.broken("no end after `shutdown`")
        for process in pids:
            if process.state == "Z":
                pid_status = os.waitstatus_to_exitcode(os.waitpid(process.pid, 0)[1])
                place.checked(pid_status, "the daemon")
    return place.check_end()


def shell(place):
    """Commands on stdin."""
    place.write({"a": {"command": place.helper("sole", "a.lock", "obey"),
                       "successfulStartTimeout": 0, "gracefulStopTimeout": 2},
                 "b": {"command": "echo hello", "stdout": "b.log", "autoLaunch": True}})
    commands = place.directory / "commands"
    commands.write_text("status\nstart a\nstatus --json\nlogs b 5\nrestart a\nstop a\n"
                        "reload\ndescribe a\nevents\nhelp\nnonsense\nexit\n")
    with open(commands, "rb") as stdin:
        status, said = place.run(place.config, stdin=stdin, timeout=END_S)
    place.outcome.results["exit"] = status
    for word in ("started with PID", "stopped gracefully", "restarted with", "Unknown command",
                 "Configuration reloaded", "events"):
        place.outcome.results[word] = word in said
    return place.check_end()
