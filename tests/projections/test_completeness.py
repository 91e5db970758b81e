"""Every number is there, and cash was booked the next working day."""

from datetime import date

from projections.completeness import late_bookings, series
from projections.history import history_of
from projections.journal import entered
from tests.ledger_text import events
from tests.projections.tables import figures

TEXT = """
    2023-01-01 IB Balans
        1930    10
        2081   -10
    2023-01-31 Fredagens hyra bokförd på måndag
        5010     1
        1930    -1
    2023-03-31 I mars
        5010     2
        1930    -2
    2023-02-28 [2023-04-03] Sen
        5010     3
        1930    -3
    2023-04-03 Utan kassa
        5010     4
        2440    -4
"""


def counted(text: str, as_of: str, *, without: int = 0) -> dict[str, tuple[str, ...]]:
    told = events(text)
    rows = [row for row in entered(told) if row.voucher.number != without or row.opening]
    return figures(series(history_of(told), rows, date.fromisoformat(as_of), "sv"))


def test_a_series_has_its_first_and_last_number_and_none_missing() -> None:
    assert counted(TEXT, "2023-12-31") == {"A-2023": ("1", "4", "4", "0"), "IB-2023": ("1", "1", "1", "0")}


def test_a_number_dated_after_the_day_is_not_missing() -> None:
    """A3 is dated before A2, so by the end of February 1 and 3 are there and 2 is nowhere lost."""
    assert counted(TEXT, "2023-02-28")["A-2023"] == ("1", "3", "2", "0")


def test_a_number_that_is_nowhere_is_missing_also_the_first() -> None:
    assert counted(TEXT, "2023-12-31", without=2)["A-2023"] == ("1", "4", "3", "1")
    assert counted(TEXT, "2023-12-31", without=1)["A-2023"] == ("2", "4", "3", "1")


def test_cash_is_late_after_the_next_working_day() -> None:
    told = events(TEXT)

    table = late_bookings(history_of(told), entered(told), date(2023, 12, 31), "en")

    assert [(line.id, line.label.split("  ")[0], figures(table)[line.id]) for line in table.lines] == [
        ("5", "A3/2023", ("-3.00",))
    ]
    assert late_bookings(history_of(told), entered(told), date(2023, 1, 31), "sv").lines == ()


def test_friday_may_be_booked_on_monday() -> None:
    for registered, late in (("2023-02-06", 0), ("2023-02-07", 1)):
        told = events(f"2023-02-03 [{registered}] Hyra\n5010 1\n1930 -1")
        assert len(late_bookings(history_of(told), entered(told), date(2023, 12, 31), "sv").lines) == late
