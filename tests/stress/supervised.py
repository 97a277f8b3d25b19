"""What the stress test of instances drives: supervisors of tasks of every temper, each on a pipe,
and the figures that are collected on the way."""
import collections
import json
import os
import re
import shlex
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/flow"))
from processes import Process, adopted, marked, reap  # noqa: E402

VARIANT = os.environ.get("TASKMASTER_VARIANT") or "release"
SLOW = {"asan": 3, "tsan": 6, "valgrind": 20, "cov": 2}.get(VARIANT, 1)
INSTANCES = int(os.environ.get("STRESS_INSTANCES") or (1000 if SLOW == 1 else 100))
COMMAND = shlex.split(os.environ.get("TASKMASTER_WRAPPER", "")) + [
    str(Path(os.environ.get("TASKMASTER") or ROOT / "bin/taskmaster").resolve())]
PATIENCE = SLOW * (20 + INSTANCES / 25)  # seconds for any one step; what is normal is far below
MARK = "TASKMASTER_STRESS_TEST"


class Figures:
    """How long each kind of step took, and the largest supervisor there was."""

    def __init__(self):
        self.seconds = collections.defaultdict(list)
        self.peak_kb = 0

    def print(self):
        print(f"{'step':<34}{'times':>6}{'mean s':>9}{'max s':>9}")
        for step, taken in self.seconds.items():
            print(f"{step:<34}{len(taken):>6}{sum(taken) / len(taken):>9.2f}{max(taken):>9.2f}")
        print(f"peak RSS of a supervisor of {INSTANCES} instances: {self.peak_kb / 1024:.1f} MiB")


FIGURES = Figures()


class timed:
    """with timed("start all"): ..."""

    def __init__(self, step):
        self.step = step

    def __enter__(self):
        self.start = time.monotonic()

    def __exit__(self, kind, *_):
        if kind is None:
            FIGURES.seconds[self.step].append(time.monotonic() - self.start)


def wait_for(condition, what):
    """Waits until condition() is true, and returns what it returned."""
    deadline = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            said = what() if callable(what) else what
            raise AssertionError(f"not within {PATIENCE:.0f} s: {said}")
        time.sleep(0.01)


def some(items, count=5):
    items = list(items)
    return f"{len(items)}: {', '.join(map(str, items[:count]))}{' ...' if items[count:] else ''}"


# ---- configurations ------------------------------------------------------------------------------

def tasks_of(changed):
    """The tasks in JSON, which is YAML. `changed` is what a reload turns them into: everything that
    a reload can do happens to one of them."""
    tenth = max(1, INSTANCES // 10)
    common = {"successfulStartTimeout": 0, "gracefulStopTimeout": 60, "restartDelay": "100ms"}
    tasks = {
        "plain": {"command": ["sleep", "1000"], "instances": INSTANCES - 5 * tenth,
                  "restart": "always", "environment": {"VERSION": 2 if changed else 1}},
        "family": {"command": "sleep 1000 & sleep 1000 & wait", "restart": "on-failure",
                   "instances": 2 * tenth if changed else tenth, "gracefulStopTimeout": 60},
        "stubborn": {"command": "trap '' TERM; exec sleep 1000", "instances": tenth,
                     "gracefulStopTimeout": 0.2},
        "flapping": {"command": ["sleep", "0.3"], "instances": tenth, "restart": "always",
                     "restartDelay": "50ms" if changed else "100ms", "restartDelayMax": "200ms"},
        "lingering": {"command": "sleep 1000 & sleep 0.5; exit 1", "instances": tenth,
                      "restart": "on-failure"},
    }
    if changed:
        tasks["new"] = {"command": ["sleep", "1000"], "instances": tenth, "autoLaunch": True}
    else:
        tasks["old"] = {"command": ["sleep", "1000"], "instances": tenth}
    return {name: {**common, **task} for name, task in tasks.items()}


def names_of(tasks):
    return {name if task["instances"] == 1 else f"{name}_{number}"
            for name, task in tasks.items() for number in range(1, task["instances"] + 1)}


# ---- one supervisor ------------------------------------------------------------------------------

class Supervisor:
    """A supervisor on a pipe. Its output is collected by a thread, so that it never has to wait."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.tasks = None
        self.lines = []
        self.arrived = threading.Condition()
        self.asked = 0
        self.write_config(changed=False)
        self.errors = open(self.directory / "stderr", "w+", errors="replace")
        self.process = subprocess.Popen(
            [*COMMAND, "config.yaml"], cwd=directory, stdin=subprocess.PIPE, text=True,
            stdout=subprocess.PIPE, stderr=self.errors, errors="replace",
            env={**os.environ, MARK: str(directory)})
        self.pid = self.process.pid
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def write_config(self, changed):
        self.write_tasks(tasks_of(changed))

    def write_tasks(self, tasks):
        self.tasks = tasks
        self.names = names_of(self.tasks)
        config = {"supervisor": {"logFile": "taskmaster.log"}, "tasks": self.tasks}
        fresh = self.directory / "config.yaml.new"
        fresh.write_text(json.dumps(config))
        fresh.rename(self.directory / "config.yaml")

    def _read(self):
        for line in self.process.stdout:
            with self.arrived:
                self.lines.append(line.rstrip("\n"))
                self.arrived.notify_all()
        with self.arrived:
            self.lines.append(None)  # the end
            self.arrived.notify_all()

    def wait_lines(self, enough, what):
        """Waits until enough() of self.lines, or their end."""
        with self.arrived:
            if not self.arrived.wait_for(lambda: enough() or self.lines[-1:] == [None], PATIENCE):
                raise AssertionError(f"not within {PATIENCE:.0f} s: {what}; the last of "
                                     f"{len(self.lines)} lines: {self.lines[-3:]}")

    def send(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def ask(self, command):
        """The lines that a command is answered with: all until the next command is refused."""
        self.asked += 1
        first, end = len(self.lines), f"Unknown command: end-{self.asked}."
        self.send(f"{command}\nend-{self.asked}")
        seen = first

        def ended():
            nonlocal seen
            while seen < len(self.lines) and not (self.lines[seen] or "").startswith(end):
                seen += 1
            return seen < len(self.lines)

        self.wait_lines(ended, f"an answer to '{command}'")
        if not ended():
            raise AssertionError(f"it ended in '{command}', status {self.process.wait(PATIENCE)}")
        return self.lines[first:seen]

    def status(self):
        lines = self.ask("status --json")
        return {task["name"]: task for task in json.loads("".join(lines))["tasks"]}

    def children(self):
        return Process(self.pid).children()

    def size(self):
        """How many descriptors and threads it has."""
        return (len(os.listdir(f"/proc/{self.pid}/fd")), len(os.listdir(f"/proc/{self.pid}/task")))

    def descriptors(self):
        def target(number):
            try:
                return f"{number} {os.readlink(f'/proc/{self.pid}/fd/{number}')}"
            except OSError:
                return f"{number} closed"

        return [target(number) for number in os.listdir(f"/proc/{self.pid}/fd")]

    def note_peak(self):
        status = Path(f"/proc/{self.pid}/status").read_text()
        peak_kb = re.search(r"VmHWM:\s+(\d+)", status)
        FIGURES.peak_kb = max(FIGURES.peak_kb, int(peak_kb[1]) if peak_kb else 0)

    def finish(self, status=0):
        """Waits for its end, with that exit status, and for the last of its output; then nothing
        of it may be left."""
        try:
            got = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it did not end within {PATIENCE:.0f} s") from None
        left = marked(f"{MARK}={self.directory}") + adopted()
        assert not left, f"left behind: {some(left)}"
        assert got == status, f"exit status {got} instead of {status}"
        self.reader.join(PATIENCE)
        assert not self.reader.is_alive(), "somebody still has its stdout"
        log = (self.directory / "taskmaster.log").read_text(errors="replace")
        bad = [line for line in log.splitlines()
               if re.match(r"\S+ error .*(cannot happen|refused)", line)]
        assert not bad, f"errors in its log, {some(bad)}"

    def report(self):
        """What there is to know about a life that failed."""
        self.errors.seek(0)
        log = self.directory / "taskmaster.log"
        tail = log.read_text(errors="replace").splitlines()[-15:] if log.exists() else []
        print("  last lines:", *(self.lines[-5:]), "stderr:", self.errors.read()[-2000:], "log:",
              *tail, sep="\n    ", file=sys.stderr)

    def destroy(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        deadline = time.monotonic() + PATIENCE
        while adopted() and time.monotonic() < deadline:
            for left in marked(f"{MARK}={self.directory}"):
                left.kill()
            reap(adopted())
        self.errors.close()
