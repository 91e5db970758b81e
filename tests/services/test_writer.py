"""The writer: each message once, a refused one blocks nobody, and what is acknowledged is in the book."""

from collections.abc import Iterator

import msgspec
import pytest

from domain.books.manual import VoucherCorrected
from domain.catalogue import AnyEvent, voucher_of
from domain.kernel.refusal import InvariantBroken
from services.application.incoming import Incoming, Unread
from services.application.writer import ATTEMPTS, BookWriter
from services.clock import FixedClock
from services.contract.answers import Receipt, Refused
from services.event_store.failures import Conflict, OutcomeUnknown, StorageFull, Unavailable
from services.event_store.shelf import BookShelf
from services.event_store.store import BookStore
from tests.builders import (
    TODAY,
    a_budget,
    a_correction,
    a_voucher,
    an_association,
    lines,
    plan_lines,
)
from tests.services.messages import codes, envelope, founding, read, receipts, vouchers

Store = BookStore[AnyEvent]
TEN = vouchers(10)


def conflicting(number: int = 1) -> dict[str, object]:
    """Return a message with the identity of a voucher, and other content."""
    return envelope(a_voucher(text="Något annat"), f"v-{number}")


def test_gives_positions_and_voucher_numbers(writer: BookWriter, store: Store) -> None:
    answers = writer.write(read(*founding(), *vouchers(2)))

    assert codes(answers) == ["", "", "", "", "A1/2023", "A2/2023"]
    assert [(answer.position, answer.last_position) for answer in receipts(answers)] == [(n, n) for n in range(1, 7)]
    assert store.head() == 6


def test_a_refused_message_blocks_nobody(writer: BookWriter, store: Store) -> None:
    unbalanced = envelope(a_voucher(lines=lines((6570, 1), (1930, -2))), "x-1")

    answers = writer.write(read(*founding(), *vouchers(1), unbalanced, *vouchers(1, first=2)))

    assert codes(answers)[4:] == ["A1/2023", "voucher_not_balanced", "A2/2023"]
    assert store.head() == 6
    assert isinstance(answers[5], Refused)
    assert (answers[5].id, answers[5].source, answers[5].facts) == ("x-1", "/ekonomi", {"difference_ore": -1})


def test_passes_on_what_could_not_be_read(writer: BookWriter) -> None:
    unreadable = Refused(code="not_json", sv="", en="", facts={}, line=1)

    answers = writer.write([unreadable, *read(*founding())])

    assert answers[0] is unreadable
    assert len(receipts(answers)) == 4


def test_the_same_message_gets_its_first_receipt(writer: BookWriter, store: Store) -> None:
    first = writer.write(read(*founding(), *TEN))

    again = writer.write(read(*founding(), *TEN))

    assert all(receipt.duplicate for receipt in receipts(again))
    assert [msgspec.structs.replace(receipt, duplicate=False) for receipt in receipts(again)] == first
    assert store.head() == 14


def test_also_within_one_batch(writer: BookWriter, store: Store) -> None:
    answers = writer.write(read(*founding(), TEN[0], TEN[0], conflicting(), TEN[0]))

    assert codes(answers)[4:] == ["A1/2023", "again", "message_conflict", "again"]
    assert [receipt.position for receipt in receipts(answers)[4:]] == [5, 5, 5]
    assert store.head() == 5


def test_also_after_a_restart(shelf: BookShelf[AnyEvent], writer: BookWriter, clock: FixedClock) -> None:
    first = writer.write(read(*founding(), *TEN))

    again = BookWriter(shelf.open("prov"), clock).write(read(TEN[7], conflicting(3), *vouchers(1, first=11)))

    assert codes(again) == ["again", "message_conflict", "A11/2023"]
    assert msgspec.structs.replace(receipts(again)[0], duplicate=False) == first[11]


def test_a_warning_is_in_the_first_receipt_and_in_the_second(writer: BookWriter) -> None:
    deficit = envelope(a_budget(lines=plan_lines((2023, 6570, 500_00)), motive=""), "b-1")

    (first,) = receipts(writer.write(read(*founding(), deficit)))[4:]
    (again,) = receipts(writer.write(read(deficit)))

    assert [warning.code for warning in first.warnings] == ["budget_deficit"]
    assert again.warnings == first.warnings
    assert "underskott" in first.warnings[0].sv


def test_other_content_under_the_same_identity_is_a_conflict(writer: BookWriter, store: Store) -> None:
    writer.write(read(*founding(), *TEN))

    (answer,) = writer.write(read(conflicting(4)))

    assert isinstance(answer, Refused)
    assert (answer.code, answer.facts) == ("message_conflict", {"id": "v-4", "source": "/ekonomi", "position": 8})
    assert store.head() == 14


def test_the_same_id_from_another_source_is_another_message(writer: BookWriter) -> None:
    writer.write(read(*founding(), TEN[0]))

    assert codes(writer.write(read(TEN[0] | {"source": "/lön"}))) == ["A2/2023"]


def test_a_refused_message_may_come_again(writer: BookWriter) -> None:
    early = writer.write(read(TEN[0]))
    late = writer.write(read(*founding(), TEN[0]))

    assert codes(early) == ["association_missing"]
    assert codes(late)[4] == "A1/2023"


def test_a_message_is_for_the_association_of_the_book(writer: BookWriter) -> None:
    writer.write(read(*founding()))
    stray = TEN[0] | {"subject": "222000-1347"}

    assert codes(writer.write(read(stray))) == ["subject_wrong"]


def test_the_first_message_is_about_the_association_it_registers(writer: BookWriter, store: Store) -> None:
    answers = writer.write(read(envelope(an_association(), "f-1", subject="222000-1347"), *founding()))

    assert codes(answers) == ["subject_wrong", "", "", "", ""]
    assert store.head() == 4


def test_a_correction_becomes_two_events_and_names_what_it_corrects(writer: BookWriter, store: Store) -> None:
    replaced = envelope(a_correction(lines=lines((5010, 100_00), (1930, -100_00))), "c-1")

    *_, answer = receipts(writer.write(read(*founding(), TEN[0], replaced)))

    assert (answer.position, answer.last_position, answer.vouchers) == (6, 7, ("R1/2023", "R2/2023"))
    assert codes(writer.write(read(replaced))) == ["again"]
    assert receipts(writer.write(read(replaced)))[0].vouchers == ("R1/2023", "R2/2023")
    assert store.head() == 7


@pytest.mark.parametrize("number", [1, 64, 65, 130, 200])
def test_finds_the_voucher_to_correct_among_many(
    shelf: BookShelf[AnyEvent], writer: BookWriter, clock: FixedClock, number: int
) -> None:
    writer.write(read(*founding(), *vouchers(199)))
    correction = envelope(a_correction(number=number), "c-1")

    same_writer = writer.write(read(*vouchers(1, first=200), correction))
    fresh_writer = BookWriter(shelf.open("prov"), clock).write(read(envelope(a_correction(number=number), "c-2")))

    assert codes(same_writer) == ["A200/2023", "R1/2023"]
    assert codes(fresh_writer) == ["voucher_already_corrected"]


def test_corrects_vouchers_of_the_book_and_of_the_same_batch(writer: BookWriter, store: Store) -> None:
    writer.write(read(*founding(), *vouchers(2)))
    corrections = [envelope(a_correction(number=number), f"c-{number}") for number in (4, 1, 3, 2)]

    answers = writer.write(read(*vouchers(2, first=3), *corrections, envelope(a_correction(number=4), "c-5")))

    assert codes(answers) == [
        "A3/2023",
        "A4/2023",
        "R1/2023",
        "R2/2023",
        "R3/2023",
        "R4/2023",
        "voucher_already_corrected",
    ]
    corrected = [event for _, event in store.events() if isinstance(event, VoucherCorrected)]
    written = [voucher for _, event in store.events() if (voucher := voucher_of(event)) is not None]
    originals = {voucher.number: voucher for voucher in written if voucher.series == "A"}
    assert [event.number for event in corrected] == [4, 1, 3, 2]
    assert all(
        event.voucher.amounts_ore == tuple(-ore for ore in originals[event.number].amounts_ore) for event in corrected
    )


def test_messages_that_are_read_when_they_are_gone_through(writer: BookWriter) -> None:
    messages = read(*founding(), *vouchers(3))
    read_so_often: list[int] = []

    def reading() -> Iterator[Incoming]:
        read_so_often.append(len(messages))
        return iter(messages)

    unread = Unread(reading, len(messages))
    assert codes(writer.write(unread))[4:] == ["A1/2023", "A2/2023", "A3/2023"]
    assert read_so_often
    assert (len(unread), messages[0] in unread, object() in unread) == (7, True, False)
    assert codes(writer.write(unread)) == ["again"] * 7


def test_corrects_only_what_is_there(writer: BookWriter) -> None:
    writer.write(read(*founding(), TEN[0]))

    assert codes(writer.write(read(envelope(a_correction(number=2), "c-1")))) == ["voucher_unknown"]
    assert codes(writer.write(read(envelope(a_correction(series="B"), "c-2")))) == ["voucher_unknown"]


def test_sees_what_another_writer_has_written(shelf: BookShelf[AnyEvent], clock: FixedClock) -> None:
    shelf.create("annan")
    one, other = (BookWriter(shelf.open("annan"), clock) for _ in range(2))

    one.write(read(*founding(), TEN[0]))
    answers = other.write(read(TEN[0], TEN[1]))

    assert codes(answers) == ["again", "A2/2023"]
    assert codes(one.write(read(TEN[2]))) == ["A3/2023"]


class Troubled:
    """A store that fails when it is told to, before or after it has written."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.before: list[Exception] = []
        self.after: list[Exception] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)

    def append(self, events: list[AnyEvent], **more: object) -> int:
        """Append, or fail before or after."""
        if self.before:
            raise self.before.pop(0)
        head = self.store.append(events, **more)  # type: ignore[arg-type]
        if self.after:
            raise self.after.pop(0)
        return head


@pytest.fixture
def troubled(store: Store) -> Troubled:
    return Troubled(store)


@pytest.fixture
def hindered(troubled: Troubled, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> BookWriter:
    """Give a writer whose store can be troubled; it does not really wait."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    return BookWriter(troubled, clock)  # type: ignore[arg-type]


def test_decides_again_when_somebody_was_first(troubled: Troubled, hindered: BookWriter) -> None:
    troubled.before = [Conflict(book="prov", after=0)] * (ATTEMPTS - 1)

    assert codes(hindered.write(read(*founding(), TEN[0])))[4] == "A1/2023"


def test_gives_up_after_so_many_attempts(troubled: Troubled, hindered: BookWriter) -> None:
    troubled.before = [Conflict(book="prov", after=0)] * ATTEMPTS

    with pytest.raises(Conflict):
        hindered.write(read(*founding()))
    assert troubled.store.head() == 0
    assert len(receipts(hindered.write(read(*founding())))) == 4


@pytest.mark.parametrize("failure", [StorageFull(book="prov"), Unavailable(book="prov", reason="borta")])
def test_a_batch_that_was_not_written_leaves_no_trace(
    troubled: Troubled, hindered: BookWriter, failure: Exception
) -> None:
    hindered.write(read(*founding()))
    troubled.before = [failure]

    with pytest.raises(type(failure)):
        hindered.write(read(*TEN))

    assert troubled.store.head() == 4
    assert codes(hindered.write(read(TEN[5]))) == ["A1/2023"]


def test_a_lost_answer_is_found_again(troubled: Troubled, hindered: BookWriter) -> None:
    troubled.after = [OutcomeUnknown(book="prov", after=0)]

    answers = hindered.write(read(*founding(), TEN[0], TEN[0]))

    assert [receipt.duplicate for receipt in receipts(answers)] == [False] * 5 + [True]
    assert troubled.store.head() == 5
    assert codes(hindered.write(read(TEN[1]))) == ["A2/2023"]


def test_a_lost_answer_to_what_was_not_written_is_written(troubled: Troubled, hindered: BookWriter) -> None:
    troubled.before = [OutcomeUnknown(book="prov", after=0)]

    answers = hindered.write(read(*founding()))

    assert not any(receipt.duplicate for receipt in receipts(answers))
    assert troubled.store.head() == 4


def test_asks_until_the_store_answers_whether_the_batch_is_there(troubled: Troubled, hindered: BookWriter) -> None:
    troubled.after = [OutcomeUnknown(book="prov", after=0)]
    hindered.write([])
    original = troubled.store.identities
    away = [Unavailable(book="prov", reason="borta")] * 3

    def identities(keys: list[bytes]) -> object:
        if not troubled.after and away:
            raise away.pop()
        return original(keys)

    troubled.identities = identities  # type: ignore[attr-defined]

    assert not any(receipt.duplicate for receipt in receipts(hindered.write(read(*founding()))))
    assert not away
    assert troubled.store.head() == 4


def test_a_broken_invariant_stops_the_book(writer: BookWriter, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    writer.write(read(*founding()))

    def broken(*_: object) -> None:
        raise InvariantBroken("something that cannot be")

    monkeypatch.setattr("services.application.trial.evolve", broken)
    with pytest.raises(InvariantBroken):
        writer.write(read(*TEN))
    monkeypatch.undo()

    with pytest.raises(InvariantBroken, match="something that cannot be"):
        writer.write(read(*TEN))
    assert store.head() == 4


def test_records_who_when_and_what(writer: BookWriter, store: Store, clock: FixedClock) -> None:
    writer.write(read(*founding(), envelope(a_voucher(), "v-1", actor="ekonomi")))

    recorded = list(store.events())[-1][1].recorded
    assert (recorded.actor, recorded.source, recorded.message_id) == ("ekonomi", "/ekonomi", "v-1")
    assert (recorded.registered_on, recorded.recorded_at) == (TODAY, clock.now())


def test_an_empty_batch_does_nothing(writer: BookWriter, store: Store) -> None:
    assert writer.write([]) == []
    assert store.head() == 0
    assert not [answer for answer in writer.write(read(TEN[0])) if isinstance(answer, Receipt)]


def test_writes_a_whole_batch_or_nothing_of_it(writer: BookWriter, store: Store) -> None:
    writer.write(read(*founding()))

    refused = writer.write_whole(read(*vouchers(3), *founding(), conflicting(1)))
    assert codes(refused) == ["message_conflict"]
    assert store.head() == 4

    assert codes(writer.write_whole(read(*vouchers(3)))) == ["A1/2023", "A2/2023", "A3/2023"]
