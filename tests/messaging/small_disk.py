"""A disk that is soon full: a small file system in memory, seen only by processes that enter it.

Mounting takes the rights of root, or those that Linux gives to anybody inside a user namespace. Where neither is to be
had, the test is skipped.
"""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

WAYS = (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"])
HOLD = 'mount -t tmpfs -o size="$2" none "$1" && echo mounted && exec cat'


class SmallDisk:
    """A directory that is small for processes whose command begins with `prefix`."""

    def __init__(self, path: Path, holder: int, *, user: bool) -> None:
        self.path = path
        self.prefix = [
            "nsenter",
            f"--target={holder}",
            "--mount",
            *(["--user", "--preserve-credentials"] if user else []),
        ]
        self.seen = Path(f"/proc/{holder}/root{path}")
        """Where the test itself sees the directory."""
        self._filler = self.seen / "filler"

    def fill(self) -> None:
        """Leave no room."""
        with contextlib.suppress(OSError), self._filler.open("ab", buffering=0) as filler:
            while True:
                filler.write(b"\0" * 4096)

    def make_room(self) -> None:
        """Take away what fills it."""
        self._filler.unlink()


@contextlib.contextmanager
def small_disk(path: Path, size: str) -> Iterator[SmallDisk]:
    """Mount a small file system; skips the test where nobody may."""
    path.mkdir(parents=True)
    for way in WAYS:
        try:
            holder = subprocess.Popen(
                [*way, "sh", "-c", HOLD, "hold", str(path.resolve()), size],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        except FileNotFoundError:
            break
        with holder:
            if holder.stdout is not None and holder.stdout.readline() == b"mounted\n":
                yield SmallDisk(path.resolve(), holder.pid, user="--user" in way)
                return
    pytest.skip("no small file system: neither root nor user namespaces may mount one")
