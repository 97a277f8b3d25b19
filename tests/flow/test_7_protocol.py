"""The control socket, spoken to byte by byte: requests, replies, and clients of every temper."""
import fcntl
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from control import Control, connect
from harness import ROOT, helper, now_ms, patience, wait_for, wait_lines

LINE_MAX = 64 << 10
SLEEPER = {"command": "sleep 600"}
PAGE = ROOT / "src/PROTOCOL.md"


def serve(box, tasks=None, **supervisor):
    return box.daemon({"tasks": {"web": SLEEPER} if tasks is None else tasks,
                       "supervisor": supervisor})


# ---- requests and replies ----

@pytest.mark.valgrind
def test_a_command_is_answered_as_in_the_shell(box):
    supervisor = serve(box)
    with Control(supervisor.socket) as client:
        started = client.ask("start", "web")
        pid = client.status()["web"]["pid"]
        assert (started.output, started.exit) == (f"Process 'web' started with PID {pid}\n", 0)
        assert client.ask("start", "web").output == "Process 'web' is already running\n"
        missing = client.ask("stop", "nope", id="a")
        assert (missing.output, missing.exit, missing.id) == ("Task 'nope' not found.\n", 1, "a")
        misused = client.ask("start")
        assert misused.exit == 2 and misused.error is None and "usage: start" in misused.output
        assert client.ask("stop", "all").lines == ["Process 'web' stopped gracefully"]
        assert client.ask("status", "web").exit == 3


def test_with_json_answers_are_objects(box):
    supervisor = serve(box)
    with Control(supervisor.socket) as client:
        answer = client.ask("status", json=True)
        assert [task["name"] for task in answer.results[0]["tasks"]] == ["web"]
        assert answer.output == "" and answer.exit == 0


def test_requests_of_one_connection_are_carried_out_in_order(box):
    supervisor = serve(box)
    with Control(supervisor.socket) as client:
        sent = [client.request(command, "web") for command in ("start", "stop", "start", "pid")]
        answers = [client.answer() for _ in sent]
        assert [answer.id for answer in answers] == sent
        assert answers[1].output == "Process 'web' stopped gracefully\n"
        assert answers[3].output == f"{client.status()['web']['pid']}\n"


@pytest.mark.parametrize("line, id, error", [
    (b"frob", None, "bad JSON"),
    (b"[" * 60000, None, "bad JSON"),
    (b'["status"]', None, "a request is an object"),
    (b'{"id":7,"command":"frob"}', 7,
     "Unknown command: frob. Type 'help' for a list of commands."),
    (b'{"id":"x","command":"stop","args":[null]}', "x", "'args' must be a list of strings"),
    (b'{"id":8,"command":"pid","protocol":2}', 8, "this is protocol 1"),
    (b'{"command":"pid"\0}', None, "NUL"),
    (b"\xff\xfe{}", None, "bad JSON"),
    (b'{"command":"' + b"x" * LINE_MAX + b'"}', None, "longer than 64 KiB"),
    (b"x" * (1 << 20), None, "longer than 64 KiB"),
], ids=["no JSON", "deep", "list", "unknown", "argument", "version", "NUL", "no UTF-8", "long",
        "very long"])
def test_what_cannot_be_understood_is_refused_and_the_connection_goes_on(box, line, id, error):
    supervisor = serve(box)
    with Control(supervisor.socket) as client:
        client.send_bytes(b"\n \n" + line + b"\n")
        answer = client.answer()
        assert (answer.id, answer.exit, answer.output) == (id, 2, "")
        assert error in answer.error
        assert client.ask("pid").output == f"{supervisor.pid}\n"


def test_a_long_answer_comes_in_pieces_of_whole_lines(box):
    supervisor = serve(box, {"web": {**SLEEPER, "instances": 1500}})
    with Control(supervisor.socket) as client:
        answer = client.ask("status")
        pieces = [reply["output"] for reply in answer.replies if "output" in reply]
        assert len(pieces) > 1 and len(answer.lines) == 1501
        assert all(piece.endswith("\n") and len(piece) <= 32 << 10 for piece in pieces)


def test_who_asks_for_progress_is_told_what_a_silent_command_waits_for(box):
    stubborn = {"command": helper("stubborn", "pids", 0), "gracefulStopTimeout": 4}
    supervisor = serve(box, {"web": {**stubborn, "autoLaunch": True}})
    with Control(supervisor.socket) as client:
        wait_lines(box.path("pids"))
        answer = client.ask("stop", "web", progress=True)
        assert answer.waiting == ["waiting for web to stop"]
        assert answer.lines == ["Process 'web' did not stop in 4s, killed"]


def test_exit_and_quit_leave_the_client_only(box):
    supervisor = serve(box)
    for command, args in (("exit", ()), ("quit", ("--",))):
        with Control(supervisor.socket) as client:
            assert client.ask(command, *args).exit == 0
            assert client.at_end()
    with Control(supervisor.socket) as client:
        assert client.status()["web"]["status"] == "STOPPED"


# ---- clients of every temper ----

def test_a_client_that_sends_no_more_is_still_answered(box):
    supervisor = serve(box)
    with Control(supervisor.socket) as client:
        client.request("start", "web")
        client.send_bytes(b'{"id":"last","command":"status","args":["web"]}')  # without an end
        client.end_of_requests()
        assert client.answer().exit == 0
        last = client.answer()
        assert (last.id, last.exit) == ("last", 0)
        assert client.at_end()


def test_what_a_client_that_is_gone_had_asked_for_is_done(box):
    supervisor = serve(box)
    with Control(supervisor.socket) as client:
        client.request("start", "web")
    with Control(supervisor.socket) as client:
        client.wait_state("web", "STARTED", "RUNNING")


def test_a_client_that_goes_while_it_waits_cancels_nothing(box):
    never = {"command": "sleep 600", "successfulStartTimeout": 3600}
    supervisor = serve(box, {"web": never})
    with Control(supervisor.socket) as other:
        with Control(supervisor.socket) as client:
            client.request("start", "web", "--wait")
            pid = wait_for(lambda: other.status()["web"]["pid"])
            descriptors = supervisor_descriptors(supervisor)
        wait_for(lambda: supervisor_descriptors(supervisor) == descriptors - 3,
                 what="the connection and its call closed")
        assert other.status()["web"]["pid"] == pid


def supervisor_descriptors(supervisor):
    return len(os.listdir(f"/proc/{supervisor.pid}/fd"))


def test_half_a_line_may_take_ten_seconds_and_silence_any_time(box):
    supervisor = serve(box)
    with Control(supervisor.socket) as silent, Control(supervisor.socket) as client:
        began = now_ms()
        client.send_bytes(b'{"id":1,')
        answer = client.answer()
        assert now_ms() - began >= 10000
        assert (answer.id, answer.exit) == (None, 2)
        assert answer.error == "the line was not finished in 10 s"
        assert client.at_end()
        assert silent.ask("pid").exit == 0


def test_one_client_too_many_is_told_so(box):
    supervisor = serve(box)
    clients = [Control(supervisor.socket) for _ in range(64)]
    assert clients[-1].ask("pid").exit == 0
    with Control(supervisor.socket) as late:
        answer = late.answer()
        assert (answer.id, answer.error, answer.exit) == (None, "too many clients (64)", 1)
        assert late.at_end()
    clients.pop().close()

    def answered():
        with Control(supervisor.socket) as client:
            client.request("pid")
            return client.answer().exit == 0
    wait_for(answered)
    for client in clients:
        client.close()


def test_a_client_that_reads_nothing_holds_up_nobody(box):
    supervisor = serve(box, {"web": {**SLEEPER, "instances": 1000}})
    with Control(supervisor.socket) as deaf, Control(supervisor.socket) as other:
        deaf.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):  # it is not read from either
            while True:
                deaf.send_bytes(b'{"id":1,"command":"status"}\n' * 1000)
        assert other.ask("start", "web_1").exit == 0
        deaf.socket.settimeout(20 * patience())
        for _ in range(20):
            assert len(deaf.answer().lines) == 1001
        supervisor.signal(signal.SIGTERM)
        began = now_ms()
        assert supervisor.wait_exit() == 0
        assert now_ms() - began < 5000 * patience()


def test_a_want_of_descriptors_makes_clients_wait_and_nothing_spin(box):
    supervisor = serve(box)
    with Control(supervisor.socket) as client:
        assert client.ask("pid").exit == 0
        hard = resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE)[1]
        more = [Control(supervisor.socket) for _ in range(60)]
        assert more[-1].ask("pid").exit == 0
        taken = {int(fd) for fd in os.listdir(f"/proc/{supervisor.pid}/fd")}
        first_free = min(set(range(1000)) - taken)
        resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE, (first_free, hard))
        answer = client.ask("pid")
        assert (answer.error, answer.exit) == ("out of memory or descriptors, try again", 1)
        with Control(supervisor.socket) as late:
            late.request("pid")
            wait_for(lambda: "cannot accept clients now" in str(supervisor.log()))
            began, spent = now_ms(), cpu_ms(supervisor.pid)
            wait_for(lambda: now_ms() - began > 1000)
            assert cpu_ms(supervisor.pid) - spent < 500
            assert client.ask("frob").exit == 2
            resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE, (hard, hard))
            assert late.answer().exit == 0
        for idle in more:
            idle.close()


def cpu_ms(pid):
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 // os.sysconf("SC_CLK_TCK")


# ---- the end ----

def test_a_shutdown_is_answered_when_all_is_stopped_and_the_connection_ends_with_the_process(box):
    supervisor = serve(box, {"web": {**SLEEPER, "autoLaunch": True, "instances": 20}})
    with Control(supervisor.socket) as client, Control(supervisor.socket) as waiting:
        client.wait_state("web_20", "STARTED", "RUNNING")
        waiting.request("events", "-f")
        answer = client.ask("shutdown")
        assert answer.exit == 0
        assert not supervisor.children()
        assert client.at_end()
        assert waiting.answer().error == "taskmaster is shutting down"
        with open(f"{supervisor.socket}.lock", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert not Path(supervisor.socket).exists()
    assert supervisor.wait_exit() == 0


def test_help_for_shutdown_shuts_nothing_down(box):
    supervisor = serve(box)
    with Control(supervisor.socket) as client:
        assert client.ask("shutdown", "--help").exit == 0
        assert client.ask("shutdown", "now").exit == 2
        assert client.ask("start", "web").exit == 0


def test_who_waits_is_answered_when_the_supervisor_ends(box):
    supervisor = serve(box, {"web": {**SLEEPER, "successfulStartTimeout": 3600}})
    with Control(supervisor.socket) as client:
        client.request("start", "web", "--wait")
        with Control(supervisor.socket) as other:
            other.wait_state("web", "STARTED")
        assert supervisor.terminate() == 0
        answer = client.answer()
        assert "web" in answer.output and answer.exit == 1
        assert client.at_end()


# ---- the file, and who may connect ----

@pytest.mark.parametrize("how", ["by itself", "on SIGUSR1"])
def test_a_socket_that_is_swept_away_comes_back(box, how):
    supervisor = serve(box)
    path = Path(supervisor.socket)
    with Control(path) as before:
        path.unlink()
        if how == "on SIGUSR1":
            supervisor.signal(signal.SIGUSR1)
        wait_for(path.exists)
        assert before.ask("pid").exit == 0
        with connect(path) as client:
            assert client.ask("pid").output == f"{supervisor.pid}\n"
    assert supervisor.terminate() == 0
    assert not path.exists()


@pytest.fixture
def public():
    """A directory that every user can reach."""
    with tempfile.TemporaryDirectory(prefix="taskmaster-test.") as directory:
        os.chmod(directory, 0o755)
        yield Path(directory)


ASK_PID = """
import socket, sys
client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[1])
try:
    client.sendall(b'{"id":1,"command":"pid"}\\n')
except BrokenPipeError:
    pass
print(client.makefile().readline())
"""


def first_reply_to(path, user, groups):
    """What a client of another user is told first, or None where the kernel does not let it in."""
    run = subprocess.run([sys.executable, "-c", ASK_PID, path], capture_output=True, text=True,
                         user=user, group=user, extra_groups=groups, check=False, cwd="/",
                         timeout=20 * patience())
    if "PermissionError" in run.stderr:
        return None
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_other_users_are_let_in_by_mode_and_group_only(public, box):
    nobody, staff = 65534, 12345
    refusal = {"id": None, "error": f"not allowed: you are uid {nobody}", "exit": 1}
    path = public / "s.sock"
    supervisor = serve(box, socket=str(path), socketMode="0600")
    assert first_reply_to(path, nobody, [staff]) is None
    path.chmod(0o666)  # that is for the configuration to say
    assert first_reply_to(path, nobody, [staff]) == refusal
    assert supervisor.terminate() == 0

    supervisor = serve(box, socket=str(path), socketMode="0660", socketGroup=staff)
    assert first_reply_to(path, nobody, []) is None
    assert first_reply_to(path, nobody, [staff])["output"] == f"{supervisor.pid}\n"
    path.chmod(0o666)
    assert first_reply_to(path, nobody, [staff + 1]) == refusal
    assert supervisor.terminate() == 0

    supervisor = serve(box, socket=str(path), socketMode="0666")
    assert first_reply_to(path, nobody, [])["output"] == f"{supervisor.pid}\n"


# ---- the page ----

def test_the_examples_of_the_page_work(box):
    supervisor = serve(box)
    page = PAGE.read_text(encoding="utf-8")
    script = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    run = subprocess.run([sys.executable, "-", supervisor.socket, "start", "web"], input=script,
                         capture_output=True, text=True, check=False, timeout=20 * patience())
    assert run.returncode == 0, run.stderr
    assert re.fullmatch(r"Process 'web' started with PID \d+\n", run.stdout)
    for line in re.search(r"```sh\n(.*?)```", page, re.DOTALL)[1].splitlines():
        if shutil.which("nc" if " nc " in line else "socat"):
            line = line.replace("/run/taskmaster.sock", str(supervisor.socket))
            replies = subprocess.run(["sh", "-c", line], capture_output=True, text=True,
                                     check=False, timeout=20 * patience()).stdout.splitlines()
            assert json.loads(replies[-1])["exit"] == 0, line
