"""Section 4: files that were made to harm. Each is answered soon, in bounded memory,
with 0 or 1."""
import os
import random
import resource
import subprocess

import pytest

from harness import VARIANT, WRAPPER, patience, taskmaster

MEMORY = 1 << 30


def check(box, path, statuses=(1,), timeout=20, known_size=True):
    """`taskmaster -t PATH` with little memory; returns what it printed."""
    def bounded():
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    unbounded = VARIANT in ("asan", "tsan") or WRAPPER
    result = subprocess.run([*taskmaster(), "-t", str(path)], stdin=subprocess.DEVNULL,
                            cwd=box.directory, env=box.env, capture_output=True,
                            timeout=timeout * patience(), preexec_fn=None if unbounded else bounded)
    printed = (result.stdout + result.stderr).decode(errors="replace")
    assert result.returncode in statuses, printed[:2000]
    assert len(printed) < 1 << 20
    return printed


def laughs(levels=30, width=2):
    lines = ["x0: &x0 [a, a]"]
    for n in range(1, levels):
        lines.append(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * width)}]")
    return lines


@pytest.mark.parametrize("width", [2, 10])
def test_a_billion_laughs(box, width):
    lines = [line.replace("x", "x-", 1) for line in laughs(30, width)]
    path = box.write("\n".join([*lines, "tasks:", "  web:", "    command: *x29", ""]))
    check(box, path)


def test_a_billion_laughs_in_what_is_ignored(box):
    lines = [line.replace("x", "x-", 1) for line in laughs()]
    check(box, box.write("\n".join([*lines, "tasks: {}", ""])), (0, 1))


def test_a_billion_merges(box):
    lines = ["x-0: &x0 {A0: 1}"]
    lines += [f"x-{n}: &x{n} {{<<: [*x{n - 1}, *x{n - 1}], A{n}: 1}}" for n in range(1, 40)]
    path = box.write("\n".join([*lines, "tasks:", "  web:", "    command: x",
                                "    environment: {<<: *x39}", ""]))
    check(box, path, (0, 1))


@pytest.mark.parametrize("before, opening, after", [
    ("tasks: ", "[", ""), ("tasks: ", "{a: ", ""), ("x-a:\n  ", "- ", "\ntasks: {}\n"),
    ("x-a:\n  ", "? ", "\ntasks: {}\n")])
def test_100_000_nested(box, before, opening, after):
    check(box, box.write(before + opening * 100_000 + after), (0, 1) if after else (1,))


@pytest.mark.parametrize("kind", ["comment", "scalar", "keys", "tasks"])
def test_50_megabytes(box, kind):
    size = 50 << 20
    path = box.path("config.yaml")
    with open(path, "w") as file:
        if kind == "comment":
            file.write("#" + "x" * size + "\ntasks: {}\n")
        elif kind == "scalar":
            file.write("tasks:\n  web:\n    command: '" + "x" * size + "'\n")
        elif kind == "keys":
            file.write("x-a: {" + "a: b, " * (size // 6) + "}\ntasks: {}\n")
        else:
            file.write("tasks:\n")
            for n in range(size // 40):
                file.write(f"  task-{n}: {{command: 'sleep {n}'}}\n")
    check(box, path, (0, 1), timeout=30)
    path.unlink()


@pytest.mark.parametrize("data", [
    b"tasks: {}\n\0", b"\0", b"tasks:\n  web:\n    command: 'a\0b'\n",
    b'tasks:\n  web:\n    command: "a\\0b"\n',
    b"tasks:\n  web:\n    command: \xff\xfe\xfd\n", b"\xc3\x28: 1\n", b"tasks: {\x80: {}}\n",
    b"\xff\xfe", b"tasks:\n  w\x1bb:\n    command: x\n"])
def test_bytes_that_are_no_text(box, data):
    printed = check(box, box.write(data))
    assert "config.yaml:" in printed
    assert "\x1b" not in printed and "\0" not in printed


def test_random_bytes(box):
    numbers = random.Random(42)
    for n in range(20):
        check(box, box.write(numbers.randbytes(numbers.randrange(1, 2000)), f"random-{n}"))


def test_a_directory(box):
    assert "Is a directory" in check(box, box.directory)


def test_a_fifo_nobody_writes_to(box):
    os.mkfifo(box.path("fifo"))
    assert "fifo" in check(box, box.path("fifo"), timeout=5)


def test_a_device_without_an_end(box):
    check(box, "/dev/zero", timeout=10)


def test_a_fifo_among_the_includes(box):
    os.mkfifo(box.path("fifo.yaml"))
    check(box, box.write("include: ['fifo.yaml']\ntasks: {}\n"), timeout=5)


def test_very_long_names_and_values(box):
    for text in (f"tasks:\n  {'n' * 100_000}:\n    command: x\n",
                 f"tasks:\n  web:\n    command: x\n    {'k' * 1000}: 1\n",
                 f"tasks:\n  web:\n    command: x\n    restart: {'v' * 100_000}\n"):
        check(box, box.write(text), (0, 1))


def test_many_errors_end(box):
    lines = "".join(f"  t{n}:\n    frob: 1\n" for n in range(3000))
    printed = check(box, box.write("tasks:\n" + lines))
    assert "config.yaml:" in printed


def test_a_program_that_reads_stdin_gets_nothing_of_ours(box):
    supervisor = box.shell({"tasks": {"cat": {"command": "cat", "stdout": str(box.path("out"))}}})
    supervisor.start("cat")
    supervisor.wait_state("cat", "STOPPED")  # /dev/null has an end
    assert box.path("out").read_bytes() == b""
