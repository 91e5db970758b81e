"""Files into a book: batches change nothing, twice is once, and what was written stays when a run breaks off."""

import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.catalogue import AnyEvent, voucher_of
from domain.kernel.event import Command
from services.application.ingest import begins_a_book, ingest
from services.application.reading import BATCH_BYTES
from services.application.unborn import UnbornBook
from services.application.writer import BookWriter
from services.clock import FixedClock
from services.contract.answers import Answer
from services.contract.unreadable import FileLocked, FileMissing
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.failures import Conflict
from services.event_store.shelf import BookShelf
from services.event_store.shelves import open_shelf
from services.event_store.store import BookStore
from tests.builders import FOUNDING, a_voucher, lines
from tests.properties.commands import BEGINNING, any_command
from tests.services.messages import NOON, codes, envelope, founding, line_of, read, vouchers, write_file

Store = BookStore[AnyEvent]


def ingested(store: Store, *files: Path, batch: int = 1000) -> list[Answer]:
    writer = BookWriter(store, FixedClock(NOON))
    return [
        answer for answers in ingest(writer, [str(file) for file in files], batch_messages=batch) for answer in answers
    ]


def test_goes_through_the_files_in_order(store: Store, tmp_path: Path) -> None:
    one = write_file(tmp_path / "1.jsonl", *founding())
    two = write_file(tmp_path / "2.jsonl", *vouchers(3))

    answers = ingested(store, one, two)

    assert [(answer.file, answer.line) for answer in answers][3:5] == [(str(one), 4), (str(two), 1)]
    assert codes(answers)[4:] == ["A1/2023", "A2/2023", "A3/2023"]


def test_a_bad_file_between_two_good_ones_costs_itself_only(store: Store, tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"\0\1\2")
    (tmp_path / "e").write_bytes(b"")
    good = write_file(tmp_path / "g", *founding()), write_file(tmp_path / "h", *vouchers(1))

    answers = ingested(store, good[0], tmp_path / "b", tmp_path / "e", good[1])

    assert codes(answers)[4:] == ["file_binary", "file_empty", "A1/2023"]


def test_asks_for_every_file_before_it_begins(store: Store, tmp_path: Path) -> None:
    good = write_file(tmp_path / "g", *founding())

    with pytest.raises(FileMissing):
        ingested(store, good, tmp_path / "missing")
    with pytest.raises(FileLocked):
        ingested(store, good, tmp_path)
    assert store.head() == 0


@pytest.mark.slow
def test_writes_a_batch_when_it_has_many_bytes(store: Store, tmp_path: Path) -> None:
    rows = lines(*[(6570, 1), (1930, -1)] * 2000)
    large = [envelope(a_voucher(lines=rows, text=str(number)), f"l-{number}") for number in range(60)]
    file = write_file(tmp_path / "f", *founding(), *large)
    assert file.stat().st_size > 1.5 * BATCH_BYTES
    reached: list[Any] = []

    batches = list(ingest(BookWriter(store, FixedClock(NOON)), [str(file)], progress=reached.append))

    assert len(batches) == 2
    assert [one.bytes_total for one in reached] == [file.stat().st_size] * 2
    assert reached[-1].bytes_read == file.stat().st_size
    assert reached[-1].messages == 64


def test_what_was_written_before_a_failure_stays(store: Store, tmp_path: Path) -> None:
    file = write_file(tmp_path / "f", *founding(), *vouchers(20))
    run = ingest(BookWriter(store, FixedClock(NOON)), [str(file)], batch_messages=6)
    next(run)
    next(run)
    del run
    assert store.head() == 12

    again = ingested(store, file)

    assert codes(again)[:12] == ["again"] * 12
    assert store.head() == 24
    numbers = [voucher.number for _, event in store.events() if (voucher := voucher_of(event)) is not None]
    assert numbers == list(range(1, 21))


@pytest.mark.parametrize(
    ("content", "begins"),
    [
        (line_of(founding()[0]), True),
        (line_of(vouchers(1)[0]), False),
        (b"", True),
        (b"\xef\xbb\xbf" + line_of(founding()[0]), True),
    ],
)
def test_knows_whether_a_file_may_begin_a_book(tmp_path: Path, content: bytes, begins: bool) -> None:  # noqa: FBT001
    (tmp_path / "f").write_bytes(content)

    assert begins_a_book(str(tmp_path / "f")) == begins


def test_a_book_is_born_with_its_first_event(shelf: BookShelf[AnyEvent]) -> None:
    writer = BookWriter(UnbornBook(shelf, "ny"), FixedClock(NOON))

    assert codes(writer.write(read(*vouchers(1)))) == ["association_missing"]
    assert not shelf.exists("ny")
    writer.write(read(*founding()))
    assert shelf.open("ny").head() == 4
    assert codes(writer.write(read(*vouchers(1)))) == ["A1/2023"]


def test_two_who_make_the_same_book_agree(shelf: BookShelf[AnyEvent]) -> None:
    one, other = (BookWriter(UnbornBook(shelf, "ny"), FixedClock(NOON)) for _ in range(2))
    assert codes(other.write(read(*vouchers(1)))) == ["association_missing"]
    one.write(read(*founding()))

    assert codes(other.write(read(*founding(), *vouchers(1)))) == ["again"] * 4 + ["A1/2023"]


def test_a_book_made_in_the_middle_of_a_turn_is_seen_by_the_next_attempt(
    shelf: BookShelf[AnyEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two processes began the same book: one saw no events, then found identities, and refused what came after them.
    other = BookWriter(UnbornBook(shelf, "ny"), FixedClock(NOON))
    unborn = UnbornBook(shelf, "ny")
    identities = unborn.identities

    def meanwhile(keys: list[bytes]) -> object:
        if not shelf.exists("ny"):
            other.write(read(*founding()))
        return identities(keys)

    monkeypatch.setattr(unborn, "identities", meanwhile)

    answers = BookWriter(unborn, FixedClock(NOON)).write(read(*founding(), *vouchers(2)))

    assert codes(answers) == ["again"] * 4 + ["A1/2023", "A2/2023"]


def test_a_book_that_was_made_meanwhile_is_a_conflict(
    shelf: BookShelf[AnyEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    unborn = UnbornBook(shelf, "ny")
    shelf.create("ny")
    with monkeypatch.context() as context:
        context.setattr(shelf, "exists", lambda _: False)
        with pytest.raises(Conflict):
            unborn.append([], after=0)

    assert unborn.head() == 0
    assert unborn.name == "ny"
    unborn.close()


# ------------------------------------------------------------------------------------------------------- properties

history = st.lists(any_command, max_size=25)


def as_messages(commands: list[Command]) -> list[dict[str, Any]]:
    """Return messages of random commands; some share an identity, some are for another association."""
    found = [envelope(command, f"f-{number}") for number, command in enumerate((*FOUNDING, *BEGINNING))]
    for number, command in enumerate(commands):
        message = envelope(command, f"r-{number % 20}", actor="ekonomi")
        found.append(message | {"subject": "222000-1347"} if number % 13 == 12 else message)
    return found


def stored(messages: list[dict[str, Any]], *, batch: int, times: int = 1) -> tuple[list[AnyEvent], list[list[str]]]:
    """Return the events and the answers of messages ingested into a new book, at instants that differ."""
    with tempfile.TemporaryDirectory() as folder, open_shelf("memory:", catalogue_mapper()) as shelf:
        file = write_file(Path(folder) / "f", *messages)
        store = shelf.create("prov")
        answers = [codes(ingested(store, file, batch=batch)) for _ in range(times)]
        events = [msgspec.structs.replace(event, recorded=None) for _, event in store.events()]
    return events, answers


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(history)
def test_twice_is_once(commands: list[Command]) -> None:
    messages = as_messages(commands)

    once, (answers,) = stored(messages, batch=1000)
    twice, (first, second) = stored(messages, batch=1000, times=2)

    assert first == answers
    assert twice[: len(once)] == once
    # What was refused may be accepted later, when what it waited for has come; what was accepted is only repeated.
    assert all(later == "again" for answer, later in zip(first, second, strict=True) if "_" not in answer)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(history)
def test_the_size_of_batches_changes_nothing(commands: list[Command]) -> None:
    messages = as_messages(commands)

    whole, answers = stored(messages, batch=1000)

    assert stored(messages, batch=1) == (whole, answers)
    assert stored(messages, batch=7) == (whole, answers)
