"""Clients of the control socket with a deadline on every answer, and those that behave badly."""
import json
import os
import select
import socket
import time


NOBODY = 65534


class Late(Exception):
    """No answer within the deadline."""


class Gone(Exception):
    """The supervisor cannot be reached, or went away in the middle of an answer."""


def connect(path, seconds):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(seconds)
    try:
        connection.connect(str(path))
    except TimeoutError as error:
        connection.close()
        raise Late(f"no connection within {seconds} s") from error
    except OSError as error:
        connection.close()
        raise Gone(f"{path}: {error}") from error
    return connection


class Call:
    """One command on a connection of its own. It is under way until exit is no longer None."""

    def __init__(self, path, words, seconds, **members):
        self.words = words
        self.exit = self.error = None
        self.output = ""
        self.results = []
        self.lost = False  # its connection ended before its answer
        self.deadline = time.monotonic() + seconds
        self.seconds = seconds
        self.unread = b""
        self.socket = connect(path, seconds)
        request = {"id": 1, "command": words[0], "args": words[1:], **members}
        try:
            self.socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError:
            pass  # what it was told, such as that there are too many, is still to be read

    def __repr__(self):
        return f"'{' '.join(self.words)}' (exit {self.exit}, {self.error}, {self.output[-300:]!r})"

    def close(self):
        self.socket.close()

    @property
    def ended(self):
        return self.exit is not None or self.lost

    def poll(self, seconds=0):
        """Takes what has come, or comes within that time. True once the answer is whole."""
        if not self.ended and select.select([self.socket], [], [], seconds)[0]:
            try:
                data = self.socket.recv(1 << 16)
            except OSError:
                data = b""
            self.lost = not data
            self.unread += data
            while b"\n" in self.unread:
                line, _, self.unread = self.unread.partition(b"\n")
                self._take(json.loads(line))
        if self.ended:
            self.close()
        return self.ended

    def _take(self, reply):
        self.output += reply.get("output", "")
        if "result" in reply:
            self.results.append(reply["result"])
        if "exit" in reply:
            self.exit, self.error = reply["exit"], reply.get("error")

    def finish(self):
        """Waits for the answer."""
        while not self.poll(0.05):
            self.check_deadline()
        if self.lost and self.exit is None:
            raise Gone(f"no answer to {self}, but the end of the connection")
        return self

    def check_deadline(self):
        if not self.ended and time.monotonic() > self.deadline:
            self.close()
            raise Late(f"no answer to {self} within {self.seconds:.0f} s")


def as_stranger(path, seconds):
    """What another user is told who asks for the status. As root only."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            connection = connect(path, seconds)
            try:
                connection.sendall(b'{"id":1,"command":"status"}\n')
            except BrokenPipeError:
                pass  # refused already; what it was told is still to be read
            theirs.sendall(connection.recv(1 << 16))
        except (OSError, Gone, Late) as error:
            theirs.sendall(str(error).encode())
        finally:
            os._exit(0)
    theirs.close()
    os.waitpid(pid, 0)
    with ours:
        return ours.recv(1 << 16)
