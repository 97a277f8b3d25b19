"""What a message through a channel costs: queue.c and queue.go, in turns."""
import os
import subprocess

KINDS = {"chan": "queue", "bare": "queue", "go": "queue-go"}
MESSAGES = {0: 5_000_000, 1: 2_000_000, 8: 1_000_000}


def measure(figures, programs, share):
    """One repetition, with that share of the messages."""
    for senders, messages in MESSAGES.items():
        for kind, program in KINDS.items():
            path = os.path.join(programs, program)
            if os.path.exists(path):
                command = [path, kind, str(senders), str(int(messages * share))]
                out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
                figures.add(f"queue_{senders}", kind, float(out))
