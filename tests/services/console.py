"""The example books in files, made once, and the command line run inside the test's own process."""

import shutil
import sqlite3
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from services.application.ingest import ingest
from services.application.proof import Proof
from services.application.verify import verify
from services.application.writer import BookWriter
from services.clock import FixedClock
from services.contract.answers import Receipt
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelves import open_shelf

EXAMPLES = Path(__file__).parents[2] / "examples"

LONG_AFTER = datetime(2024, 6, 1, 10, 0, tzinfo=UTC)
"""When the examples are read in: after everything they tell."""


class Said(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


Grundbok = Callable[..., Said]
"""Runs the program with these arguments."""


def build(directory: Path, book: str) -> Path:
    """Make an example book in a directory and return its file."""
    with open_shelf(directory, catalogue_mapper()) as shelf:
        writer = BookWriter(shelf.create(book), FixedClock(LONG_AFTER))
        files = sorted(str(path) for path in (EXAMPLES / book).glob("*.jsonl"))
        for answers in ingest(writer, files):
            assert all(isinstance(answer, Receipt) for answer in answers), answers
    return directory / f"{book}.sqlite"


def runner(data: Path, capture: pytest.CaptureFixture[bytes], patch: pytest.MonkeyPatch) -> Grundbok:
    """Return a function that runs the program on the books of a directory."""
    from services.cli.main import main  # noqa: PLC0415 - importing it takes what `grundbok --help` should not

    def run(*arguments: object) -> Said:
        patch.setenv("GRUNDBOK_DATA", str(data))
        patch.setenv("COLUMNS", "120")
        patch.setattr(sys, "argv", ["grundbok", *map(str, arguments)])
        capture.readouterr()
        code = 0
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # cyclopts takes a test that reads sys.argv for a mistake
                main()
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 0 if leaving.code is None else 1
        out, err = capture.readouterr()
        return Said(code, out.decode(), err.decode())

    return run


def copied(file: Path, directory: Path) -> Path:
    """Return a copy of a book's file in another directory."""
    directory.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(file, directory / file.name))


@contextmanager
def forged(file: Path) -> Iterator[sqlite3.Connection]:
    """Open a book as a forger does: without its triggers, which are put back as they were."""
    with closing(sqlite3.connect(file)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        for _, sql in triggers:
            connection.execute(sql)
        connection.commit()


def proved(file: Path) -> Proof:
    """Prove the book in a file."""
    with open_shelf(file.parent, catalogue_mapper()) as shelf:
        return verify(shelf.open(file.stem), catalogue_mapper())
