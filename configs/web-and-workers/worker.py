"""A worker: says every INTERVAL seconds that it works. SIGTERM ends it once the line is written;
SIGUSR1 makes it crash (exit code 70), SIGUSR2 that it has nothing left to do (exit code 3)."""
import os
import signal
import sys
import threading

ENDS = {signal.SIGTERM: 0, signal.SIGUSR1: 70, signal.SIGUSR2: 3}

told = threading.Event()
code = 0


def end(signo, _frame):
    global code
    code = ENDS[signo]
    told.set()


for number in ENDS:
    signal.signal(number, end)
mask = os.umask(0)
os.umask(mask)
print(f"{os.environ['GREETING']}, in {os.getcwd()} with umask {mask:03o}")
step = 0
while not told.wait(float(os.environ.get("INTERVAL", "1"))):
    step += 1
    print(f"{os.environ['TASKMASTER_NAME']} works: step {step}")
print(f"ends with code {code}")
sys.exit(code)
