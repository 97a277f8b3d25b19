"""What it costs to have a child's output in a file."""
import os
import signal
import time

import world
from contenders import Contender, Supervisord, Taskmaster
from measures import PATIENCE, Life

LATE = 10  # seconds after the last write until bytes count as lost


class File(Contender):
    """The writer alone, its stdout the file."""
    name = "file"

    def write(self, directory, n, program):
        return program

    def log(self, directory):
        return f"{directory}/output"


class Copier(Contender):
    name = "copier"

    def __init__(self, programs):
        self.program = os.path.join(programs, "copier")

    def write(self, directory, n, program):
        return [self.program, self.log(directory), *program]

    def log(self, directory):
        return f"{directory}/log"


class Pumped(Taskmaster):
    """With the log pump, which any limit of a log's size brings in."""
    keys = ", logMaxSize: 1GB"

    def log(self, directory):
        return f"{directory}/log"

    def write(self, directory, n, program, keys=""):
        return super().write(directory, n, program, f", stdout: {self.log(directory)}{self.keys}")


class Direct(Pumped):
    """Without: the child opens the file."""
    keys = ""


class SupervisordLog(Supervisord):
    def log(self, directory):
        return f"{directory}/log"

    def write(self, directory, n, program, keys=""):
        return super().write(directory, n, program, f"stdout_logfile={self.log(directory)}\n"
                             "stdout_logfile_maxbytes=0\nstderr_logfile=NONE\n")


def wait_size(path, size):
    deadline = time.monotonic() + LATE
    while os.path.getsize(path) < size and time.monotonic() < deadline:
        time.sleep(0.001)


def lost_bytes(path, size, chunk):
    """How many bytes are not where the writer put them in order."""
    good = 0
    with open(path, "rb", buffering=1 << 20) as file:
        while line := file.read(chunk):
            if len(line) < chunk or int(line[:15]) != good or line[-1:] != b"\n":
                break
            good += 1
    return size - good * chunk


def capture(figures, measure, contender, programs, base, size, chunk):
    """One writer under one contender: MB/s, CPU seconds per GB, bytes lost."""
    one = Life(contender, 1, [f"{programs}/writer", str(size), str(chunk)], base)
    try:
        one.wait_started()
        time.sleep(0.2)  # whoever started it has nothing to do any more
        writer, pids = one.board.entries()[0][1], one.pids()
        path = contender.log(one.directory)
        before = world.cpu_ns(pids)
        one.board.expect(2)
        os.kill(writer, signal.SIGUSR1)
        one.board.wait(PATIENCE)
        (began, _), (ended, _) = one.board.entries(1)
        if os.path.getsize(path) < size:
            wait_size(path, size)
            ended = world.now_ns()
        name = contender.name
        figures.add(f"{measure}_speed", name, size / 1e6 / ((ended - began) / 1e9))
        figures.add(f"{measure}_cpu", name, (world.cpu_ns(pids) - before) / 1e9 / (size / 1e9))
        figures.add(f"{measure}_lost", name, lost_bytes(path, size, chunk))
    finally:
        one.close()


def rivals(programs, binary):
    """measure: (contenders, bytes of a write, MB)"""
    pumps = [Copier(programs), Pumped(binary), SupervisordLog()]
    return {"log_4000": (pumps, 4000, 200), "log_100": (pumps, 100, 50),
            "direct": ([File(), Direct(binary)], 4000, 200)}
