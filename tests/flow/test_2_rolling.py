"""Section 2: restart --rolling, one instance after the other."""
import json
import signal
import subprocess

from harness import taskmaster, wait_for

WEB = {"command": ["sh", "-c", 'test ! -e "bad$TASKMASTER_INSTANCE" || exit 3; exec sleep 600'],
       "instances": 4, "successfulStartTimeout": 0.1}


def pids(supervisor):
    return [task["pid"] for task in supervisor.status().values()]


def test_each_only_once_the_one_before_is_running(box):
    supervisor = box.shell({"tasks": {"web": WEB}})
    supervisor.send("start web --wait")
    before = pids(supervisor)
    lines = supervisor.send("restart web --rolling")
    after = pids(supervisor)
    assert not set(before) & set(after)
    assert lines == [f"Process 'web_{n + 1}' restarted with PID {after[n]}" for n in range(4)]
    events = [json.loads(line) for line in supervisor.send("events --json")]
    assert [event["name"] for event in events if event["to"] in ("STOPPING", "RUNNING")][4:] == [
        "web_1", "web_1", "web_2", "web_2", "web_3", "web_3", "web_4", "web_4"]


def test_the_first_that_fails_ends_it(box):
    supervisor = box.shell({"tasks": {"web": WEB}})
    supervisor.send("start web --wait")
    before = pids(supervisor)
    box.path("bad2").touch()
    lines = supervisor.send("restart web --rolling")
    assert lines[1:] == ["Process 'web_2' failed to start: exited with code 3",
                         "Rolling restart stopped at 'web_2'; not restarted: web_3, web_4"]
    assert pids(supervisor)[2:] == before[2:]


def test_it_fails_for_a_client_too(box):
    supervisor = box.daemon({"tasks": {"web": {**WEB, "autoLaunch": True}}})
    box.path("bad1").touch()
    result = box.ctl("restart", "all", "--rolling", "--json")
    assert result.returncode == 1
    assert json.loads(result.stdout.splitlines()[-1]) == {
        "error": "Rolling restart stopped at 'web_1'; not restarted: web_2, web_3, web_4"}
    assert supervisor.alive()


def test_who_stops_waiting_leaves_the_rest_untouched(box):
    slow = {**WEB, "successfulStartTimeout": 300}
    supervisor = box.shell({"tasks": {"web": slow}}, "-s", box.path("ctl.sock"))
    supervisor.start("web")
    before = pids(supervisor)
    with subprocess.Popen([*taskmaster(), "ctl", "-s", box.path("ctl.sock"), "restart", "web",
                           "--rolling"], env=box.env, stdout=subprocess.DEVNULL) as client:
        wait_for(lambda: pids(supervisor)[0] not in (before[0], None))
        client.send_signal(signal.SIGINT)
        assert client.wait(10) != 0
    supervisor.send("restart web_1 --wait --timeout 10ms")
    assert pids(supervisor)[1:] == before[1:]


def test_the_timeout_is_for_all(box):
    supervisor = box.shell({"tasks": {"web": {**WEB, "successfulStartTimeout": 300}}})
    supervisor.send("start web")
    before = pids(supervisor)
    assert supervisor.send("restart web --rolling --timeout 200ms") == [
        "Process 'web_1' is still STARTED after 200ms",
        "Rolling restart stopped at 'web_1'; not restarted: web_2, web_3, web_4"]
    assert pids(supervisor)[1:] == before[1:]
