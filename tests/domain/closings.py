"""What the tests of closing share: a month to close, a rule that accrues, and what events come to."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date

from domain.book import Book
from domain.books.accrual import (
    SetRecurringAccrual,
)
from domain.books.fiscal_year import (
    ClosePeriod,
    PeriodClosed,
    ReopenPeriod,
)
from domain.catalogue import AnyEvent, voucher_of
from domain.decisions import decide
from domain.kernel.event import Command
from tests.builders import (
    BY_ANNA,
    after,
    postings,
    vouched,
)

JUNE = ClosePeriod(year=2023, through=date(2023, 6, 30))
DECEMBER = ClosePeriod(year=2023, through=date(2023, 12, 31))
RENT = SetRecurringAccrual(
    accrual="hyra", kind="accrued-cost", account=5010, monthly_ore=10_00, first_month=date(2023, 1, 1), text="Hyra"
)

REOPENED = ReopenPeriod(year=2023, opened_from=date(2023, 6, 1), reason="Glömd", second_signer="Bo")


def told(book: Book, *commands: Command) -> tuple[AnyEvent, ...]:
    """Return every event that the commands lead to."""
    events: tuple[AnyEvent, ...] = ()
    for command in commands:
        events += decide(book, command, BY_ANNA)
        book = after(book, command)
    return events


def moved(events: Iterable[AnyEvent], *accounts: int) -> dict[date, dict[int, int]]:
    """Return what events move on each account, day by day, where it is not zero."""
    days: dict[date, Counter[int]] = defaultdict(Counter)
    for event in events:
        voucher = voucher_of(event)
        for account, ore in postings(event) if voucher else ():
            if account in accounts or not accounts:
                days[vouched(event).accounting_date][account] += ore
    return {day: {account: ore for account, ore in sums.items() if ore} for day, sums in days.items()}


def kinds(events: tuple[AnyEvent, ...]) -> list[type[AnyEvent]]:
    """Return what happened, without the details."""
    return [type(event) for event in events]


def closing(book: Book, command: ClosePeriod = JUNE) -> PeriodClosed:
    """Return the closing itself."""
    (event,) = (event for event in decide(book, command, BY_ANNA) if isinstance(event, PeriodClosed))
    return event
