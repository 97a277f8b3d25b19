"""Section 8, with section 2: what tasks write with `inherit` while somebody types."""
import os

from harness import lines_of, taskmaster, wait_lines
from terminal import PROMPT


def echoes(box, **keys):
    """A task that writes what it is given through a FIFO, to both of its outputs."""
    os.mkfifo(box.path("fifo"))
    command = f"cat {box.path('fifo')} | tee /dev/stderr; sleep 600"
    return {"tasks": {"web": {"command": command, "autoLaunch": True, **keys}}}


def test_a_line_of_a_task_appears_above_the_one_being_typed(box):
    terminal = box.terminal(echoes(box, stdout="inherit"))
    terminal.type("stat")
    terminal.wait_prompt("stat")
    box.path("fifo").write_text("hello there\n")
    terminal.wait_screen("web | hello there")
    terminal.wait_prompt("stat")
    assert terminal.rows()[-2:] == ["web | hello there", PROMPT + "stat"]
    terminal.type("us\r")
    terminal.wait_screen(lambda rows: any(row.startswith("Task ") for row in rows))


def test_what_a_task_writes_as_it_is_stopped_reaches_the_terminal(box):
    command = "trap 'echo farewell; exit' TERM; echo ready; while :; do sleep 0.1; done"
    terminal = box.terminal({"tasks": {"web": {
        "command": command, "autoLaunch": True, "stdout": "inherit"}}})
    terminal.wait_screen("web | ready")
    terminal.type("exit\r")
    assert terminal.wait_exit() == 0
    assert "web | farewell" in terminal.rows()


def test_what_is_no_terminal_gets_what_is_meant_for_it(box):
    shell = box.outer_shell()
    config = box.write(echoes(box, stdout="inherit", stderr="inherit"))
    shell.type(f"{' '.join(taskmaster())} {config} 2>errors\r")
    shell.wait_screen(lambda rows: rows and rows[-1] == PROMPT.rstrip())
    box.path("fifo").write_text("hello there\n")
    assert wait_lines(box.path("errors")) == ["web | hello there"]
    assert shell.wait_screen("web | hello there").count("web | hello there") == 1
    shell.type("exit\r")
    shell.wait_outer()
    assert lines_of(box.path("errors")) == ["web | hello there"]
