"""Section 8: a disk that is full stalls nobody, and what it costs is counted."""
import os
import re
import shutil
import subprocess

import pytest

from harness import helper, patience, wait_for

DISK_KIB = 4096
FIRST = 12 << 20  # bytes that are written while there is room for DISK_KIB of them
SECOND = 1 << 20  # and once there is room again


def own_disk(box):
    """A command that mounts a small disk at `disk`, in namespaces of its own, and runs the rest."""
    disk = box.path("disk")
    disk.mkdir()
    mount = f'mount -t tmpfs -o size={DISK_KIB}k none "{disk}" && exec "$@"'
    own = ["unshare", *([] if os.geteuid() == 0 else ["-Ur"]), "-m", "sh", "-c", mount, "sh"]
    if not shutil.which("unshare") or subprocess.run([*own, "true"], check=False,
                                                     capture_output=True).returncode:
        pytest.skip("no mount namespace of our own to be had here")
    return own


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def told(supervisor, pattern):
    found = re.findall(pattern, supervisor.stderr())
    return int(found[-1]) if found else None


def test_a_disk_that_fills_up_and_is_freed(box):
    """The disk is full long before the task has written what it writes, which the task does not
    notice. Once there is room, whole lines come again, and not a byte is unaccounted for."""
    own = own_disk(box)
    log = {"stdout": "disk/out.log", "logMaxSize": "1GB"}
    supervisor = box.foreground({"tasks": {
        "first": {"command": helper("lines", box.path("first"), FIRST), "autoLaunch": True, **log},
        "second": {"command": helper("lines", box.path("second"), SECOND), **log}}}, command=own)
    wait_for(lambda: told(supervisor, r"No space left on device, (\d+) bytes dropped so far"), 20,
             supervisor.stderr)
    resident = resident_kib(supervisor.pid)
    wait_for(box.path("first").exists, 20)  # it comes once all has been written
    assert patience() > 1 or resident_kib(supervisor.pid) - resident < 1024

    # As the supervisor sees the disk; others see the directory beneath it.
    path = f"/proc/{supervisor.pid}/root{box.path('disk/out.log')}"
    with open(path, "rb") as file:
        before = file.read()
    assert len(before) > (DISK_KIB - 256) << 10
    assert re.fullmatch(rb"(?:\d{10} x*\n)+\d{0,10} ?x*", before)
    os.truncate(path, 0)

    assert box.ctl("start", "second").returncode == 0
    wait_for(lambda: told(supervisor, r"writing again, (\d+) bytes were dropped"), 20,
             supervisor.stderr)
    wait_for(box.path("second").exists, 20)
    all_bytes = sum(int(box.path(name).read_text().split()[1]) for name in ("first", "second"))
    dropped = told(supervisor, r"writing again, (\d+) bytes were dropped")
    wait_for(lambda: os.path.getsize(path) >= all_bytes - dropped - len(before), 20)
    with open(path, "rb") as file:
        after = file.read()
    repaired = len(after) - (all_bytes - dropped - len(before))
    assert repaired in (0, 1), f"{repaired} bytes too many"  # the end of the torn line
    assert re.fullmatch(rb"\n?(?:\d{10} x*\n)+", after)
