"""Section 8: the logs of tasks, from the pipe to the file."""
import os
import re
import select
import signal

import pytest

from harness import helper, lines_of, patience, wait_for, wait_lines
from processes import Process

STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|[+-]\d\d:\d\d)"
KB = 1024


def rotated(path):
    """A log and its backups, the oldest first."""
    backups = [p for p in path.parent.glob(path.name + ".*") if p.suffix[1:].isdigit()]
    return sorted(backups, key=lambda p: -int(p.suffix[1:])) + [path]


def run_once(box, command, cgroups="auto", **keys):
    """Runs a task to its end in a supervisor of its own, which lives on, and returns it."""
    supervisor = box.shell({"supervisor": {"cgroups": cgroups},
                            "tasks": {"web": {"command": command, **keys}}})
    supervisor.send("start web")
    supervisor.wait_state("web", "STOPPED")
    return supervisor


# ---- files ----

@pytest.mark.valgrind
def test_a_log_is_rotated_on_a_lines_end_and_so_many_backups_are_kept(box):
    run_once(box, "seq 1 20000", stdout="out.log", logMaxSize="10KB", logBackups=3)
    files = rotated(box.path("out.log"))
    assert [path.name for path in files] == ["out.log.3", "out.log.2", "out.log.1", "out.log"]
    texts = [path.read_bytes() for path in files]
    assert all(10 * KB - 6 < len(text) <= 10 * KB for text in texts[:-1])
    assert all(text.endswith(b"\n") for text in texts)
    numbers = [int(line) for line in b"".join(texts).split()]
    assert numbers == list(range(numbers[0], 20001))


def test_rotation_goes_on_where_the_last_supervisor_left_the_file(box):
    for _ in range(2):
        run_once(box, ["seq", "1", "1000"], stdout="out.log", logMaxSize="5KB").end()
    assert [path.stat().st_size for path in rotated(box.path("out.log"))][:1] >= [5 * KB - 5]
    text = b"".join(path.read_bytes() for path in rotated(box.path("out.log")))
    assert text.decode().split() == [str(n) for n in range(1, 1001)] * 2


def test_each_line_gets_the_time(box):
    run_once(box, "printf 'one\\n\\nlast'", stdout="out.log", logTimestamps=True)
    text = box.path("out.log").read_text()
    assert re.fullmatch(f"{STAMP} one\n{STAMP} \n{STAMP} last\n", text), text


def test_a_last_line_without_an_end_stays_as_it_is_in_a_plain_file(box):
    run_once(box, "printf 'one\\nlast'", stdout="out.log", logMaxSize="1MB")
    assert box.path("out.log").read_text() == "one\nlast"


def test_stderr_goes_where_stdout_goes_in_the_order_written(box):
    run_once(box, "for i in 1 2 3; do echo out $i; echo err $i >&2; done", stdout="a/b/out.log",
             stderr="stdout", logMaxSize="1MB")
    assert lines_of(box.path("a/b/out.log")) == [f"{s} {i}" for i in (1, 2, 3)
                                                 for s in ("out", "err")]


def test_one_file_for_both_keeps_the_order_too(box):
    run_once(box, "for i in 1 2 3 4 5 6 7 8 9; do echo out $i; echo err $i >&2; done",
             stdout="out.log", stderr="out.log", logMaxSize="1MB")
    assert lines_of(box.path("out.log")) == [f"{stream} {i}" for i in range(1, 10)
                                             for stream in ("out", "err")]


def test_bytes_are_not_looked_at(box):
    data = bytes(range(256)) * 300
    box.path("data").write_bytes(data)
    run_once(box, "cat data", stdout="out.log", logMaxSize="1MB")
    assert box.path("out.log").read_bytes() == data


def test_a_file_that_cannot_be_opened_is_a_failed_start_that_names_it(box):
    supervisor = box.shell({"tasks": {"web": {
        "command": "sleep 600", "stdout": "/proc/nope/out.log", "logMaxSize": "1MB"}}})
    assert supervisor.send("start web") == [
        "Process 'web' failed to start: cannot open '/proc/nope/out.log': "
        "No such file or directory"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is careful with links")
@pytest.mark.parametrize("keys", [{}, {"logMaxSize": "1MB"}], ids=["direct", "pumped"])
@pytest.mark.parametrize("link, stdout", [("open/out.log", "open/out.log"),
                                          ("open/there", "open/there/a/out.log")])
def test_root_follows_no_link_that_others_may_have_put_there(box, keys, link, stdout):
    box.path("open").mkdir()
    box.path("open").chmod(0o777)
    box.path(link).symlink_to(box.path("own"))
    supervisor = box.shell({"tasks": {"web": {"command": "sleep 600", "stdout": stdout, **keys}}})
    assert supervisor.send("start web") == [
        f"Process 'web' failed to start: cannot open '{stdout}': "
        "a symbolic link in a directory that others can write"]
    assert not box.path("own").exists()
    box.path("open").chmod(0o755)
    if link == stdout:
        supervisor.start("web")
        assert box.path("own").is_file()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is careful with links")
def test_a_log_that_is_replaced_by_a_link_is_not_opened_anew(box):
    box.path("open").mkdir()
    box.path("open").chmod(0o777)
    supervisor = box.shell({"supervisor": {"logFile": "own.log"}, "tasks": {"web": {
        "command": "echo before; until [ -e go ]; do sleep 0.05; done; echo after; sleep 600",
        "stdout": "open/out.log", "logMaxSize": "1MB"}}})
    supervisor.start("web")
    wait_lines(box.path("open/out.log"))
    box.path("open/out.log").rename(box.path("open/old.log"))
    box.path("open/out.log").symlink_to(box.path("elsewhere"))
    supervisor.signal(signal.SIGUSR1)
    wait_for(lambda: "cannot open 'open/out.log' again: a symbolic link in a directory that "
                     "others can write" in box.path("own.log").read_text())
    box.path("go").touch()
    assert wait_lines(box.path("open/old.log"), 2) == ["before", "after"]
    assert not box.path("elsewhere").exists()


def test_sigusr1_opens_a_renamed_log_anew(box):
    supervisor = box.shell({"tasks": {"web": {
        "command": "echo before; until [ -e go ]; do sleep 0.05; done; echo after; sleep 600",
        "stdout": "out.log", "logMaxSize": "1MB"}}})
    supervisor.start("web")
    wait_lines(box.path("out.log"))
    box.path("out.log").rename(box.path("old.log"))
    supervisor.signal(signal.SIGUSR1)
    wait_for(box.path("out.log").exists)
    box.path("go").touch()
    assert wait_lines(box.path("out.log")) == ["after"]
    assert lines_of(box.path("old.log")) == ["before"]


def test_tasks_that_share_a_file_do_not_tear_each_others_lines(box):
    task = {"command": "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); printf '%s' $TASKMASTER_NAME;"
                       " printf ' %s\\n' $i; done", "stdout": "out.log", "logTimestamps": True,
            "instances": 2, "autoLaunch": True}
    supervisor = box.shell({"tasks": {"a": task, "b": {**task, "stdout": "./out.log"}}})
    supervisor.wait_all("STOPPED", timeout=30)
    found = {}
    for line in lines_of(box.path("out.log")):
        match = re.fullmatch(rf"{STAMP} ([ab]_[12]) (\d+)", line)
        assert match, line
        found.setdefault(match[1], []).append(int(match[2]))
    assert found == {name: list(range(1, 3001)) for name in ("a_1", "a_2", "b_1", "b_2")}


def test_tasks_that_share_a_file_must_agree(box):
    done = box.check("tasks:\n  a: {command: x, stdout: logs/o, logMaxSize: 1KB}\n"
                     "  b: {command: x, stderr: ./logs//o, logBackups: 3}\n")
    assert done.returncode == 1
    config = box.path("config.yaml")
    assert [line.replace(str(config), "C") for line in done.stderr.splitlines()] == [
        "C:3:3: 'logMaxSize' of task 'b' is not that of task 'a' at C:2, and both log to "
        "'./logs//o': make them the same",
        "C:3:50: 'logBackups' of task 'b' is not that of task 'a' at C:2, and both log to "
        "'./logs//o': make them the same"]


# ---- the supervisor's own descriptors ----

def test_inherit_prefixes_each_line_with_the_name(box):
    supervisor = box.foreground({"tasks": {
        "web": {"command": "echo hello; echo oops >&2; printf last", "stdout": "inherit",
                "stderr": "inherit", "autoLaunch": True, "instances": 2}}})
    wait_for(lambda: supervisor.stderr().count("oops") == 2)
    supervisor.terminate()
    assert sorted(supervisor.said.decode().splitlines()) == [
        "web_1 | hello", "web_1 | last", "web_2 | hello", "web_2 | last"]
    errors = [line for line in supervisor.stderr().splitlines() if "oops" in line]
    assert sorted(errors) == ["web_1 | oops", "web_2 | oops"]


def test_the_supervisors_own_descriptors_are_handed_on_as_they_are(box):
    supervisor = box.foreground({"tasks": {"web": {
        "command": "echo err >&2; readlink /proc/$$/fd/1; sleep 600", "stdout": "/dev/stdout",
        "stderr": "/dev/stderr", "logMaxSize": "1MB", "autoLaunch": True}}})
    assert supervisor.read_until(lambda line: True) == []
    own = os.readlink(f"/proc/{supervisor.pid}/fd/1")
    assert supervisor.said.decode() == own + "\n" and own.startswith("pipe:")
    wait_for(lambda: "err" in supervisor.stderr().splitlines())


def test_output_that_nobody_reads_holds_up_no_restart(box):
    """The pump is stuck in a full pipe: the replacement starts all the same, after a second."""
    reader, writer = os.pipe()
    supervisor = box.foreground(
        {"tasks": {"web": {"command": helper("tick", box.path("ticks"), 0, 0)[0] +
                           f" {box.path('ticks')}; head -c 200000 /dev/zero | tr '\\0' '\\n'",
                           "stdout": "inherit", "restart": "always", "restartDelay": "10ms",
                           "successfulStartTimeout": 0, "autoLaunch": True}}}, stdout=writer)
    os.close(writer)
    wait_lines(box.path("ticks"), 3, timeout=20)
    wait_for(lambda: "what 'web' wrote last is not in its log yet" in supervisor.stderr(), 20)
    supervisor.signal(signal.SIGTERM)

    def drained_to_its_end():
        while select.select([reader], [], [], 0)[0]:
            if not os.read(reader, 65536):
                return True
        return False

    wait_for(drained_to_its_end, 20)
    os.close(reader)
    assert supervisor.wait_exit() == 0


def test_a_stop_wins_while_the_last_output_is_waited_for(box):
    """Nobody reads the FIFO, so that each instance is dead for a second before that is decided
    upon. On a busy machine a second may be over too soon: there are several to try it with."""
    supervisor = box.shell({"tasks": {"web": {
        "command": "echo $$ >>starts; head -c 200000 /dev/zero | tr '\\0' '\\n'",
        "instances": 5, "stdout": "fifo${INSTANCE}", "logTimestamps": True, "restart": "always",
        "successfulStartTimeout": 0, "restartDelay": 0}}})
    readers = []
    for number in range(1, 6):
        os.mkfifo(box.path(f"fifo{number}"))
        readers.append(os.open(box.path(f"fifo{number}"), os.O_RDONLY | os.O_NONBLOCK))
        pid = supervisor.start(f"web_{number}")[f"web_{number}"]
        wait_for(lambda p=pid: Process(p).state in ("Z", None))
        answers = supervisor.send(f"signal USR1 web_{number}"), supervisor.send(f"stop web_{number}")
        assert supervisor.state(f"web_{number}") == "STOPPED"
        if answers[0] == [f"Process 'web_{number}' is not running"]:
            break
    assert answers[1] == [f"Process 'web_{number}' stopped gracefully"]
    assert lines_of(box.path("starts"))[-1] == str(pid)
    for reader in readers:
        os.close(reader)


# ---- nothing is lost ----

def test_last_words_of_many_fast_deaths_are_there_once_they_are_dead(box):
    supervisor = box.shell({"tasks": {"web": {
        "command": ["printf", "%s", "last words of ${NAME}"], "instances": 1000,
        "stdout": "logs/${NAME}", "stderr": "stdout", "logMaxSize": "1MB"}}})
    supervisor.send("start web", timeout=40)
    supervisor.wait_all("STOPPED", timeout=40)
    for number in range(1, 1001):
        name = f"web_{number}"
        assert box.path(f"logs/{name}").read_text() == f"last words of {name}"


def test_what_one_wrote_last_is_in_the_log_before_the_next_one_starts(box):
    box.write("echo begin $$\nhead -c 60000 /dev/zero | tr '\\0' x\necho\nprintf 'end %s\\n' $$\n"
              "echo $$ >>lives\n", "life.sh")
    supervisor = box.shell({"tasks": {"web": {
        "command": ["sh", "life.sh"], "stdout": "out.log", "logMaxSize": "1GB",
        "restart": "always", "successfulStartTimeout": 0, "restartDelay": 0,
        "restartDelayMax": 0}}})
    supervisor.start("web")
    wait_lines(box.path("lives"), 20)
    supervisor.send("stop web")
    lines = lines_of(box.path("out.log"))
    lives = lines_of(box.path("lives"))
    expected = [line for pid in lives for line in (f"begin {pid}", "x" * 60000, f"end {pid}")]
    assert lines[:len(expected)] == expected


def test_a_descendant_that_escaped_with_the_pipe_is_read_until_it_closes_it(box):
    """One that a stop does not find."""
    box.write("touch $1; until [ -e go ]; do sleep 0.05; done; echo late\n", "escape.sh")
    supervisor = run_once(
        box, "setsid env -i sh escape.sh away.$$ & until [ -e away.$$ ]; do sleep 0.02; done; echo early",
        cgroups="off", stdout="out.log", logMaxSize="1MB")
    assert lines_of(box.path("out.log")) == ["early"]
    supervisor.send("start web")
    supervisor.wait_state("web", "STOPPED")
    box.path("go").touch()
    assert wait_lines(box.path("out.log"), 4) == ["early", "early", "late", "late"]


def test_a_reload_that_changes_how_a_log_is_kept_restarts(box):
    config = {"tasks": {"web": {"command": "echo hello; sleep 600", "stdout": "out.log",
                                "logMaxSize": "1MB"}}}
    supervisor = box.shell(config)
    before = supervisor.start("web")["web"]
    wait_lines(box.path("out.log"))
    config["tasks"]["web"]["logTimestamps"] = True
    lines = supervisor.reload(config)
    assert f"Process 'web' restarted with PID {supervisor.pid_of('web')}" in lines
    assert Process(before).state is None
    found = wait_lines(box.path("out.log"), 2)
    assert found[0] == "hello" and re.fullmatch(f"{STAMP} hello", found[1])


def test_many_start_at_once_each_with_pipes_of_its_own(box):
    """More than the spawner has low descriptors for, in a supervisor that has many open."""
    count = 150
    supervisor = box.shell({"tasks": {"web": {
        "command": "echo $TASKMASTER_NAME; echo $TASKMASTER_NAME >&2; exec sleep 600",
        "instances": count, "stdout": "logs/${NAME}.out", "stderr": "logs/${NAME}.err",
        "logTimestamps": True, "successfulStartTimeout": 0}}})
    supervisor.send("start web", timeout=40)
    supervisor.wait_all("RUNNING", timeout=40)
    for number in range(1, count + 1):
        for stream in "out", "err":
            lines = wait_lines(box.path(f"logs/web_{number}.{stream}"))
            assert len(lines) == 1 and re.fullmatch(f"{STAMP} web_{number}", lines[0])
    open_before = len(os.listdir(f"/proc/{supervisor.pid}/fd"))
    supervisor.send("stop web", timeout=40)
    wait_for(lambda: len(os.listdir(f"/proc/{supervisor.pid}/fd")) <= open_before - 3 * count,
             10 * patience())
