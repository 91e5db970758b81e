"""Completeness: the numbers of each series without gaps, and cash that was booked too late (LKBR 3:3, 3:4)."""

from collections.abc import Iterable
from datetime import date

from domain.books.series import OPENING
from domain.kernel.period import next_working_day
from domain.kernel.refusal import Language
from projections.history import History
from projections.journal import Entered
from projections.table import Cell, Line, ReportTable


def series(_: History, vouchers: Iterable[Entered], as_of: date, language: Language) -> ReportTable:
    """Return each series and fiscal year: first and last number and how many vouchers by the day, numbers missing.

    Numbers are given when a voucher is registered, so one that is dated after the day is not missing.
    """
    numbers: dict[tuple[int, str], list[int]] = {}
    known: dict[tuple[int, str], set[int]] = {}
    for row in vouchers:
        voucher = row.voucher
        known.setdefault((voucher.year, voucher.series), set()).add(voucher.number)
        if voucher.accounting_date <= as_of:
            numbers.setdefault((voucher.year, voucher.series), []).append(voucher.number)
    lines = tuple(
        Line(
            id=f"{name}-{year}",
            label=f"{name} {year}",
            cells=tuple(
                Cell(count) for count in (min(found), max(found), len(found), _missing(known[year, name], max(found)))
            ),
        )
        for (year, name), found in sorted(numbers.items())
    )
    columns = {"sv": ("Första", "Sista", "Antal", "Saknas"), "en": ("First", "Last", "Count", "Missing")}
    title = "Verifikationsserier" if language == "sv" else "Voucher series"
    return ReportTable(id="series", title=title, unit="antal", decimals=0, columns=columns[language], lines=lines)


def _missing(known: set[int], last: int) -> int:
    """Return how many of the numbers 1 to the last one the book does not have, whatever day they are dated."""
    return last - sum(1 for number in known if number <= last)


def late_bookings(history: History, vouchers: Iterable[Entered], as_of: date, language: Language) -> ReportTable:
    """Return vouchers with cash in or out that were registered after the next working day, and the cash in öre."""
    lines = []
    for row in vouchers:
        voucher, registered = row.voucher, row.recorded.registered_on
        cash = [
            posting.amount_ore
            for posting in voucher.postings
            if history.accounts[posting.account].kind == "cash" and voucher.series != OPENING
        ]
        if cash and voucher.accounting_date <= as_of and registered > next_working_day(voucher.accounting_date):
            days = (registered - voucher.accounting_date).days
            label = f"{voucher.id}  {voucher.accounting_date}  {registered}  ({days})  {voucher.text}"
            lines.append(Line(id=str(row.position), label=label, cells=(Cell(sum(cash)),)))
    title = {"sv": "Sent bokförda betalningar", "en": "Cash booked late"}[language]
    columns = {"sv": ("Belopp",), "en": ("Amount",)}[language]
    return ReportTable(id="late-bookings", title=title, unit="kr", decimals=2, columns=columns, lines=tuple(lines))
