"""Skimmed events: of an event that is only a voucher to the reports, no more than the ledger needs.

Most of a book is vouchers, and a replay spends its time on decoding them. What a report needs of a voucher is its day,
its postings, and when it was registered; dates stay text until they are seen for the first time. The few events
that reports read for something else (names, budgets, grants) are *noted*: they are decoded in full.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Generic, NamedTuple, TypeVar

import msgspec

from domain.books.manual import OpeningBalancesEntered
from domain.books.voucher import Voucher
from domain.catalogue import AnyEvent, voucher_of
from domain.kernel.event import Recorded
from domain.kernel.period import ONE_DAY
from domain.kernel.refusal import ensure

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

COUNTED = 10_000
"""Accounts below this number are places in a list of sums; all of the BAS chart's are."""


class SkimmedRecorded(msgspec.Struct, gc=False):
    """When an event was registered and recorded, as the bytes say it."""

    registered_on: str
    recorded_at: str


class AccountAmounts(msgspec.Struct, gc=False):
    """The day of a voucher, and its postings as far as accounts go; a voucher with others is decoded in full."""

    accounting_date: str
    accounts: tuple[Annotated[int, msgspec.Meta(ge=0, lt=COUNTED)], ...]
    amounts_ore: tuple[int, ...]


class SkimmedVoucher(msgspec.Struct, gc=False):
    """The day and the postings of a voucher."""

    accounting_date: str
    accounts: tuple[int, ...]
    amounts_ore: tuple[int, ...]
    projects: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()


class SkimmedAccounts(msgspec.Struct, gc=False):
    """An event, as far as a sum of accounts needs it."""

    event: str
    voucher: AccountAmounts | None = None


class Skimmed(msgspec.Struct, gc=False):
    """An event, as far as the ledger needs it."""

    event: str
    recorded: SkimmedRecorded
    voucher: SkimmedVoucher | None = None


S = TypeVar("S", bound=SkimmedAccounts | Skimmed)


class Page(NamedTuple, Generic[S]):
    """Events that follow each other: as stored, and each either skimmed or in full by its position."""

    rows: list[tuple[int, bytes]]
    skims: list[S | None]
    full: dict[int, AnyEvent]


class Days(dict[str, int]):
    """Ordinals of dates by their text, read as strictly as an event's date is."""

    def __missing__(self, text: str) -> int:
        ordinal = self[text] = ordinal_of(text)
        return ordinal


def counted_on(event: AnyEvent, voucher: Voucher) -> date:
    """Return the day a voucher counts from in balances: opening balances, the day before their year."""
    return voucher.accounting_date - ONE_DAY if isinstance(event, OpeningBalancesEntered) else voucher.accounting_date


def skimmed(event: AnyEvent) -> Skimmed:
    """Return what a skim of the event gives; opening balances count from the day before they are dated."""
    recorded, voucher = recorded_of(event), voucher_of(event)
    return Skimmed(
        event=str(event.__struct_config__.tag),
        recorded=SkimmedRecorded(str(recorded.registered_on), recorded.recorded_at.isoformat()),
        voucher=None
        if voucher is None
        else SkimmedVoucher(
            str(counted_on(event, voucher)), voucher.accounts, voucher.amounts_ore, voucher.projects, voucher.parties
        ),
    )


def recorded_of(event: AnyEvent) -> Recorded:
    """Return who told the book of an event, and when."""
    return event.recorded


def microseconds(instant: datetime) -> int:
    """Return an instant as microseconds since 1970; a time without a zone is no instant."""
    ensure(instant.tzinfo is not None, "an instant has a time zone")
    return (instant - EPOCH) // MICROSECOND


def ordinal_of(text: str) -> int:
    """Return the ordinal of the date that a text of an event states."""
    return msgspec.convert(text, date).toordinal()


def instant_of(text: str) -> int:
    """Return the instant that a text of an event states, in microseconds since 1970."""
    return microseconds(msgspec.convert(text, datetime))
