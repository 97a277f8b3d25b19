"""A disk that hangs: a supervisor that is started through helper/hang.c asks before it opens a log,
and gets no answer for files that are said to hang. So does it before it makes a process, which may
be said to hang by the name of VFORK."""
import fcntl
import os
import select
import socket
import struct
import threading

import pytest

from harness import helper, wait_for

NOTIF = struct.Struct("=QIIiIQ6Q")  # struct seccomp_notif
NOTIF_RECV, NOTIF_SEND = 0xc0502100, 0xc0182101
VFORK = "vfork"
SYS_OPENAT = {"x86_64": 257}.get(os.uname().machine, 56)
GO_ON = 1  # SECCOMP_USER_NOTIF_FLAG_CONTINUE


class HungDisk:
    def __init__(self):
        self.ours, self.theirs = socket.socketpair()
        self.hanging = set()  # paths
        self.held = []        # (path, what is to be answered)
        self.listener = None
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def how(self):
        """How box.foreground() and the like are to start a supervisor."""
        fd = self.theirs.fileno()
        return {"command": helper("hang", fd), "pass_fds": (fd,)}

    def attend(self):
        """To be called once the supervisor was started."""
        self.theirs.close()
        _, fds, _, _ = socket.recv_fds(self.ours, 1, 1)
        self.ours.close()
        if not fds:
            pytest.skip("the kernel lets nobody decide on system calls here")
        self.listener = fds[0]
        self.thread.start()

    def hang(self, *paths):
        with self.lock:
            self.hanging |= {str(path) for path in paths}

    def come_back(self, *paths):
        """What is held is answered, and these hang no more; without any: nothing does."""
        with self.lock:
            back = {str(path) for path in paths} or self.hanging
            answers = [answer for path, answer in self.held if path in back]
            self.held = [held for held in self.held if held[0] not in back]
            self.hanging = self.hanging - back
        for answer in answers:
            self._answer(answer)

    def count(self, path):
        """How many wait for this file."""
        with self.lock:
            return [held for held, _ in self.held].count(str(path))

    def wait_held(self, path, count=1):
        wait_for(lambda: self.count(path) >= count, what=f"{count} hang on {path}")

    def _answer(self, answer):
        try:
            fcntl.ioctl(self.listener, NOTIF_SEND, answer)
        except FileNotFoundError:
            pass  # whoever asked has ended

    def _take(self):
        asked = bytearray(NOTIF.size)
        try:
            fcntl.ioctl(self.listener, NOTIF_RECV, asked)
            number, pid, _, call, _, _, _directory, address, _, _, _, _ = NOTIF.unpack(asked)
            path = VFORK
            if call == SYS_OPENAT:
                with open(f"/proc/{pid}/mem", "rb") as memory:
                    memory.seek(address)
                    path = memory.read1(4096).split(b"\0")[0].decode()
        except (FileNotFoundError, ProcessLookupError):
            return  # it has ended
        answer = struct.pack("=QqiI", number, 0, 0, GO_ON)
        with self.lock:
            hangs = path in self.hanging
            if hangs:
                self.held.append((path, answer))
        if not hangs:
            self._answer(answer)

    def _run(self):
        poll = select.poll()
        poll.register(self.listener, select.POLLIN)
        while True:
            for _, events in poll.poll():
                if events & select.POLLIN:
                    self._take()
                elif events & (select.POLLHUP | select.POLLERR):  # all have ended
                    os.close(self.listener)
                    return
