"""A program run in a process of its own, and what it cost: what somebody at a keyboard waits for."""

import os
import sys
from pathlib import Path
from statistics import median
from tempfile import NamedTemporaryFile
from time import perf_counter
from typing import NamedTuple

ROOT = Path(__file__).parent.parent

PEAK = "GRUNDBOK_BENCH_PEAK"
WATCHED = """
import atexit, os
def peak():
    with open("/proc/self/status") as status, open(os.environ["GRUNDBOK_BENCH_PEAK"], "w") as told:
        told.writelines(line for line in status if line.startswith("VmHWM:"))
if os.path.exists("/proc/self/status"):
    atexit.register(peak)
"""
"""Tells the most memory the process had; what `wait4` tells begins with the memory of whoever started it."""

NOTHING = "pass"
GRUNDBOK = "from services.cli.main import main; main()"
READ_ROWS = """
import sys
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelves import open_shelf
with open_shelf(sys.argv[1], catalogue_mapper()) as shelf:
    store, after = shelf.open("bench"), 0
    while page := store.read(after, 2000):
        after = page[-1][0]
"""
"""Reads every row of a book through the store, and does nothing with it."""


class Cost(NamedTuple):
    """Seconds on the clock, seconds of the processor, and the most memory at a time in MB; 0 where it is not told."""

    seconds: float
    processor_seconds: float
    megabytes: float


def run(program: str, *arguments: str, output: Path | None = None) -> Cost:
    """Run a Python program on the clock; it must succeed. What it prints goes to a file, or nowhere."""
    place = os.devnull if output is None else str(output)
    opened = [(os.POSIX_SPAWN_OPEN, 1, place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)]
    with NamedTemporaryFile("r") as peak:
        environment = os.environ | {"PYTHONPATH": str(ROOT), PEAK: peak.name}
        # A program that is installed is not compiled each time it is started.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        started = perf_counter()
        child = os.posix_spawn(
            sys.executable, [sys.executable, "-c", WATCHED + program, *arguments], environment, file_actions=opened
        )
        _, status, used = os.wait4(child, 0)
        seconds = perf_counter() - started
        _, kilobytes, *_ = (peak.read() or "VmHWM: 0 kB").split()
    assert os.waitstatus_to_exitcode(status) == 0, arguments
    return Cost(seconds, used.ru_utime + used.ru_stime, int(kilobytes) / 1000)


def typical(costs: list[Cost]) -> Cost:
    """Return the median of each figure."""
    return Cost(*(median(figures) for figures in zip(*costs, strict=True)))
