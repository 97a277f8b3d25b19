"""The long session: all that a supervisor does, seen through its control socket."""
import os
import signal

from control import Control
from processes import Process
from sessions import ANSWER_S, BYTES, END_S, tasks_of, wait_for

SETTLED = {"RUNNING", "FATAL"}  # all start by themselves


class Life:
    def __init__(self, place, cgroups):
        self.place = place
        self.results = place.outcome.results
        self.cgroups = cgroups
        self.control = None
        self.markers = set()
        self.write(instances=1)
        self.out_path = place.directory / "stdout"
        with open(self.out_path, "wb") as out:
            self.process = place.start("-n", "-s", place.socket, place.config, stdout=out)

    def write(self, instances):
        tasks = tasks_of(self.place)
        tasks["direct"]["instances"] = instances
        tasks["probed"]["nice"] = instances
        self.place.write(tasks, pidFile="pid", cgroups=self.cgroups)

    def alive(self):
        return self.process.poll() is None

    def connect(self):
        def there():
            try:
                self.control = Control(self.place.socket, ANSWER_S)
            except OSError:
                self.control = None
            return self.control or not self.alive()
        if not wait_for(there, ANSWER_S):
            self.place.broken("it serves no socket")
        return self.control

    def ask(self, step, command, *args, **members):
        """The answer; None if there is none. One that fails once is asked for a second time: not
        every client has to be served, but the next one has."""
        for _ in range(2):
            if not self.alive() or not (self.control or self.connect()):
                self.results[step] = "no supervisor"
                return None
            try:
                self.control.request(command, *args, **members)
                answer = self.control.answer()
                self.place.outcome.words += answer.output + (answer.error or "")
                if answer.id is not None:
                    self.results[step] = answer.exit
                    return answer
                self.results[step + ", at first"] = "turned away"
            except TimeoutError:
                self.place.broken(f"no answer to {command} {args} within {ANSWER_S} s")
            except (AssertionError, OSError) as error:
                self.results[step + ", at first"] = "no answer"
                self.place.outcome.words += f"({error})"
            self.control.close()
            self.control = None
        self.results[step] = "no answer"
        return None

    def status(self):
        answer = self.ask("status", "status", json=True)
        found = answer.results[0].get("tasks", []) if answer and answer.results else []
        return {task["name"]: task for task in found}

    def settle(self, step, seconds=5):
        """Waits until nothing changes any more."""
        self.last = {}

        def settled():
            self.last = self.status()
            return not self.alive() or self.last and all(
                task["status"] in SETTLED for task in self.last.values())
        if not wait_for(settled, seconds):
            self.place.outcome.words += f"({step}: {self.last})"
        self.results[step] = {name: task["status"] for name, task in self.last.items()}
        for task in self.last.values():
            for entry in Process(task["pid"]).environ() if task["pid"] else []:
                if entry.startswith(b"TASKMASTER_SUPERVISOR="):
                    self.markers.add(entry.split(b"=", 1)[1].decode())

    def kill_one(self):
        """It comes back, with another pid."""
        pid = self.last.get("direct", {}).get("pid")
        if not pid:
            return
        Process(pid).kill()

        def back():
            now = self.status().get("direct_1", {}) or self.status().get("direct", {})
            return not self.alive() or now.get("status") == "FATAL" or \
                now.get("status") == "RUNNING" and now.get("pid") != pid
        if not wait_for(back, 6):
            self.place.broken(f"the exit of {pid} was lost: {self.status().get('direct')}")

    def measure(self):
        """Descriptors and threads that stay, with no client there."""
        if self.control:
            self.control.close()
            self.control = None
        process = Process(self.process.pid)
        best = [10**6, 10**6]

        def smallest():
            best[0] = min(best[0], len(os.listdir(f"/proc/{process.pid}/fd")))
            best[1] = min(best[1], process.threads())
            usual = self.place.usual
            return usual and best[0] <= usual.descriptors and best[1] <= usual.threads
        if self.alive():
            wait_for(smallest, 0.5)
            self.place.outcome.descriptors, self.place.outcome.threads = best

    def end(self):
        if self.control:
            self.control.close()
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        if not wait_for(lambda: not self.alive(), END_S):
            self.place.broken(f"no end within {END_S} s of SIGTERM")
            self.process.kill()
        self.results["exit"] = self.place.checked(self.process.wait(), "the supervisor")
        self.place.outcome.words += self.out_path.read_text(errors="replace")
        self.results["lines"] = self.lines()

    def lines(self):
        """Is every byte that a task wrote in its log, and in order?"""
        try:
            count, total = map(int, (self.place.directory / "counter").read_text().split())
        except OSError:
            return "never ended by itself"
        if "cannot watch the process" in self.place.errors():
            return "all"  # it may have been one that was killed for that; its count is not known
        files = sorted(self.place.directory.glob("pumped.log*"),
                       key=lambda path: -int(path.suffix[1:]) if path.suffix != ".log" else 0)
        data = b"".join(path.read_bytes() for path in files)
        wanted = b"".join(b"%010d %s\n" % (n, b"x" * (n * 7919 % 200)) for n in range(count))
        return "all" if data == wanted and len(data) == total else "not all"


def whole_life(place, cgroups):
    life = Life(place, cgroups)
    try:
        go_through(life)
    finally:
        life.end()
    return place.check_end(life.markers)


def go_through(life):
    life.connect()
    life.settle("up")
    life.ask("stop", "stop", "shell_1")
    life.ask("start", "start", "shell_1", "--wait", "--timeout", "5")
    life.ask("restart", "restart", "pumped")
    life.settle("restarted")
    life.kill_one()
    life.write(instances=2)
    life.ask("reload", "reload")
    life.settle("reloaded")
    life.process.send_signal(signal.SIGHUP)
    life.ask("logs", "logs", "pumped", "5")
    life.ask("describe", "describe", "direct")
    life.ask("events", "events")
    life.ask("signal", "signal", "USR1", "nothing")
    life.process.send_signal(signal.SIGUSR1)
    life.settle("at last")
    life.measure()


def with_cgroups(place):
    return whole_life(place, "auto")


def without_cgroups(place):
    return whole_life(place, "off")
