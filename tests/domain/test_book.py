"""The state of a book: each event moves it on by one, its vouchers are numbered, and the old state stays valid."""

from domain.book import Book, evolve
from domain.catalogue import voucher_of
from tests.domain.every_event import happened


def test_moves_on_by_one_for_each_event() -> None:
    book = Book()

    for position, event in enumerate(happened(), start=1):
        book = evolve(book, event)
        assert book.position == position


def test_leaves_the_state_before_an_event_as_it_was() -> None:
    events = list(happened())
    states = [Book()]
    for event in events:
        states.append(evolve(states[-1], event))

    again = Book()
    for state, event in zip(states, events, strict=False):
        assert state == again
        again = evolve(again, event)


def test_remembers_the_last_number_of_every_series() -> None:
    book = Book()
    last: dict[tuple[int, str], int] = {}
    for event in happened():
        book = evolve(book, event)
        voucher = voucher_of(event)
        if voucher is not None:
            last[voucher.year, voucher.series] = voucher.number

    assert dict(book.journal.numbers) == last
