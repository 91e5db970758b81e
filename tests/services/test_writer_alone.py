"""A writer that was alone so far reads nothing before it appends; whatever it did not see makes the append refuse."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from domain.catalogue import AnyEvent, voucher_of
from services.application.writer import BookWriter
from services.clock import FixedClock
from services.event_store.failures import OutcomeUnknown
from services.event_store.shelf import BookShelf
from services.event_store.store import BookStore
from tests.builders import a_voucher
from tests.services.messages import NOON, codes, envelope, founding, read, receipts, vouchers

Store = BookStore[AnyEvent]


class Counting:
    """A store that counts what it is asked, and can lose the answer to an append."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.asked: list[str] = []
        self.lose = False

    def __getattr__(self, name: str) -> object:
        self.asked.append(name)
        return getattr(self.store, name)

    @property
    def name(self) -> str:
        """The name of the book."""
        return self.store.name

    def append(self, events: list[AnyEvent], **more: object) -> int:
        """Append, and lose the answer if told to."""
        self.asked.append("append")
        head = self.store.append(events, **more)  # type: ignore[arg-type]
        if self.lose:
            self.lose = False
            raise OutcomeUnknown(book="prov", after=head)
        return head


@pytest.fixture
def counting(store: Store) -> Counting:
    return Counting(store)


@pytest.fixture
def alone(counting: Counting, monkeypatch: pytest.MonkeyPatch) -> BookWriter:
    """Give a writer that has written, and met nobody."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    writer = BookWriter(counting, FixedClock(NOON))  # type: ignore[arg-type]
    writer.write(read(*founding()))
    counting.asked.clear()
    return writer


def test_asks_only_to_append(alone: BookWriter, counting: Counting) -> None:
    assert codes(alone.write(read(*vouchers(3)))) == ["A1/2023", "A2/2023", "A3/2023"]
    assert counting.asked == ["append"]


def test_sees_what_somebody_else_has_written(alone: BookWriter, store: Store) -> None:
    BookWriter(store, FixedClock(NOON)).write(read(*vouchers(2)))

    assert codes(alone.write(read(*vouchers(2, first=3)))) == ["A3/2023", "A4/2023"]


def test_knows_a_message_that_came_before(alone: BookWriter) -> None:
    alone.write(read(*vouchers(2)))

    assert codes(alone.write(read(*vouchers(3)))) == ["again", "again", "A3/2023"]
    assert codes(alone.write(read(*vouchers(1)))) == ["again"]


def test_refuses_on_what_the_book_is_now(alone: BookWriter, store: Store) -> None:
    """A message that somebody else has delivered meanwhile is known, though it would be refused if it were new."""
    BookWriter(store, FixedClock(NOON)).write(read(*vouchers(1)))
    wrong = envelope(a_voucher(text="other content"), str(vouchers(1)[0]["id"]))

    assert codes(alone.write(read(wrong))) == ["message_conflict"]
    assert codes(alone.write(read(*founding()))) == ["again"] * len(founding())


def test_looks_up_a_batch_whose_answer_was_lost(alone: BookWriter, counting: Counting) -> None:
    counting.lose = True

    answers = alone.write(read(*vouchers(2)))

    assert codes(answers) == ["A1/2023", "A2/2023"]
    assert [receipt.duplicate for receipt in receipts(answers)] == [False, False]
    assert "identities" in counting.asked


def test_is_shared_by_threads(shelf: BookShelf[AnyEvent], store: Store) -> None:
    writer = BookWriter(store, FixedClock(NOON))
    writer.write(read(*founding()))

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda one: writer.write(read(*vouchers(1, first=one))), range(1, 151)))

    assert sorted(receipt.position for some in answers for receipt in receipts(some)) == list(range(5, 155))
    numbers = [v.number for _, event in shelf.open("prov").events() if (v := voucher_of(event)) is not None]
    assert numbers == list(range(1, 151))
    assert writer._places.positions == {(2023, "A"): [5, 69, 133]}
