"""The year-end moves the result to equity once, in order, and closes the year for good."""

from datetime import date

from domain.book import Book
from domain.books.fiscal_year import ClosePeriod, DateInClosedPeriod, YearUnknown
from domain.books.voucher import Voucher
from domain.books.year_end import CloseYear, YearBeforeIsOpen, YearClosed, YearIsClosed
from domain.catalogue import AnyEvent
from domain.decisions import decide
from tests.builders import BY_ANNA, WAIVED, a_bank_transaction, a_voucher, a_year, event_of, given, postings, refused

CLOSE = CloseYear(year=2023, waivers=WAIVED)


def closed(book: Book, command: CloseYear = CLOSE) -> AnyEvent:
    """Return the event that closes a year, after those that close its last period."""
    return decide(book, command, BY_ANNA)[-1]


def test_moves_a_deficit_to_equity() -> None:
    voucher = Voucher(
        series="S",
        number=1,
        year=2023,
        accounting_date=date(2023, 12, 31),
        text="Årets resultat 2023",
        accounts=(8999, 2099),
        amounts_ore=(-100_00, 100_00),
    )

    event = closed(given(a_voucher()))

    assert event == event_of(YearClosed, CLOSE, result_ore=-100_00, voucher=voucher)


def test_moves_a_surplus_to_equity() -> None:
    event = closed(given(a_bank_transaction()))

    assert isinstance(event, YearClosed)
    assert event.result_ore == 50_00
    assert postings(event) == [(8999, 50_00), (2099, -50_00)]


def test_closes_a_year_without_a_result_by_no_voucher() -> None:
    assert closed(given()) == event_of(YearClosed, CLOSE, result_ore=0)


def test_closes_a_year_whose_last_period_is_closed() -> None:
    book = given(a_voucher(), ClosePeriod(year=2023, through=date(2023, 12, 31), waivers=WAIVED))

    assert postings(closed(book)) == [(8999, -100_00), (2099, 100_00)]


def test_takes_nothing_more_into_a_closed_year() -> None:
    facts = refused(given(CLOSE), a_voucher(accounting_date=date(2023, 12, 31)), DateInClosedPeriod)

    assert facts == {"accounting_date": "2023-12-31", "closed_through": "2023-12-31"}


def test_refuses_to_close_a_year_twice() -> None:
    assert refused(given(CLOSE), CLOSE, YearIsClosed) == {"year": 2023}


def test_refuses_to_close_a_year_nobody_opened() -> None:
    assert refused(given(), CloseYear(year=2022), YearUnknown) == {"year": 2022}


def test_refuses_to_close_a_year_before_the_one_before_it() -> None:
    book = given(a_year(year=2024), a_year(year=2025))

    assert refused(book, CloseYear(year=2025), YearBeforeIsOpen) == {"year": 2025, "before": 2023}


def test_closes_the_years_in_order() -> None:
    book = given(a_voucher(), a_year(year=2024), CLOSE)

    command = CloseYear(year=2024, waivers=WAIVED)

    assert closed(book, command) == event_of(YearClosed, command, result_ore=0)
