"""What a list of vouchers is made from: the events up to a position, read when it is made and never kept."""

from collections.abc import Iterator
from datetime import date

import pytest

from domain.catalogue import AnyEvent
from projections.journal import entered
from projections.report import Question
from services.application import queries
from services.application.live_book import LiveBook
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelves import open_shelf
from services.event_store.store import BookStore
from tests.ledger_text import events

TOLD = events("""
    2023-01-01 IB Ingående balanser
        1930   700
        2081  -700
    2023-03-31 Insats
        4010   200  #p
        1930  -200
    2023-04-30 Bidrag
        1930   500
        3985  -500  @staten
""")
LAYOUTS = queries.Layouts()


@pytest.fixture
def store(place: str) -> Iterator[BookStore[AnyEvent]]:
    """Give a book of three vouchers on a shelf of either kind."""
    with open_shelf(place, catalogue_mapper()) as shelf:
        store = shelf.create("bok")
        store.append(TOLD, after=0)
        yield store


def test_is_the_same_whenever_it_is_gone_through_and_whatever_is_recorded_meanwhile(store: BookStore[AnyEvent]) -> None:
    facts = queries.facts_of(store, None, vouchers=True)
    before = list(facts.events)

    store.append(TOLD[-1:], after=store.head())

    assert before == list(facts.events) == list(TOLD)
    assert list(facts.vouchers) == list(facts.vouchers) == entered(TOLD)
    assert len(list(queries.facts_of(store, None, vouchers=True).events)) == len(TOLD) + 1


def test_ends_where_the_book_was_known(store: BookStore[AnyEvent]) -> None:
    last = store.head()

    assert list(queries.Prefix(store, 0)) == []
    assert list(queries.facts_of(store, last - 1, vouchers=True).events) == list(TOLD[:-1])
    assert list(queries.facts_of(store, date(1999, 12, 31), vouchers=True).events) == []
    assert queries.facts_of(store, None).events == ()


def test_an_event_is_read_when_it_is_come_to_and_not_before(
    store: BookStore[AnyEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    events_of = type(store).events

    def watched(self: object, *args: int, **named: int | None) -> Iterator[tuple[int, AnyEvent]]:
        for position, event in events_of(self, *args, **named):  # type: ignore[arg-type] # as it was called
            read.append(position)
            yield position, event

    monkeypatch.setattr(type(store), "events", watched)
    facts = queries.facts_of(store, None, vouchers=True)

    assert read == []
    for row in facts.vouchers:
        assert read[-1] == row.position
    assert read == list(range(1, len(TOLD) + 1))


@pytest.mark.parametrize("name", ["journal", "general-ledger", "series", "late-bookings", "supplier-ledger"])
def test_a_live_book_lists_the_same_vouchers(store: BookStore[AnyEvent], name: str) -> None:
    question = Question(name=name, as_of=date(2023, 12, 31))
    live = LiveBook(store)

    for known_at in (None, store.head() - 1, date(2023, 3, 31)):
        assert live.report(question, known_at, LAYOUTS) == queries.report(store, question, known_at, LAYOUTS)
