"""The machine a figure was measured on, and the programs it was measured with."""

import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from services.event_store.driver import sqlite
from services.messaging.nats_server import NatsServerMissing, find_binary
from tests.servers.postgres import find_binaries

FSYNC_SECONDS = 0.5
BLOCK = bytes(4096)


def load_average() -> list[float]:
    """Return how many processes wanted to run in the last one, five and fifteen minutes."""
    return [round(load, 2) for load in os.getloadavg()]


def facts(load: list[float]) -> dict[str, object]:
    """Return what figures depend on; the load is of before the measurements, which are load themselves."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {_first_two(platform.release())} {platform.machine()}",
        "fsyncs_per_second": _fsyncs_per_second(),
        "load_average": load,
        "python": platform.python_version(),
        "sqlite": sqlite.sqlite_version,
        "postgresql": _postgres(),
        "nats": _nats(),
    }


def version(program: list[str]) -> str:
    """Return the version that a program tells, or the versions, or "none"."""
    try:
        told = subprocess.run(program, capture_output=True, text=True, check=True).stdout  # noqa: S603 - a program of ours
    except (OSError, subprocess.CalledProcessError):
        return "none"
    return ", ".join(dict.fromkeys(re.findall(r"\d+\.\d[\d.]*\b", told.partition("\n")[0]))) or "none"


def _postgres() -> str:
    try:
        return version([str(find_binaries() / "postgres"), "--version"])
    except FileNotFoundError:
        return "none"


def _nats() -> str:
    try:
        return version([str(find_binary()), "--version"])
    except NatsServerMissing:
        return "none"


def _first_two(release: str) -> str:
    return ".".join(release.split(".")[:2])


def _processor() -> str:
    cpu = Path("/proc/cpuinfo")
    if sys.platform == "linux" and cpu.exists():
        found = re.search(r"^model name\s*:\s*(.+)$", cpu.read_text("utf-8"), re.MULTILINE)
        if found:
            return found[1]
    return platform.processor() or platform.machine()


def _fsyncs_per_second() -> int:
    """Return how often a second the disk of temporary files, where the benchmarks write, takes a block durably."""
    count, started = 0, perf_counter()
    with tempfile.TemporaryFile() as file:
        while perf_counter() - started < FSYNC_SECONDS:
            file.write(BLOCK)
            file.flush()
            os.fsync(file.fileno())
            count += 1
    return round(count / (perf_counter() - started))
