"""Section 5: limits of the system that leave no room for all instances are told before anything is
started, and nothing of a reload happens."""
import resource

from harness import wait_for
from test_6_reload import tasks

SLEEP = {"command": "sleep 600", "autoLaunch": True, "gracefulStopTimeout": "1s"}


def few_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 100))


def text(instances, needed, cure):
    return (f"{instances} instances need {needed} open files, and the hard limit of open files "
            f"(RLIMIT_NOFILE) is 100: raise it with 'ulimit -Hn {cure}' or a service's "
            "LimitNOFILE=, or configure fewer")


def test_a_start_without_room_for_all_starts_nothing(box):
    box.write(tasks(web={**SLEEP, "instances": 200, "command": f"touch {box.path('mark')}"}))
    done = box.run("-n", "config.yaml", command=("prlimit", "--nofile=64:100"))
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["taskmaster: " + text(200, 250, 275)]
    assert not box.path("mark").exists()


def test_a_reload_without_room_changes_nothing(box):
    supervisor = box.shell(tasks(web={**SLEEP, "instances": 2}), preexec_fn=few_descriptors)
    supervisor.wait_all("RUNNING")
    before = {name: task["pid"] for name, task in supervisor.status().items()}
    box.write(tasks(web={**SLEEP, "instances": 200}))
    assert supervisor.send("reload") == ["cannot reload: " + text(200, 250, 275)]
    assert {name: task["pid"] for name, task in supervisor.status().items()} == before
    supervisor.reload(tasks(web={**SLEEP, "instances": 3}))
    wait_for(lambda: len(supervisor.children()) == 3)
