"""Section 9: who a process runs as, and what it may use up."""
import ctypes
import os
import pwd
import re
import resource
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from harness import Supervisor, helper, lines_of, wait_for, wait_lines
from processes import Process
from test_4_keys import facts

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process as another")


@pytest.fixture
def place():
    """A directory that every user can enter, and write `out` in: a box is its owner's alone."""
    with tempfile.TemporaryDirectory(prefix="taskmaster-flow-", dir="/tmp") as name:
        directory = Path(name)
        directory.chmod(0o755)
        shutil.copy(helper("dump")[0], directory / "dump")
        (directory / "out").mkdir()
        (directory / "out").chmod(0o1777)
        yield directory


def dump(place, *args):
    return [str(place / "dump"), str(place / "out/dump"), *args]


def dumped(box, place, command=(), **keys):
    """What a process that was started with these keys says of itself."""
    config = {"tasks": {"web": {"command": dump(place), **keys}}}
    box.shell(config, command=command).send("start web")
    found = facts(place / "out/dump")
    return found, dict(entry.split("=", 1) for entry in found["env"])


def owner(path):
    return os.stat(path).st_uid, os.stat(path).st_gid


# ---- user and group ----

@as_root
def test_a_user_is_taken_over_whole(box, place):
    entry = pwd.getpwnam("daemon")
    found, env = dumped(box, place, user="daemon", workingDirectory="/")
    assert found["uid"] == [f"{entry.pw_uid} " * 2 + f"{entry.pw_uid}"]
    assert found["gid"] == [f"{entry.pw_gid} " * 2 + f"{entry.pw_gid}"]
    assert str(entry.pw_gid) in found["groups"][0].split() and "0" not in found["groups"][0].split()
    assert "CapEff 0000000000000000" in found["status"]
    assert (env["HOME"], env["USER"], env["LOGNAME"], env["SHELL"]) == (
        entry.pw_dir, "daemon", "daemon", entry.pw_shell)
    assert found["fd"] == ["0 /dev/null", "1 /dev/null", "2 /dev/null"]


@as_root
def test_what_the_environment_says_of_the_user_stays(box, place):
    _, env = dumped(box, place, user="daemon", environment={"HOME": "/srv", "USER": "me"})
    assert (env["HOME"], env["USER"], env["LOGNAME"]) == ("/srv", "me", "daemon")


@as_root
def test_supplementary_groups_are_set(box, place):
    groups = box.path("group")
    groups.write_text(Path("/etc/group").read_text() + "blue:x:4242:daemon\ngreen:x:4243:root\n")
    command = ["unshare", "-m", "sh", "-c", f'mount --bind {groups} /etc/group && exec "$@"', "sh"]
    if subprocess.run([*command, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no mount namespaces here")
    found, _ = dumped(box, place, command, user="daemon", group="green")
    assert set(found["groups"][0].split()) >= {"1", "4242"}
    assert not {"0", "4243"} & set(found["groups"][0].split())
    assert found["gid"] == ["4243 4243 4243"]


@as_root
def test_a_number_needs_no_entry(box, place):
    found, env = dumped(box, place, user=12345, group=54321)
    assert (found["uid"], found["gid"]) == (["12345 12345 12345"], ["54321 54321 54321"])
    assert "groups" in found and found["groups"] == [""]
    assert not {"HOME", "USER", "LOGNAME", "SHELL"} & env.keys()


@as_root
def test_a_group_alone_leaves_the_others_behind(box, place):
    found, _ = dumped(box, place, group=54321)
    assert (found["uid"], found["gid"]) == (["0 0 0"], ["54321 54321 54321"])
    assert found["groups"] == [""]


@as_root
def test_the_directory_is_entered_as_the_user(box, place):
    place.joinpath("out").chmod(0o700)
    supervisor = box.shell({"tasks": {"web": {"command": "true", "user": "nobody",
                                              "workingDirectory": str(place / "out")}}})
    assert supervisor.send("start web") == [
        f"Process 'web' failed to start: cannot enter '{place}/out': Permission denied"]


@as_root
@pytest.mark.parametrize("keys", [{}, {"logMaxSize": "100B", "logBackups": 2}],
                         ids=["direct", "pumped"])
def test_logs_belong_to_the_user(box, keys):
    (box.path("old")).mkdir()
    box.path("old/out.log").write_text("there before\n")
    supervisor = box.shell({"defaults": {"user": "nobody", "group": "daemon", **keys}, "tasks": {
        "web": {"command": "echo 1; echo 2 >&2", "stdout": "new/dir/out.log",
                "stderr": "new/err.log"},
        "old": {"command": "echo 3", "stdout": "old/out.log"}}})
    supervisor.start("all")
    wait_lines(box.path("new/dir/out.log"))
    wait_lines(box.path("new/err.log"))
    wait_lines(box.path("old/out.log"), 2)
    for path in ("new", "new/dir", "new/dir/out.log", "new/err.log"):
        assert owner(box.path(path)) == (NOBODY, 1), path
    for path in ("old", "old/out.log", "."):
        assert owner(box.path(path)) == (0, 0), path


@as_root
def test_rotated_logs_go_on_belonging_to_the_user(box):
    supervisor = box.shell({"tasks": {"web": {
        "command": "seq 100", "user": "nobody", "stdout": "log/out", "logMaxSize": "100B",
        "logBackups": 3}}})
    supervisor.start("web")
    wait_for(lambda: lines_of(box.path("log/out"))[-1:] == ["100"])
    for name in os.listdir(box.path("log")):
        assert owner(box.path("log") / name) == (NOBODY, NOBODY), name


@as_root
def test_all_else_works_once_a_process_was_somebody_elses(box, place):
    """From then on the kernel keeps the supervisor's own /proc entries from it."""
    supervisor = box.shell({"supervisor": {"socket": str(box.path("s"))}, "tasks": {
        "other": {"command": f"setsid sleep 600 & echo $! > {place}/out/pid; exec sleep 600",
                  "user": "nobody", "stdout": "inherit", "successfulStartTimeout": 0},
        "mine": {"command": "echo hello; exec sleep 600", "stdout": "mine.log",
                 "successfulStartTimeout": 0},
        "piped": {"command": "echo hello; exec sleep 600", "stdout": "piped.log",
                  "logTimestamps": True}}})
    supervisor.socket = box.path("s")
    before = supervisor.start("all")
    assert wait_lines(box.path("mine.log")) == ["hello"]
    assert wait_lines(box.path("piped.log"))[0].endswith("hello")
    assert all(re.search(r"\d[KM]B\b", line) for line in supervisor.send("status -v")[1:])
    assert "RUNNING" in box.ctl("status", "mine").stdout
    Process(before["other"]).kill(signal.SIGTERM)
    wait_for(lambda: supervisor.state("other") in ("STOPPED", "FATAL"))
    supervisor.start("other")
    supervisor.signal(signal.SIGUSR1)
    assert supervisor.send("restart mine")[0].startswith("Process 'mine' restarted")
    wait_lines(box.path("mine.log"), 2)


# ---- what it may use up ----

def test_limits_and_priorities_are_set(box, place):
    own = os.getpriority(os.PRIO_PROCESS, 0)
    nice = min(own + 3, 19)
    found, _ = dumped(box, place, nice=nice, oomScoreAdj=777, noNewPrivileges=True, limits={
        "nofile": "100:200", "core": 0, "as": "4GB", "nproc": "5000:6000", "stack": "1MB:2MB",
        "memlock": "8KB", "fsize": "1GB", "cpu": 1000})
    assert found["nice"] == [str(nice)]
    assert found["oom"] == ["777"]
    assert "NoNewPrivs 1" in found["status"]
    assert set(found["limit"]) == {
        "nofile 100 200", "core 0 0", "as 4294967296 4294967296", "nproc 5000 6000",
        "stack 1048576 2097152", "memlock 8192 8192", "fsize 1073741824 1073741824",
        "cpu 1000 1000"}


def test_nothing_is_changed_that_was_not_asked_for(box, place):
    supervisor = box.shell({"tasks": {
        "tight": {"command": "exec sleep 600", "nice": 19, "oomScoreAdj": 999,
                  "limits": {"nofile": 50, "core": 0, "stack": "1MB"}, "noNewPrivileges": True},
        "web": {"command": dump(place)}}})
    supervisor.start("tight")
    supervisor.start("web")
    found = facts(place / "out/dump")
    assert found["nice"] == [str(os.getpriority(os.PRIO_PROCESS, 0))]
    assert found["oom"] == [Path("/proc/self/oom_score_adj").read_text().strip()]
    assert Path(f"/proc/{supervisor.pid}/oom_score_adj").read_text().strip() == found["oom"][0]
    assert os.getpriority(os.PRIO_PROCESS, supervisor.pid) == os.getpriority(os.PRIO_PROCESS, 0)
    assert "NoNewPrivs 0" in found["status"]
    for name, kind in (("nofile", resource.RLIMIT_NOFILE), ("stack", resource.RLIMIT_STACK)):
        soft, hard = resource.getrlimit(kind)
        assert f"{name} {soft} {hard}" in found["limit"]


def test_a_change_takes_a_restart(box, place):
    config = {"tasks": {"web": {"command": dump(place, "stay"), "autoLaunch": True, "nice": 1}}}
    supervisor = box.shell(config)
    assert facts(place / "out/dump")["nice"] == ["1"]
    (place / "out/dump").unlink()
    config["tasks"]["web"]["nice"] = 2
    assert "changed: web (restart)" in supervisor.reload(config)
    assert facts(place / "out/dump")["nice"] == ["2"]


def ignore_hidden_signals():
    """The two that no C library lets one ignore."""
    action = (ctypes.c_ulong * 5)(int(signal.SIG_IGN))
    for signo in (32, 33):
        if ctypes.CDLL(None).syscall(13, signo, action, None, 8):  # rt_sigaction(2)
            raise OSError


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="knows the call's number there only")
def test_no_signal_at_all_is_ignored(box, place):
    config = box.write({"tasks": {"web": {"command": dump(place), "autoLaunch": True}}})
    Supervisor(box, ["-n", config], stdin=subprocess.DEVNULL, preexec_fn=ignore_hidden_signals)
    assert "SigIgn 0000000000000000" in facts(place / "out/dump")["status"]


# ---- what is impossible here ----

def check_as_nobody(box, place, config):
    """The errors that an ordinary user gets, without the file's name."""
    command = []
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                   "--inh-caps=-all"]
    binary = shutil.copy(os.environ.get("TASKMASTER") or "bin/taskmaster", place / "taskmaster")
    path = place / "config.yaml"
    path.write_text(config)
    result = subprocess.run([*command, binary, "-t", path], check=False, capture_output=True,
                            text=True, cwd="/", env=box.env)
    return result.returncode, [line.removeprefix(f"{path}:") for line in
                               (result.stdout + result.stderr).splitlines()]


def test_an_ordinary_user_can_raise_nothing(box, place):
    own = os.getpriority(os.PRIO_PROCESS, 0)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    oom = Path("/proc/self/oom_score_adj").read_text().strip()
    code, errors = check_as_nobody(box, place, f"""tasks:
  web:
    command: x
    user: root
    group: 0
    nice: {own - 1}
    oomScoreAdj: {int(oom) - 1}
    limits: {{nofile: {hard + 1}}}
""")
    assert code == 1
    assert errors == [
        "4:11: 'user': only root can run as user 'root'",
        "5:12: 'group': only root can run as group '0'",
        f"6:11: 'nice' cannot be below the supervisor's own {own}: that takes root with "
        "CAP_SYS_NICE",
        f"7:18: 'oomScoreAdj' cannot be below the supervisor's own {oom}: that takes root with "
        "CAP_SYS_RESOURCE",
        f"8:22: 'nofile' cannot be above the supervisor's own hard limit of {hard}: that takes "
        "root with CAP_SYS_RESOURCE"]


def test_an_ordinary_user_can_be_itself(box, place):
    user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    code, said = check_as_nobody(box, place, f"tasks: {{web: {{command: x, user: {user}}}}}")
    assert (code, said) == (0, [" ok"])


# ---- who gets the stop signal ----

FAMILY = """
trap '%s; exit 0' TERM
(trap 'echo member; exit' TERM; echo up; while :; do sleep 0.02; done) &
while :; do sleep 0.02; done
"""


@pytest.mark.parametrize("target, expected", [("process", ["up", "leader"]),
                                              ("group", ["up", "member", "leader"])])
def test_the_stop_signal_goes_to_the_process_alone(box, target, expected):
    end = "echo leader; kill -KILL $!"
    if target == "group":
        end = "wait $!; echo leader"
    supervisor = box.shell({"tasks": {"web": {
        "command": ["sh", "-c", FAMILY % end], "stdout": "out", "stopSignalTo": target}}})
    supervisor.start("web")
    wait_lines(box.path("out"))
    assert supervisor.send("stop web") == ["Process 'web' stopped gracefully"]
    assert lines_of(box.path("out")) == expected


def test_the_rest_is_told_to_stop_once_the_process_has_ended(box):
    supervisor = box.shell({"tasks": {"web": {
        "command": ["sh", "-c", FAMILY % "echo leader"], "stdout": "out",
        "stopSignalTo": "process"}}})
    supervisor.start("web")
    wait_lines(box.path("out"))
    assert supervisor.send("stop web") == ["Process 'web' stopped gracefully"]
    assert lines_of(box.path("out")) == ["up", "leader", "member"]
