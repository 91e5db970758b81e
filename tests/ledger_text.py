"""Books as text: vouchers written the way a bookkeeper reads them become events, and a history.

    books('''
        2025-01-31 Medlemsbidrag januari
            1930   250 000
            3985  -250 000  @staten
        2025-02-28 [2025-03-04] Bidrag till insatsen
            4010  1 000,50  #insatsen
            1930 -1 000,50
    ''')

A voucher is a date, where it differs the registration date in brackets, and a text; `IB` as its first word makes it
opening balances. A posting is an account, an amount in kronor (debit positive), a `#project` and a `@party`. Other
events may be given beside the text; they come first. Numbers run per year in series A, as in a book.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import NamedTuple

import msgspec

from domain.books.manual import OpeningBalancesEntered, VoucherPosted
from domain.books.register import AssociationRegistered
from domain.books.voucher import Posting, Voucher
from domain.catalogue import AnyEvent
from domain.kernel.event import Recorded
from projections.history import History, history_of

HEADING = re.compile(r"(?P<day>\d{4}-\d\d-\d\d)(?: \[(?P<known>\d{4}-\d\d-\d\d)\])?(?P<opening> IB)? (?P<text>.+)")
POSTING = re.compile(
    r"(?P<account>\d{4,8})\s+(?P<amount>-?\d[\d ]*(?:,\d\d)?)(?:\s+#(?P<project>\S+))?(?:\s+@(?P<party>\S+))?"
)


class Written(NamedTuple):
    """A voucher as written, before it has a number."""

    day: date
    known: date | None
    opening: bool
    text: str
    postings: list[Posting]


def recorded_on(day: date) -> Recorded:
    """Return who told the book, on a day."""
    at = datetime.combine(day, time(12), UTC)
    return Recorded(registered_on=day, recorded_at=at, source="/test", message_id=str(day), actor="Anna")


def an_association(chart: str = "bas", day: date = date(2000, 1, 1)) -> AssociationRegistered:
    """Return the first event of a book, with the chart of that name."""
    fields = {"organisation_number": "222000-2733", "name": "Förbundet", "chart": chart}
    return msgspec.convert(
        fields | {"recorded": recorded_on(day), "event": "association.registered"}, AssociationRegistered
    )


def vouchers(text: str) -> Iterator[AnyEvent]:
    """Return the events that the text states; ValueError names the row that cannot be read or does not balance."""
    numbers: Counter[tuple[int, str]] = Counter()
    registered = date.min
    for written in _written(text):
        if sum(posting.amount_ore for posting in written.postings):
            raise ValueError(f"not balanced: {written.day} {written.text}")
        series = "IB" if written.opening else "A"
        numbers[written.day.year, series] += 1
        accounts, amounts, projects, parties = zip(*written.postings, strict=True)
        voucher = Voucher(
            series=series,
            number=numbers[written.day.year, series],
            year=written.day.year,
            accounting_date=written.day,
            text=written.text,
            accounts=accounts,
            amounts_ore=amounts,
            projects=projects if any(projects) else (),
            parties=parties if any(parties) else (),
        )
        registered = max(registered, written.known or written.day)
        recorded = recorded_on(registered)
        if written.opening:
            yield OpeningBalancesEntered(year=voucher.year, recorded=recorded, voucher=voucher)
        else:
            yield VoucherPosted(recorded=recorded, voucher=voucher)


def events(text: str, *others: AnyEvent) -> tuple[AnyEvent, ...]:
    """Return a book's events: an association with the chart `bas` unless another is given, the others, the vouchers."""
    first = () if others and isinstance(others[0], AssociationRegistered) else (an_association(),)
    return (*first, *others, *vouchers(text))


def books(text: str, *others: AnyEvent) -> History:
    """Return the history of a book with these vouchers."""
    return history_of(events(text, *others))


def _written(text: str) -> Iterator[Written]:
    found: Written | None = None
    for row in filter(None, map(str.strip, text.splitlines())):
        if heading := HEADING.fullmatch(row):
            if found is not None:
                yield found
            known = date.fromisoformat(heading["known"]) if heading["known"] else None
            day = date.fromisoformat(heading["day"])
            found = Written(day, known, bool(heading["opening"]), heading["text"], [])
        elif (posting := POSTING.fullmatch(row)) and found is not None:
            amount_ore = _ore(posting["amount"])
            row_of = Posting(int(posting["account"]), amount_ore, posting["project"] or "", posting["party"] or "")
            found.postings.append(row_of)
        else:
            raise ValueError(f"cannot read: {row}")
    if found is not None:
        yield found


def _ore(amount: str) -> int:
    whole, _, part = amount.replace(" ", "").partition(",")
    ore = abs(int(whole)) * 100 + int(part or 0)
    return -ore if whole.startswith("-") else ore
