"""What the world does to a supervisor and its tasks: a table of actions with weights. An action is
drawn, and draws what it does, from its own stream of random numbers, before it looks at what is there;
so the sequence is the same for the same seed, whatever comes of it."""
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time

import promises
import run as runs
import talk
import tasks as config
from life import ANSWER_S, PATIENCE, Breach

SIGNALS = ("KILL", "KILL", "SEGV", "TERM", "HUP", "ABRT", "USR1")
CLOCKS = (0, 1, -1, 3600, -86400, 86400 * 365, -86400 * 365 * 20)  # seconds off
GUESTS_MAX = 40  # connections that misbehave at a time, out of 64


class World:
    def __init__(self, run):
        self.run = run
        self.size = None   # of this life, with nothing running
        self.frozen = set()

    @property
    def life(self):
        return self.run.life

    def victim(self, rng, names=("actor",)):
        """A process of ours: which instance is drawn, and then whoever it has."""
        task, number = rng.choice(sorted(config.names(self.run.tasks).values()))
        pick = rng.random()
        found = sorted(p.pid for p in self.run.census.take(self.life.pid)
                       if p.of == (task, number) and p.name in names and p.state not in "ZX")
        return found[int(pick * len(found))] if found else 0

    def kill(self, pid, signo):
        try:
            if pid:
                os.kill(pid, signo)
        except ProcessLookupError:
            pass

    def target(self, rng):
        tasks = sorted(self.run.tasks)
        return rng.choice(("all", rng.choice(tasks), rng.choice(tasks), rng.choice(tasks) + "_*",
                           rng.choice(sorted(config.names(self.run.tasks))), "f*", "nobody"))

    def drain(self):
        """Waits for all commands under way."""
        for call in self.run.calls:
            call.finish()
            self.run.count("answers")
        self.run.calls.clear()

    # ---- processes ----

    def kill_child(self, rng):
        signo = getattr(signal, "SIG" + rng.choice(SIGNALS))
        for _ in range(rng.choice((1, 1, 3))):
            self.kill(self.victim(rng), signo)

    def kill_kin(self, rng):
        for _ in range(rng.choice((1, 3))):
            self.kill(self.victim(rng, ("kin",)), signal.SIGKILL)

    def freeze(self, rng):
        for _ in range(rng.choice((1, 3))):
            self.kill(self.victim(rng, ("actor", "kin")), signal.SIGSTOP)

    def thaw(self, _rng):
        for p in self.run.census.take(self.life.pid):
            if p.state == "T" and p.name in ("actor", "kin"):
                self.kill(p.pid, signal.SIGCONT)

    def freeze_supervisor(self, rng):
        self.life.signal(signal.SIGSTOP)
        time.sleep(rng.uniform(0.01, 0.3))
        self.kill(self.victim(rng), signal.SIGKILL)
        self.life.signal(signal.SIGCONT)

    # ---- commands ----

    def command(self, rng):
        """One that is waited for later."""
        verb = rng.choice(("start", "start", "stop", "restart", "restart"))
        options = rng.choice(([], [], ["--wait"], ["--timeout", "1s"]))
        if verb == "stop":
            options = [o for o in options if o != "--wait"]
        elif verb == "restart" and rng.random() < 0.2:
            options = ["--rolling", "--timeout", "5s"]
        targets = [self.target(rng) for _ in range(rng.choice((1, 1, 2)))]
        self.run.calls.append(self.life.call(verb, *targets, *options))

    def question(self, rng):
        words = rng.choice((["status", "-v"], ["describe", "all"], ["events"], ["pid", "all"],
                            ["help"], ["logs", "steady", "50"], ["logs", "family", "--stderr"],
                            ["reload", "--dry-run"], ["frob"], ["signal", "CONT", "all"]))
        self.life.ask(*words, json=rng.random() < 0.5)

    def typed(self, rng):
        """On its own shell, or again a question."""
        if self.life.front == "shell":
            self.life.type(rng.choice(("status", "start all", "restart flapping", "nonsense", "pid")))
        else:
            self.question(rng)

    def timed(self, rng):
        """1 s is 1 s, whatever the wall clock says."""
        clock = rng.choice(CLOCKS)
        if "timed" not in self.run.tasks:
            return
        self.drain()
        self.reload()
        self.life.ask("stop", "timed")
        begun = time.monotonic()
        call = self.life.call("start", "timed", "--wait")
        self.run.clock.set(clock)
        call.finish()
        took = time.monotonic() - begun
        if call.exit == 0 and not 0.95 <= took <= 1 + 5 * PATIENCE:
            raise Breach("timing does not depend on the wall clock", f"1 s took {took:.2f} s")
        self.run.count("1 s is 1 s" + (" on a false clock" if self.life.faked else ""))

    # ---- the configuration ----

    def reload(self):
        """The file as it is written now, and what there is afterwards is what it says."""
        for _ in range(100):
            call = self.life.ask("reload")
            if call.exit == 0:
                return promises.configured(self.run, self.life)
            if "Configuration reloaded." in call.output:  # something of it could not be started
                return promises.configured(self.run, self.life)
            if "busy" not in call.output + str(call.error):
                break
            time.sleep(0.05)
        raise Breach("a good configuration is taken over", call)

    def edit(self, rng):
        self.run.tasks = config.edited(self.run.tasks, self.run.first, rng)
        self.run.write_config()
        if rng.random() < 0.6:
            self.reload()
        else:
            self.life.signal(signal.SIGHUP)

    def break_config(self, rng):
        """Nothing else may be going on, so that nothing has changed means something."""
        text = config.broken(self.run.config_text(), rng)
        vanish, by_signal = rng.random() < 0.1, rng.random() < 0.3
        self.drain()
        self.reload()
        before = self.life.status()
        self.run.write_text(text)
        if vanish:
            self.run.config.unlink()
        if by_signal:
            self.life.signal(signal.SIGHUP)
        call = self.life.ask("reload")
        after = self.life.status()
        self.run.write_config()
        if call.exit != 1 or "Configuration reloaded." in call.output:
            raise Breach("a bad configuration is refused", f"{call}\n{text[:3000]}")
        promises.changes_nothing(self.run, before, after, self.dying(before))
        self.reload()

    def dying(self, status):
        """Instances whose process was gone when we looked again: something else has ended it."""
        return {name for name, task in status.items()
                if not task["pid"] or not os.path.exists(f"/proc/{task['pid']}")}

    # ---- storms ----

    def storm(self, rng):
        signals = rng.choice((["HUP"], ["USR1"], ["CHLD"], ["HUP", "USR1", "CHLD", "WINCH", "CONT"]))
        for _ in range(rng.choice((5, 50, 200))):
            self.life.signal(getattr(signal, "SIG" + rng.choice(signals)))

    # ---- clients ----

    def connection(self):
        try:
            return talk.connect(self.run.socket, ANSWER_S)
        except talk.Gone:
            return None

    def guest(self, connection, steps):
        if connection and len(self.run.guests) < GUESTS_MAX:
            self.run.guests.append((len(self.run.steps) + steps, connection))
        elif connection:
            connection.close()

    def flood(self, rng):
        """More than it takes; some stay."""
        found = [self.connection() for _ in range(rng.choice((10, 80)))]
        stay = rng.randrange(20)
        for connection in filter(None, found[:-stay] if stay else found):
            connection.close()
        for connection in found[len(found) - stay:] if stay else ():
            self.guest(connection, rng.randrange(10))

    def stall(self, rng):
        """A request, or half of one, by somebody who does not read the answer."""
        data = rng.choice((b'{"id":1,"comm', b'{"id":1,"command":"events","args":["-f"]}\n',
                           b'{"id":1,"command":"logs","args":["steady","-f"]}\n',
                           b'{"id":1,"command":"describe","args":["all"]}\n' * 200))
        connection = self.connection()
        self.send(connection, data)
        self.guest(connection, rng.randrange(1, 15))

    def vanish(self, rng):
        """A request by somebody who does not wait for the answer."""
        verb, target = rng.choice(("restart", "start", "stop", "status", "logs")), self.target(rng)
        request = {"id": "x", "command": verb, "args": [target]}
        connection = self.connection()
        self.send(connection, json.dumps(request).encode() + b"\n")
        if connection:
            connection.close()

    def garbage(self, rng):
        size = rng.choice((1, 100, 70_000, 300_000))
        data = rng.choice((rng.randbytes(size), b"{" * size, b"\n" * size, b'{"id":1}\n' * (size // 9)))
        connection = self.connection()
        self.send(connection, data)
        if connection:
            connection.close()

    @staticmethod
    def send(connection, data):
        if connection:
            connection.setblocking(False)
            try:
                connection.send(data)
            except OSError:
                pass

    def stranger(self, _rng):
        """Another user, who could open the socket if its mode were what counts."""
        promises.private(self.run)
        if os.geteuid() != 0:
            return
        for mode in (0o600, 0o666):
            os.chmod(self.run.socket, mode)
            said = talk.as_stranger(self.run.socket, ANSWER_S)
            os.chmod(self.run.socket, 0o600)
            if b"not allowed" not in said and b"Permission denied" not in said:
                raise Breach("another user gets nothing", f"mode {mode:o}: {said[:500]}")
        self.run.count("another user gets nothing")

    # ---- files ----

    def remove_log(self, rng):
        """It stays open here: what was written to it is not lost to us."""
        pick = rng.random()
        files = sorted(path for path in self.run.path("logs").rglob("*.log*") if path.is_file())
        if not files:
            return
        path = files[int(pick * len(files))]
        moved = self.run.path(f"kept/{len(self.run.removed)}")
        try:
            path.rename(moved)
        except FileNotFoundError:
            return  # it was just rotated
        self.run.removed.append((str(path), open(moved, "rb")))
        moved.unlink()

    def rename_logs(self, rng):
        directory = rng.choice(("logs", "logs/shared", "logs/plain"))
        number = len(self.run.steps)
        try:
            self.run.path(directory).rename(self.run.path(f"logs.{number}"))
        except FileNotFoundError:
            pass
        if rng.random() < 0.5:
            self.life.signal(signal.SIGUSR1)

    def fill_disk(self, _rng):
        self.run.disk.fill(self.life.pid)

    def free_disk(self, _rng):
        self.run.disk.free(self.life.pid)
        if not self.run.disk.small or not self.run.disk.has_room() or "full" not in self.run.tasks:
            return
        self.drain()
        self.reload()
        self.thaw(None)
        log = self.run.disk.path / "full.log"
        def size():
            return (log.stat().st_ino, log.stat().st_size) if log.exists() else None
        before = size()
        promises.wait_for(
            self.run, lambda: size() != before or not self.writes("full"),
            "writing resumes once there is room", lambda: f"{log} {before}: {self.life.status()}")

    def writes(self, task):
        return any(t["task"] == task and t["status"] == "RUNNING" for t in self.life.status().values())

    def lose_socket(self, rng):
        self.run.socket.unlink(missing_ok=True)
        if rng.random() < 0.3:
            self.life.signal(signal.SIGUSR1)
        promises.wait_for(self.run, self.run.socket.exists, "a socket that vanished comes back",
                          lambda: self.life.log_text()[-1000:])

    # ---- pressure ----

    def set_clock(self, rng):
        self.run.clock.set(rng.choice(CLOCKS))
        if self.life.faked:
            self.life.ask("status", "-v")

    def hog(self, _rng):
        if "hog" in self.run.tasks:
            self.run.calls.append(self.life.call("start", "hog"))

    def busy(self, rng):
        """Two who want a processor each, for a while."""
        self.run.help([sys.executable, "-c", BUSY, str(rng.uniform(0.1, 1))], 2)

    # ---- peace ----

    def calm(self, _rng):
        """Everything that goes on is ended: now all is as at the beginning of the life."""
        self.drain()
        for _, connection in self.run.guests:
            connection.close()
        self.run.guests.clear()
        self.run.tasks = self.run.first
        self.run.write_config()
        self.reload()
        self.life.ask("stop", "all")
        promises.nothing_runs(self.run, self.life)
        if self.size:
            promises.same_size(self.run, self.life, self.size)
        self.size = self.size or self.settled_size()
        self.life.ask("start", "all")

    def settled_size(self):
        """With all our connections gone."""
        sizes = [self.life.size()]
        while len(sizes) < 5 or sizes[-5:] != sizes[-1:] * 5:
            time.sleep(0.05)
            sizes.append(self.life.size())
        return sizes[-1]

    # ---- steps ----

    def new_life(self):
        self.size = None
        self.calm(None)

    def leave(self):
        """Guests whose time has come."""
        now = len(self.run.steps)
        for due, connection in self.run.guests:
            if due <= now:
                connection.close()
        self.run.guests = [(due, c) for due, c in self.run.guests if due > now]

    def step(self, seed):
        """One action, and its name."""
        rng = random.Random(seed)
        name = rng.choices(list(ACTIONS), list(ACTIONS.values()))[0]
        pause = rng.choice((0, 0, 0.01, 0.05, 0.2))
        self.run.steps.append(f"{len(self.run.steps) + 1}: life {self.run.number}: {name}")
        self.run.counts[name] += 1
        getattr(self, name)(rng)
        self.leave()
        time.sleep(pause)


ACTIONS = {
    "kill_child": 10, "kill_kin": 5, "freeze": 4, "thaw": 3, "freeze_supervisor": 2,
    "command": 14, "question": 5, "typed": 3, "timed": 2,
    "edit": 10, "break_config": 5, "storm": 5,
    "flood": 2, "stall": 4, "vanish": 4, "garbage": 3, "stranger": 1,
    "remove_log": 4, "rename_logs": 3, "fill_disk": 2, "free_disk": 3, "lose_socket": 2,
    "set_clock": 3, "hog": 1, "busy": 1, "calm": 3,
}

BUSY = "import sys, time\nend = time.monotonic() + float(sys.argv[1])\nwhile time.monotonic() < end: pass"
