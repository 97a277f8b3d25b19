"""Where the children report: see board.h, which has the same layout."""
import mmap
import os
import select
import struct
import time

from world import TookTooLong, now_ns

BYTES = 1 << 20
HEADER = struct.Struct("qqqq")  # next, done, goal, exec_ns
ENTRY = struct.Struct("qq")     # ns, pid


class Board:
    """One for each supervisor that is measured. `environment` is what its children need."""

    def __init__(self, directory):
        path, bell = os.path.join(directory, "board"), os.path.join(directory, "bell")
        os.mkfifo(bell)
        with open(path, "w+b") as file:
            file.truncate(BYTES)
            self.map = mmap.mmap(file.fileno(), BYTES)
        self.bell = os.open(bell, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self.environment = {"BENCH_BOARD": path, "BENCH_BELL": bell}
        self.expect(1)

    def close(self):
        os.close(self.bell)
        self.map.close()

    def header(self):
        return HEADER.unpack_from(self.map)

    @property
    def done(self):
        return self.header()[1]

    def expect(self, more):
        """Sets the goal: so many reports more than there are now. wait() is for these."""
        struct.pack_into("q", self.map, 16, self.done + more)

    def note_exec(self):
        struct.pack_into("q", self.map, 24, now_ns())

    @property
    def exec_ns(self):
        return self.header()[3]

    def wait(self, seconds):
        """Sleeps until the goal is reached."""
        deadline = time.monotonic() + seconds
        while True:
            _, done, goal, _ = self.header()
            if done >= goal:
                break
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.bell], [], [], left)[0]:
                raise TookTooLong(f"> {seconds:.0f} s")
            os.read(self.bell, 4096)
        try:
            os.read(self.bell, 4096)
        except BlockingIOError:
            pass

    def entries(self, first=0):
        """The reports from number `first` on: (ns, pid)."""
        return [ENTRY.unpack_from(self.map, HEADER.size + ENTRY.size * i)
                for i in range(first, self.done)]
