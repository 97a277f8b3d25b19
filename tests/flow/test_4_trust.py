"""Section 4: as root, no commands are taken from what others can write or replace; and section 8,
from nothing that they have put where a log goes."""
import os
import signal

import pytest

from harness import wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to be careful")
NOBODY = 65534
TASK = "tasks: {old: {command: sleep 600, autoLaunch: true, successfulStartTimeout: 0}}\n"


def test_a_configuration_that_everyone_can_write_is_refused(box):
    path = box.write(TASK)
    path.chmod(0o666)
    expected = (f"{path}:1:1: refused as root: everyone can write '{path}' (mode 0666): "
                f"chmod o-w '{path}'\n")
    for option in ("-t", "-n"):
        result = box.run(option, path)
        assert (result.returncode, result.stdout + result.stderr) == (1, expected)
    path.chmod(0o664)
    assert box.run("-t", path).returncode == 0


def test_an_example_that_another_has_put_there_is_not_used(box):
    box.directory.chmod(0o1777)
    path = box.write("tasks: {evil: {command: touch done, autoLaunch: true}}\n",
                     "config-example.yaml")
    os.chown(path, NOBODY, NOBODY)
    result = box.run()
    assert result.returncode == 1
    assert "'config-example.yaml' belongs to user 65534" in result.stdout + result.stderr
    assert not box.path("done").exists()


@pytest.mark.parametrize("how", ["file", "directory"])
def test_a_reload_of_what_everyone_can_write_changes_nothing(box, how):
    box.write("tasks: {new: {command: sleep 600, autoLaunch: true}}\n", "in/new.yaml")
    supervisor = box.shell(TASK)
    supervisor.wait_state("old", "RUNNING")
    pid = supervisor.pid_of("old")
    box.path("in/new.yaml" if how == "file" else "in").chmod(0o777)
    box.write("include: ['in/*.yaml']\ntasks: {}\n")
    refusal = "config.yaml:1:11: refused as root: everyone can "
    assert any(refusal in line for line in supervisor.send("reload"))
    supervisor.signal(signal.SIGHUP)
    wait_for(lambda: refusal in box.path("taskmaster.log").read_text())
    assert list(supervisor.status()) == ["old"] and supervisor.pid_of("old") == pid
    box.path("in/new.yaml" if how == "file" else "in").chmod(0o755)
    supervisor.send("reload")
    wait_for(lambda: list(supervisor.status()) == ["new"])  # the old one is stopped first


@pytest.mark.parametrize("keys", [{}, {"logMaxSize": "1MB"}], ids=["direct", "pumped"])
@pytest.mark.parametrize("kind", ["own link", "another's link", "hard link", "directory", "fifo"])
def test_what_others_have_put_where_a_log_goes_is_not_written_through(box, kind, keys):
    victim = box.write("precious\n", "own/victim")
    box.path("open").mkdir()
    box.path("open").chmod(0o1777)
    name = "open/out.log"
    if kind.endswith("link") and kind != "hard link":
        box.path(name).symlink_to(victim)
        if kind == "another's link":
            os.chown(box.path(name), NOBODY, NOBODY, follow_symlinks=False)
    elif kind == "hard link":
        box.path(name).hardlink_to(victim)
    elif kind == "directory":
        box.path("open/there").symlink_to(box.path("own"))
        name = "open/there/victim"
    else:
        os.mkfifo(box.path(name))
    supervisor = box.shell({"tasks": {"web": {"command": "echo told", "stdout": name, **keys}}})
    said = supervisor.send("start web")
    assert said[0].startswith(f"Process 'web' failed to start: cannot open '{name}': ")
    assert victim.read_text() == "precious\n"
