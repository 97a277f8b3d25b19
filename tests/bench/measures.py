"""One life of one supervisor with N children: start, what it holds, restarts, status, stop."""
import contextlib
import os
import shutil
import signal
import tempfile
import time

import world
from board import Board

PATIENCE = 60          # seconds for any one thing
UP = 1.3               # seconds: longer than anybody's start time, and s6 and runit restart at once
GAP = 0.01             # between two restarts: the supervisor has gone to sleep
RESTARTS_SECONDS = 4  # for the restarts of one life


class Life:
    """A supervisor that runs, in a directory of its own."""

    def __init__(self, contender, n, program, base, **more):
        self.contender, self.n = contender, n
        self.directory = tempfile.mkdtemp(dir=base)
        self.board = Board(self.directory)
        self.board.expect(n)
        self.command = contender.write(self.directory, n, program, **more)
        self.pid = world.spawn(self.command, f"{self.directory}/output", self.board,
                               {**self.board.environment, **contender.environment},
                               contender.stop_signal, self.directory)
        self.gone = False

    def wait_started(self):
        """Returns the seconds from the supervisor's exec to the last child's first instruction."""
        if self.n == 0:
            time.sleep(UP)
            return None
        self.board.wait(PATIENCE)
        return (max(ns for ns, _ in self.board.entries()) - self.board.exec_ns) / 1e9

    def wait_running(self):
        """Waits until every child has been up for long enough that its restart is a plain one."""
        newest = max((ns for ns, _ in self.board.entries()), default=0)
        time.sleep(max(0, UP - (world.now_ns() - newest) / 1e9))

    def pids(self):
        """The supervisor's own processes."""
        children = {pid for _, pid in self.board.entries()}
        return [pid for pid in world.descendants(self.pid) if pid not in children]

    def restart(self, pid):
        """Kills a child. Returns the milliseconds to the first instruction of the next one."""
        before = self.board.done
        self.board.expect(1)
        killed = world.now_ns()
        os.kill(pid, signal.SIGKILL)
        self.board.wait(PATIENCE)
        return (self.board.entries(before)[0][0] - killed) / 1e6

    def restarts(self, most):
        """Restarts of up to `most` children that have been up since the start."""
        deadline = time.monotonic() + RESTARTS_SECONDS
        victims = [pid for _, pid in self.board.entries()]
        victims = victims[::max(1, len(victims) // most)][:most]
        took = []
        for pid in victims:
            took.append(self.restart(pid))
            time.sleep(GAP)
            if time.monotonic() > deadline:
                break
        return took

    def status(self):
        """Seconds of the command that shows the state of all."""
        seconds, code = world.run(self.contender.status, f"{self.directory}/status")
        with open(f"{self.directory}/status", encoding="utf-8") as file:
            rows = sum(1 for line in file if "child" in line or "/services/" in line)
        if rows < self.n:
            raise world.Broken(f"status has {rows} rows for {self.n}, exit code {code}")
        return seconds

    def stop(self):
        """Returns the seconds from the signal until nothing is left. Nothing else may be running."""
        began = world.now_ns()
        os.kill(self.pid, self.contender.stop_signal)
        if not world.wait_gone(PATIENCE):
            raise world.TookTooLong(f"> {PATIENCE} s")
        self.gone = True
        return (world.now_ns() - began) / 1e9

    def close(self):
        if not self.gone:
            world.kill_all()
        self.board.close()
        shutil.rmtree(self.directory)


@contextlib.contextmanager
def life(*arguments, **more):
    one = Life(*arguments, **more)
    try:
        yield one
    finally:
        one.close()


def whole_life(figures, contender, n, program, base, restarts=0, statuses=0, idle_s=0):
    """Everything that is measured of one life, into figures."""
    name = contender.name
    with life(contender, n, program, base) as one:
        if n:
            figures.add(f"start_{n}", name, one.wait_started())
        else:
            one.wait_started()
        one.wait_running()
        pids = one.pids()
        figures.add(f"memory_{n}", name, world.pss_kib(pids))
        figures.add(f"threads_{n}", name, world.threads(pids))
        figures.add(f"descriptors_{n}", name, world.descriptors(pids))
        figures.add(f"processes_{n}", name, len(pids))
        if idle_s:
            measure_idle(figures, one, pids, idle_s)
        if restarts:
            figures.add(f"restart_{n}", name, *one.restarts(restarts))
        for _ in range(statuses if contender.status else 0):
            figures.add(f"status_{n}", name, one.status() * 1e3)
        if n:
            figures.add(f"stop_{n}", name, one.stop())


def kill_method(contender, program, base):
    """What taskmaster says of how it finds what is left of a child: with a cgroup, or not."""
    with life(contender, 1, program, base) as one:
        one.wait_started()
        path = f"{one.directory}/describe"
        world.run([*contender.status[:-1], "describe", "child"], path)
        with open(path, encoding="utf-8") as file:
            lines = [line.split(":", 1)[1].strip() for line in file if line.strip().startswith("kill:")]
        return lines[0] if lines else "?"


def measure_idle(figures, one, pids, seconds):
    time.sleep(1)
    before = world.cpu_ns(pids), world.switches(pids)
    time.sleep(seconds)
    after = world.switches(pids), world.cpu_ns(pids)
    name = one.contender.name
    figures.add(f"idle_cpu_{one.n}", name, (after[1] - before[0]) / 1e6 * 10 / seconds)
    figures.add(f"idle_switches_{one.n}", name, (after[0] - before[1]) * 10 / seconds)


def restarts_alone(figures, contenders, program, base, rounds):
    """One child each, all supervisors at once, and in each round one restart of each."""
    lives, measure = [], "restart_1"
    try:
        for contender in contenders:
            lives.append(Life(contender, 1, program, base))
        for one in lives:
            one.wait_started()
        for number in range(rounds + 1):
            for one in lives:
                one.wait_running()
            for one in lives[number % len(lives):] + lives[:number % len(lives)]:
                took = one.restart(one.board.entries()[-1][1])
                if number > 0:  # the first is to warm up
                    figures.add(measure, one.contender.name, took)
    finally:
        world.kill_all()
        for one in lives:
            one.gone = True
            one.close()
