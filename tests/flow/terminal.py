"""taskmaster, or a shell that starts it, on a terminal whose screen can be looked at."""
import os
import signal

import pexpect
import pyte

from harness import patience, wait_for
from processes import Process

PROMPT = "Taskmaster> "


class Screen:
    """A child on a pseudo-terminal."""

    def __init__(self, box, argv, *, columns=100, rows=40, env=None):
        self.box = box
        self.raw = b""
        self.ends = False
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.child = pexpect.spawn(argv[0], [str(arg) for arg in argv[1:]], timeout=10 * patience(),
                                   cwd=str(box.directory), dimensions=(rows, columns),
                                   env={**box.env, **(env or {})}, echo=True)
        self.child.delaybeforesend = None
        self.pid = self.child.pid
        box.supervisors.append(self)

    # ---- looking ----

    def pump(self):
        """Takes in what there is to read."""
        if self.child.closed:
            return
        try:
            while True:
                data = self.child.read_nonblocking(65536, 0)
                self.raw += data
                self.stream.feed(data)
        except (pexpect.TIMEOUT, pexpect.EOF, OSError):
            pass

    def rows(self):
        """The lines of the screen, without what is blank at their ends and below."""
        self.pump()
        rows = [row.rstrip() for row in self.screen.display]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def last(self):
        rows = self.rows()
        return rows[-1] if rows else ""

    def wait_screen(self, condition, timeout=10):
        """Waits until condition(rows) holds, or a text is somewhere on the screen."""
        if isinstance(condition, str):
            text = condition
            condition = lambda rows: any(text in row for row in rows)
        wait_for(lambda: condition(self.rows()), timeout,
                 lambda: "on the screen:\n" + "\n".join(self.rows()))
        return self.rows()

    def colours_of(self, word):
        """The colours in which a word is on the screen."""
        self.pump()
        found = set()
        for y, row in enumerate(self.screen.display):
            x = row.find(word)
            if x >= 0:
                found |= {self.screen.buffer[y][x + i].fg for i in range(len(word))}
        return found

    # ---- typing ----

    def type(self, text):
        self.child.send(text)

    def resize(self, columns, rows):
        self.screen.resize(rows, columns)
        self.child.setwinsize(rows, columns)

    # ---- ending ----

    def reaped(self):
        return self.child.terminated

    def alive(self):
        return self.child.isalive()

    def signal(self, signo):
        os.kill(self.pid, signo)

    def wait_exit(self, timeout=15):
        """Waits for its end; returns the exit status, or minus the number of a signal."""
        self.ends = True
        wait_for(lambda: self.pump() or not self.child.isalive(), timeout,
                 lambda: f"its end; {Process(self.pid)}, on the screen:\n" + "\n".join(self.rows()))
        self.pump()
        if self.child.exitstatus is not None:
            return self.child.exitstatus
        return -self.child.signalstatus

    def hang_up(self):
        """Closes the terminal, as its window would."""
        self.pump()
        os.close(self.child.child_fd)
        self.child.child_fd = -1
        self.child.closed = True

    def end(self):
        if not self.ends:
            self.signal(signal.SIGTERM)
            status = self.wait_exit()
            assert status == 0, f"exit status {status}"

    def kill(self):
        if not self.child.terminated:
            Process(self.pid).kill()
            try:
                os.waitpid(self.pid, 0)
            except ChildProcessError:
                pass
            self.child.terminated = True
        if not self.child.closed:
            os.close(self.child.child_fd)
            self.child.closed = True

    def transcript(self):
        return "--terminal--\n" + self.raw.decode(errors="replace")


class Terminal(Screen):
    """taskmaster itself, as the leader of a session."""

    def __init__(self, box, argv, **kwargs):
        super().__init__(box, argv, **kwargs)
        self.wait_prompt()

    def wait_prompt(self, typed="", timeout=10):
        """Waits until the prompt, with this typed behind it, is the last line."""
        return self.wait_screen(lambda rows: rows and rows[-1] == (PROMPT + typed).rstrip(),
                                timeout)

    def send(self, command, timeout=10):
        """Clears the screen, gives a command, and returns the lines above the next prompt."""
        self.wait_prompt()
        self.screen.reset()
        self.type(command + "\r")
        rows = self.wait_screen(
            lambda rows: len(rows) > 1 and rows[-1] == PROMPT.rstrip(), timeout)
        return rows[1:-1]


class OuterShell(Screen):
    """sh -i: something to be in the background of."""

    PROMPT = "outer>"

    def __init__(self, box, **kwargs):
        env = {"PS1": self.PROMPT + " ", "ENV": "", **kwargs.pop("env", {})}
        self.prompts = 0  # that had been printed when something was typed last
        super().__init__(box, ["/bin/sh", "-i"], env=env, **kwargs)
        self.wait_outer()

    def _count_prompts(self):
        return self.raw.count(self.PROMPT.encode())

    def type(self, keys):
        self.pump()
        self.prompts = self._count_prompts()
        super().type(keys)

    def _is_done(self, rows):
        """There is a prompt, and not just the one that was typed at."""
        return rows and rows[-1] == self.PROMPT and self._count_prompts() > self.prompts

    def wait_outer(self, timeout=10):
        return self.wait_screen(self._is_done, timeout)

    def run(self, command, timeout=10):
        """Clears the screen, has the shell run a command, and returns what it printed."""
        self.screen.reset()
        self.type(command + "\r")
        return self.wait_outer(timeout)[1:-1]

    def settings(self):
        """Everything that stty knows of the terminal."""
        return self.run("stty -g")

    def end(self):
        if not self.ends:
            self.type("exit\r")
            self.wait_exit()
