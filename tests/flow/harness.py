"""What the flow tests drive taskmaster with. A Box is one test's place: a directory, an
environment, the supervisors started in it. Supervisors are started on a pipe (box.shell), without a
shell (box.foreground), detached (box.daemon, in daemon.py), or on a terminal (box.terminal, in
terminal.py). Nothing here sleeps for luck: what a test waits for is a condition under a deadline."""
import json
import os
import re
import select
import shlex
import signal
import subprocess
import time
from pathlib import Path

import yaml

from processes import Process, adopted, marked, reap

ROOT = Path(__file__).resolve().parents[2]
VARIANT = os.environ.get("TASKMASTER_VARIANT") or "release"
WRAPPER = shlex.split(os.environ.get("TASKMASTER_WRAPPER", ""))
SLOW = {"asan": 3, "tsan": 5, "valgrind": 10, "cov": 2}
MARK = "TASKMASTER_FLOW_TEST"
STARTED_LINE = re.compile(r"Process '(.+)' (?:re)?started with PID (\d+)$")
_helpers = None


def taskmaster():
    return WRAPPER + [str(Path(os.environ.get("TASKMASTER") or ROOT / "bin/taskmaster").resolve())]


def patience():
    """By how much everything takes longer in this variant."""
    return SLOW.get(VARIANT, 1)


def set_helpers(directory):
    global _helpers
    _helpers = Path(directory).resolve()


def helper(name, *args):
    """A command, as a list, that runs tests/helper/NAME.c."""
    return [str(_helpers / name), *map(str, args)]


def now_ms():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1_000_000


def wait_for(condition, timeout=10, what=None):
    """Waits until condition() is true, and returns what it returned."""
    deadline = time.monotonic() + timeout * patience()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            said = what() if callable(what) else what
            raise AssertionError(f"not within {timeout} s: {said or condition}")
        time.sleep(0.01)


def lines_of(path):
    """The whole lines of a file; none if there is no such file yet."""
    try:
        text = Path(path).read_bytes().decode(errors="replace")
    except FileNotFoundError:
        return []
    return text[:text.rfind("\n") + 1].splitlines()


def wait_lines(path, count=1, timeout=10):
    """Waits until a file has at least `count` lines, and returns all it has."""
    wait_for(lambda: len(lines_of(path)) >= count, timeout,
             lambda: f"{count} lines in {path}, which has {lines_of(path)}")
    return lines_of(path)


def ticks(path):
    """When tick.c was started, in ms."""
    return [int(line.split()[0]) for line in lines_of(path)]


def gaps(path):
    times = ticks(path)
    return [after - before for before, after in zip(times, times[1:])]


def serves_by_default(args, stdin):
    """Would taskmaster serve its control socket at the place that all supervisors share?"""
    if "-s" in args or not ("-n" in args or stdin == subprocess.DEVNULL):
        return False
    config = Path(args[-1])
    return not (config.is_file() and re.search(rb"\bsocket\b.*:", config.read_bytes()))


class Box:
    def __init__(self, directory):
        self.directory = Path(directory)
        self.supervisors = []
        self.env = {name: value for name, value in os.environ.items()
                    if not name.startswith(("TASKMASTER", "XDG_", "NOTIFY_", "LISTEN_", "LC_"))
                    and name not in ("NO_COLOR", "INPUTRC", "COLUMNS", "LINES")}
        self.env |= {MARK: str(directory), "HOME": str(directory / "home"), "LANG": "C.UTF-8",
                     "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                     "TERM": "xterm-256color", "XDG_STATE_HOME": str(directory / "state")}
        (directory / "home").mkdir()

    def path(self, name):
        return self.directory / name

    def write(self, config, name="config.yaml"):
        """Writes a configuration, given as text or as an object, and returns its path."""
        if not isinstance(config, (str, bytes)):
            config = yaml.safe_dump(config, sort_keys=False)
        if isinstance(config, str):
            config = config.encode()
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(config)
        return path

    def run(self, *args, stdin="", timeout=20, env=None, command=()):
        """Runs taskmaster to its end; the result has returncode, stdout and stderr. `command` is
        put before it."""
        return subprocess.run([*command, *taskmaster(), *map(str, args)], input=stdin, text=True,
                              capture_output=True, cwd=self.directory, errors="replace",
                              timeout=timeout * patience(), env={**self.env, **(env or {})})

    def check(self, config, **kwargs):
        """`taskmaster -t` of a configuration."""
        return self.run("-t", self.write(config), **kwargs)

    def shell(self, config, *args, up=True, **kwargs):
        """A supervisor that reads commands from a pipe, and has read its configuration."""
        supervisor = Supervisor(self, [*args, self.write(config)], **kwargs)
        if up:
            supervisor.send("pid")
        return supervisor

    def foreground(self, config, *args, **kwargs):
        """A supervisor without a shell: -n. It may not yet have read its configuration. Its control
        socket is in the box, at `socket`, unless arguments or configuration say where."""
        return Supervisor(self, ["-n", *args, self.write(config)], stdin=subprocess.DEVNULL,
                          **kwargs)

    def daemon(self, config, *args, **kwargs):
        """A supervisor that has detached and is up: -d. The configuration is an object."""
        from daemon import Daemon
        return Daemon(self, config, args, **kwargs)

    def ctl(self, *args, socket=None, **kwargs):
        """`taskmaster ctl` of the latest supervisor that serves a socket, or of the one given, to
        its end; the result is as that of run()."""
        if socket is None:
            socket = [s.socket for s in self.supervisors if getattr(s, "socket", None)][-1]
        return self.run("ctl", "-s", socket, *args, **kwargs)

    def next_socket(self):
        """A path for the control socket of the next supervisor."""
        return self.path(f"s{len(self.supervisors) or ''}.sock")

    def terminal(self, config, *args, **kwargs):
        """A supervisor on a terminal of its own."""
        from terminal import Terminal
        return Terminal(self, [*taskmaster(), *args, self.write(config)], **kwargs)

    def outer_shell(self, **kwargs):
        """An interactive sh on a terminal, in which supervisors can be started."""
        from terminal import OuterShell
        return OuterShell(self, **kwargs)

    def left(self):
        """Every process of this test: by its environment, or because it fell to us."""
        known = [supervisor.pid for supervisor in self.supervisors if not supervisor.reaped()]
        return marked(f"{MARK}={self.directory}") + [p for p in adopted() if p.pid not in known]

    def assert_nothing_left(self):
        left = self.left()
        assert not left, f"left behind: {left}"

    def end(self):
        for supervisor in self.supervisors:
            supervisor.end()
        self.assert_nothing_left()

    def kill_all(self):
        for _ in range(100):
            left = [process for process in self.left() if process.state != "Z"]
            for process in left:
                process.kill()
            for supervisor in self.supervisors:
                supervisor.kill()
            reap(adopted())
            if not left:
                return

    def transcript(self):
        return "\n".join(supervisor.transcript() for supervisor in self.supervisors)


class Supervisor:
    """taskmaster on pipes."""

    def __init__(self, box, args, *, stdin=subprocess.PIPE, env=None, cwd=None, command=(),
                 serve=True, **popen):
        """`command` is put before taskmaster (and must end in exec); without `serve`, the control
        socket is left to it."""
        self.box = box
        self.said = b""     # everything on stdout so far
        self.taken = 0      # how much of it send() has returned
        self.sent = 0       # commands
        self.ends = False   # a test has seen to its end
        self.socket = None  # where we have it served
        if serve and serves_by_default(args, stdin):
            self.socket = box.next_socket()
            args = ["-s", self.socket, *args]
        self.stderr_path = box.path(f"stderr.{len(box.supervisors)}")
        with open(self.stderr_path, "wb") as stderr:
            popen.setdefault("stderr", stderr)
            popen.setdefault("stdout", subprocess.PIPE)
            self.process = subprocess.Popen(
                [*command, *taskmaster(), *map(str, args)], stdin=stdin, cwd=cwd or box.directory,
                env={**box.env, **(env or {})}, **popen)
        self.pid = self.process.pid
        box.supervisors.append(self)

    # ---- talking ----

    def tell(self, command):
        """Gives a command, without waiting for anything."""
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()

    def send(self, command, timeout=20):
        """Gives a command and returns the lines it printed. Where they end is known by what a
        second command prints, which there is not."""
        self.sent += 1
        self.tell(f"{command}\nend-{self.sent}")
        return self.read_until(
            lambda line: line.startswith(f"Unknown command: end-{self.sent}."), timeout)

    def read_until(self, is_last, timeout=20):
        """The lines up to the first that is_last(line), which is not among them."""
        deadline = time.monotonic() + timeout * patience()
        lines = []
        while True:
            while b"\n" in self.said[self.taken:]:
                end = self.said.index(b"\n", self.taken)
                line = self.said[self.taken:end].decode(errors="replace")
                self.taken = end + 1
                if is_last(line):
                    return lines
                lines.append(line)
            assert self._read(deadline - time.monotonic()), f"no answer in {timeout} s, but {lines}"

    def _read(self, timeout):
        stdout = self.process.stdout.fileno()
        if timeout <= 0 or not select.select([stdout], [], [], timeout)[0]:
            return False
        data = os.read(stdout, 65536)
        self.said += data
        assert data, f"it ended; on stderr: {self.stderr()}"
        return True

    def status(self, *targets):
        """What `status --json` says, by name."""
        lines = self.send(" ".join(["status", "--json", *targets]))
        found = [line for line in lines if line.startswith("{")]
        assert len(found) == 1, lines
        return {task["name"]: task for task in json.loads(found[0])["tasks"]}

    def state(self, name):
        return self.status(name)[name]["status"]

    def pid_of(self, name):
        return self.status(name)[name]["pid"]

    def wait_state(self, name, *states, timeout=10):
        """Waits until an instance is in one of these states, and returns its status."""
        def there():
            task = self.status(name)[name]
            return task if task["status"] in states else None
        return wait_for(there, timeout, lambda: f"{name} in {states}; it is {self.status(name)}")

    def wait_all(self, state, timeout=10):
        """Waits until every instance is in this state."""
        wait_for(lambda: {task["status"] for task in self.status().values()} == {state}, timeout,
                 lambda: f"all {state}; it is {self.status()}")
        return self.status()

    def start(self, target):
        """Starts what must start, and returns the pids by name."""
        lines = self.send(f"start {target}")
        found = [STARTED_LINE.match(line) for line in lines]
        assert lines and all(found), lines
        return {match[1]: int(match[2]) for match in found}

    def reload(self, config, name="config.yaml"):
        """Replaces the configuration by a good one and reloads."""
        self.box.write(config, name)
        lines = self.send("reload")
        assert "Configuration reloaded." in lines, lines
        return lines

    # ---- ending ----

    def signal(self, signo):
        self.process.send_signal(signo)

    def reaped(self):
        return self.process.returncode is not None

    def alive(self):
        return self.process.poll() is None

    def wait_exit(self, timeout=15):
        """Waits for its end, and returns the exit status. What it printed last is in said."""
        self.ends = True
        if self.process.stdout:
            self.said += self._rest(timeout)
        return self.process.wait(timeout * patience())

    def _rest(self, timeout):
        deadline = time.monotonic() + timeout * patience()
        rest, stdout = b"", self.process.stdout.fileno()
        while time.monotonic() < deadline:
            if select.select([stdout], [], [], 0.05)[0]:
                data = os.read(stdout, 65536)
                if not data:
                    break
                rest += data
            elif self.process.poll() is not None:
                break
        return rest

    def last_lines(self):
        """What it printed since the last send()."""
        return self.said[self.taken:].decode(errors="replace").splitlines()

    def terminate(self, timeout=15):
        """SIGTERM, and the exit status that comes of it."""
        self.signal(signal.SIGTERM)
        return self.wait_exit(timeout)

    def end(self):
        if not self.ends:
            status = self.terminate()
            assert status == 0, f"exit status {status}; on stderr: {self.stderr()}"

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            try:
                if stream:
                    stream.close()
            except BrokenPipeError:
                pass

    def children(self):
        return Process(self.pid).children()

    def stderr(self):
        return self.stderr_path.read_text(errors="replace")

    def transcript(self):
        log = self.box.path("taskmaster.log")
        log_text = log.read_text(errors="replace") if log.exists() else ""
        return (f"--stdout--\n{self.said.decode(errors='replace')}\n--stderr--\n{self.stderr()}"
                f"\n--taskmaster.log--\n{log_text}")
