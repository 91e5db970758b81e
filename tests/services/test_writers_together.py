"""Eight writers of one book at the same time: numbers 1..n without gap or duplicate, in threads and in processes."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from domain.catalogue import AnyEvent, voucher_of
from services.application.writer import BookWriter
from services.bootstrap import running
from services.clock import FixedClock
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelf import BookShelf
from services.event_store.shelves import open_shelf
from services.settings import Settings
from tests.builders import a_voucher
from tests.contracts.conftest import postgres_database, postgres_dsn  # noqa: F401 - fixtures
from tests.services.messages import NOON, codes, envelope, founding, read, write_file

WRITERS, BATCHES, SIZE = 8, 5, 10
ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.server)])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BookShelf[AnyEvent]]:
    """Give a shelf on each kind of store."""
    if request.param == "postgres":
        place = str(request.getfixturevalue("postgres_dsn"))
    else:
        place = "memory:" if request.param == "memory" else str(tmp_path / "books")
    with open_shelf(place, catalogue_mapper()) as shelf:
        yield shelf


def batch(writer: int, number: int) -> list[dict[str, object]]:
    """Return vouchers of one writer, and one that all writers send."""
    own = [envelope(a_voucher(text=f"{writer} {number} {row}"), f"w{writer}-{number}-{row}") for row in range(SIZE)]
    return [*own, envelope(a_voucher(text="gemensam"), f"common-{number}")]


def numbers(shelf: BookShelf[AnyEvent]) -> list[int]:
    """Return the voucher numbers in the order of the book."""
    return [voucher.number for _, event in shelf.open("prov").events() if (voucher := voucher_of(event)) is not None]


def test_threads_with_a_writer_each(anywhere: BookShelf[AnyEvent]) -> None:
    BookWriter(anywhere.create("prov"), FixedClock(NOON)).write(read(*founding()))

    def work(number: int) -> list[str]:
        writer = BookWriter(anywhere.open("prov"), FixedClock(NOON))
        return [code for one in range(BATCHES) for code in codes(writer.write(read(*batch(number, one))))]

    with ThreadPoolExecutor(WRITERS) as pool:
        outcomes = [code for codes_ in pool.map(work, range(WRITERS)) for code in codes_]

    assert numbers(anywhere) == list(range(1, WRITERS * BATCHES * SIZE + BATCHES + 1))
    assert outcomes.count("again") == (WRITERS - 1) * BATCHES
    assert len(set(outcomes)) == WRITERS * BATCHES * SIZE + BATCHES + 1


def test_threads_that_share_a_writer(anywhere: BookShelf[AnyEvent]) -> None:
    writer = BookWriter(anywhere.create("prov"), FixedClock(NOON))
    writer.write(read(*founding()))

    with ThreadPoolExecutor(WRITERS) as pool:
        list(
            pool.map(lambda number: [writer.write(read(*batch(number, one))) for one in range(BATCHES)], range(WRITERS))
        )

    assert numbers(anywhere) == list(range(1, WRITERS * BATCHES * SIZE + BATCHES + 1))


def _processes(place: list[str], environment: dict[str, str], tmp_path: Path) -> list[subprocess.CompletedProcess[str]]:
    """Let eight processes begin the same book and fill it, each from its own file."""
    files = [
        write_file(
            tmp_path / f"{number}.jsonl", *founding(), *(m for one in range(BATCHES) for m in batch(number, one))
        )
        for number in range(WRITERS)
    ]

    def run(file: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "services.cli.main", "ingest", str(file), "--book", "prov", *place]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(run, files))


@pytest.mark.slow
def test_processes_that_begin_the_same_book(tmp_path: Path) -> None:
    books = tmp_path / "books"

    finished = _processes(["--data", str(books)], {}, tmp_path)

    assert [one.returncode for one in finished] == [0] * WRITERS, finished
    with running(Settings(data=books)) as program:
        assert numbers(program.shelf) == list(range(1, WRITERS * BATCHES * SIZE + BATCHES + 1))


@pytest.mark.slow
@pytest.mark.server
def test_processes_on_postgres(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    dsn = str(request.getfixturevalue("postgres_dsn"))

    finished = _processes([], {"GRUNDBOK_POSTGRES": dsn}, tmp_path)

    assert [one.returncode for one in finished] == [0] * WRITERS, finished
    with running(Settings(postgres=dsn)) as program:
        assert numbers(program.shelf) == list(range(1, WRITERS * BATCHES * SIZE + BATCHES + 1))
