"""Registration dates: today for what is live, as stated for a history, and never decreasing."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.catalogue import AnyEvent
from services.application.writer import BookWriter
from services.clock import FixedClock, SystemClock, swedish_day
from services.event_store.shelf import BookShelf
from services.event_store.store import BookStore
from tests.builders import TODAY
from tests.services.messages import codes, founding, read, receipts, vouchers

Store = BookStore[AnyEvent]


def dated(day: str | None, *, first: int = 1, count: int = 1) -> list[dict[str, object]]:
    """Return vouchers that state a registration date."""
    return [message | ({"registrationdate": day} if day else {}) for message in vouchers(count, first=first)]


def history() -> list[dict[str, object]]:
    """Return the founding of a book, as registered long ago."""
    return [message | {"registrationdate": "2023-01-02"} for message in founding()]


def registered(store: Store) -> list[date]:
    return [event.recorded.registered_on for _, event in store.events()]


def test_a_live_message_is_registered_today(writer: BookWriter, store: Store) -> None:
    writer.write(read(*founding()))

    assert set(registered(store)) == {TODAY}


def test_the_day_is_the_swedish_day(shelf: BookShelf[AnyEvent]) -> None:
    store = shelf.create("natt")
    late_evening_utc = FixedClock(datetime(2023, 6, 30, 22, 30, tzinfo=UTC))

    BookWriter(store, late_evening_utc).write(read(*founding()))

    assert set(registered(store)) == {date(2023, 7, 1)}
    assert swedish_day(datetime(2023, 1, 1, 22, 59, tzinfo=UTC)) == date(2023, 1, 1)
    assert swedish_day(datetime(2023, 1, 1, 23, 0, tzinfo=UTC)) == date(2023, 1, 2)


def test_a_history_states_its_dates(writer: BookWriter, store: Store) -> None:
    writer.write(read(*history(), *dated("2023-02-01"), *dated("2023-02-01", first=2), *dated("2023-05-05", first=3)))

    assert registered(store)[4:] == [date(2023, 2, 1), date(2023, 2, 1), date(2023, 5, 5)]


def test_a_history_is_in_order(writer: BookWriter) -> None:
    answers = writer.write(
        read(*history(), *dated("2023-02-01"), *dated("2023-01-31", first=2), *dated("2023-02-01", first=3))
    )

    assert codes(answers)[4:] == ["A1/2023", "registration_out_of_order", "A2/2023"]


def test_nothing_is_registered_in_the_future(writer: BookWriter) -> None:
    assert codes(writer.write(read(*history(), *dated("2023-07-01"))))[4:] == ["registration_in_future"]


def test_history_is_closed_by_the_first_live_message(
    shelf: BookShelf[AnyEvent], writer: BookWriter, clock: FixedClock
) -> None:
    answers = writer.write(read(*history(), *dated(None), *dated("2023-06-29", first=2)))
    assert codes(answers)[4:] == ["A1/2023", "history_is_closed"]

    clock.move(timedelta(days=3))
    for again in (writer, BookWriter(shelf.open("prov"), clock)):
        assert codes(again.write(read(*dated("2023-07-01", first=3)))) == ["history_is_closed"]


def test_a_stated_date_that_is_today_is_no_history(writer: BookWriter, store: Store) -> None:
    answers = writer.write(read(*founding(), *dated(str(TODAY)), *dated(None, first=2), *dated(str(TODAY), first=3)))

    assert codes(answers)[4:] == ["A1/2023", "A2/2023", "A3/2023"]
    assert registered(store) == sorted(registered(store))


def test_a_history_can_be_sent_again_when_it_is_closed(writer: BookWriter) -> None:
    writer.write(read(*history(), *dated("2023-02-01"), *dated(None, first=2)))

    assert codes(writer.write(read(*history(), *dated("2023-02-01")))) == ["again"] * 5


def test_a_clock_a_little_behind_is_held(writer: BookWriter, store: Store, clock: FixedClock) -> None:
    writer.write(read(*founding()))
    before = clock.now()
    clock.move(timedelta(minutes=-4))

    assert codes(writer.write(read(*dated(None)))) == ["A1/2023"]
    assert list(store.events())[-1][1].recorded.recorded_at == before


def test_a_clock_that_is_wrong_records_nothing(writer: BookWriter, store: Store, clock: FixedClock) -> None:
    writer.write(read(*founding(), *dated(None)))
    clock.move(timedelta(days=-1))

    answers = writer.write(read(*dated(None), *dated(None, first=2), *dated("2023-06-29", first=3)))

    assert codes(answers) == ["again", "clock_behind", "clock_behind"]
    assert store.head() == 5


def test_a_clock_across_midnight_does_not_go_back(shelf: BookShelf[AnyEvent]) -> None:
    clock = FixedClock(datetime(2023, 6, 30, 22, 1, tzinfo=UTC))
    writer = BookWriter(shelf.create("natt"), clock)
    writer.write(read(*founding()))
    clock.move(timedelta(minutes=-2))

    assert receipts(writer.write(read(*dated(None))))
    assert set(registered(shelf.open("natt"))) == {date(2023, 7, 1)}


def test_the_clock_of_the_machine_is_in_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


@pytest.mark.parametrize("stated", ["2023-01-02", None])
def test_instants_never_decrease(writer: BookWriter, store: Store, clock: FixedClock, stated: str | None) -> None:
    for number, minutes in enumerate((0, 2, -3, 1, -1, 5), 1):
        clock.move(timedelta(minutes=minutes))
        writer.write(read(*(history() if stated else founding()), *dated(stated, first=number)))

    instants = [event.recorded.recorded_at for _, event in store.events()]
    assert instants == sorted(instants)
    assert store.head() == 10
