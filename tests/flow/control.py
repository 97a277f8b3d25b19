"""A client of the control socket that speaks its protocol byte by byte, without taskmaster ctl."""
import json
import socket
import time

from harness import patience, wait_for


class Answer:
    """All replies to one request."""

    def __init__(self, replies):
        self.replies = replies
        self.id = replies[-1]["id"]
        self.output = "".join(reply.get("output", "") for reply in replies)
        self.lines = self.output.splitlines()
        self.results = [reply["result"] for reply in replies if "result" in reply]
        self.waiting = [reply["waiting"] for reply in replies if "waiting" in reply]
        self.error = replies[-1].get("error")
        self.exit = replies[-1]["exit"]


class Control:
    """One connection."""

    def __init__(self, path, timeout=20):
        self.timeout = timeout
        self.unread = b""
        self.last_id = 0
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout * patience())
        try:
            self.socket.connect(str(path))
        except OSError:
            self.socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.close()

    def close(self):
        self.socket.close()

    def send_bytes(self, data):
        self.socket.sendall(data)

    def request(self, command, *args, **members):
        """Sends a request, and returns its id without waiting for the answer."""
        self.last_id += 1
        request = {"id": self.last_id, "command": command, "args": list(args), **members}
        self.send_bytes(json.dumps(request).encode() + b"\n")
        return request["id"]

    def end_of_requests(self):
        """Says that no more will be sent; what was asked is still to be answered."""
        self.socket.shutdown(socket.SHUT_WR)

    def reply(self):
        """The next line, as an object; None: the other side has closed."""
        while b"\n" not in self.unread:
            try:
                data = self.socket.recv(1 << 16)
            except ConnectionResetError:
                data = b""
            if not data:
                assert not self.unread, f"half a reply: {self.unread[:200]}"
                return None
            self.unread += data
        line, _, self.unread = self.unread.partition(b"\n")
        return json.loads(line)

    def answer(self):
        """The replies up to the next one that is the last of its answer."""
        replies = []
        while not replies or "exit" not in replies[-1]:
            reply = self.reply()
            assert reply, f"closed in the middle of an answer: {replies}"
            replies.append(reply)
        assert {reply["id"] for reply in replies} == {replies[0]["id"]}, replies
        return Answer(replies)

    def ask(self, command, *args, **members):
        """Sends a request, and returns its answer."""
        sent = self.request(command, *args, **members)
        answer = self.answer()
        assert answer.id == members.get("id", sent)
        return answer

    def status(self, *targets):
        """What `status --json` says, by name."""
        answer = self.ask("status", *targets, json=True)
        assert answer.exit in (0, 3) and len(answer.results) == 1, answer.replies
        return {task["name"]: task for task in answer.results[0]["tasks"]}

    def wait_state(self, name, *states, timeout=10):
        """Waits until an instance is in one of these states, and returns its status."""
        def there():
            task = self.status(name)[name]
            return task if task["status"] in states else None
        return wait_for(there, timeout, lambda: f"{name} in {states}; it is {self.status(name)}")

    def at_end(self):
        """Waits until the other side closes, which must not say anything more."""
        return self.reply() is None


def connect(path, timeout=10):
    """A connection to a supervisor that may not serve its socket yet."""
    deadline = time.monotonic() + timeout * patience()
    while True:
        try:
            return Control(path)
        except (FileNotFoundError, ConnectionRefusedError):
            assert time.monotonic() < deadline, f"nobody serves {path}"
            time.sleep(0.01)
