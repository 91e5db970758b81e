"""Other processes, seen from a test: whether one runs, and waiting for what it does."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

DEADLINE_SECONDS = 60.0
POLL_SECONDS = 0.01

LISTENING = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"


def heeding_ctrl_c(*words: str) -> list[str]:
    """Return the command that runs `grundbok` so that Ctrl-C ends it.

    What runs tests side by side or in the background ignores Ctrl-C, and what it starts would, too.
    """
    return [sys.executable, "-c", f"{LISTENING}; from services.cli.main import main; main()", *words]


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(POLL_SECONDS)


def is_running(pid: int) -> bool:
    """Tell whether a process runs, and is not only waiting to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
