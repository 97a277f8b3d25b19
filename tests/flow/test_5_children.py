"""Sections 5 and 9: what a child is born with, whatever the supervisor was."""
import os
import resource
import signal
import subprocess

import pytest

from harness import Supervisor, helper, wait_for, wait_lines
from processes import Process
from test_4_keys import facts


def odd_parent():
    """Everything that a careless parent can hand down."""
    for signo in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGHUP, signal.SIGUSR1, signal.SIGTERM,
                  signal.SIGTTOU, signal.SIGRTMIN):
        signal.signal(signo, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, signal.SIGTERM, signal.SIGALRM,
                                              signal.SIGINT, signal.SIGRTMAX})
    for fd in (3, 9, 63, 64, 200):
        os.dup2(0, fd, inheritable=True)


@pytest.fixture(params=["plain", "odd"])
def dumped(box, request):
    config = box.write({"tasks": {"web": {"command": helper("dump", box.path("dump"), "stay"),
                                          "autoLaunch": True}}})
    odd = request.param == "odd"
    supervisor = Supervisor(box, ["-n", config], stdin=subprocess.DEVNULL, restore_signals=not odd,
                            close_fds=not odd, preexec_fn=odd_parent if odd else None)
    found = facts(box.path("dump"))
    found["supervisor"] = supervisor
    return found


def test_only_three_descriptors_are_open(dumped):
    assert dumped["fd"] == ["0 /dev/null", "1 /dev/null", "2 /dev/null"]


def test_every_disposition_is_default(dumped):
    assert "signal" not in dumped


def test_no_signal_is_blocked(dumped):
    assert "blocked" not in dumped


def test_it_leads_a_session_and_a_group_of_its_own(dumped):
    assert dumped["pid"] == dumped["pgid"] == dumped["sid"]
    assert dumped["ppid"] == [str(dumped["supervisor"].pid)]


def test_exits_are_seen_even_where_sigchld_was_ignored(dumped):
    supervisor = dumped["supervisor"]
    Process(dumped["pid"][0]).kill()
    wait_for(lambda: not supervisor.children())
    wait_for(lambda: "FATAL" in supervisor.stderr() or "SIGKILL" in supervisor.stderr())


def test_limits_are_those_of_the_supervisors_parent(box):
    def lower():
        resource.setrlimit(resource.RLIMIT_NOFILE, (128, 4096))
    config = box.write({"tasks": {"web": {"command": f"ulimit -Sn > {box.path('out')}; "
                                          f"ulimit -Hn >> {box.path('out')}", "autoLaunch": True}}})
    Supervisor(box, ["-n", config], stdin=subprocess.DEVNULL, preexec_fn=lower)
    assert wait_lines(box.path("out"), 2) == ["128", "4096"]


def test_the_umask_of_the_supervisor_does_not_matter(box):
    config = box.write({"tasks": {"web": {"command": helper("dump", box.path("dump"), "stay"),
                                          "autoLaunch": True}}})
    Supervisor(box, ["-n", config], stdin=subprocess.DEVNULL, preexec_fn=lambda: os.umask(0o777))
    try:
        found = facts(box.path("dump"))
    finally:
        for name in os.listdir(box.directory):
            path = box.path(name)
            path.chmod(0o755 if path.is_dir() else 0o644)
    assert found["umask"] == ["022"]


def test_no_child_gets_the_terminal(box):
    terminal = box.terminal({"tasks": {"web": {
        "command": "(echo seen >/dev/tty) 2>/dev/null; echo $? > out; exec sleep 600",
        "autoLaunch": True}}})
    assert wait_lines(box.path("out")) != ["0"]
    assert not any("seen" in row for row in terminal.rows())
