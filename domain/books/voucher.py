"""Vouchers (verifikationer): balanced, numbered, fixed when decided.

Postings are parallel arrays, one entry per posting: that is what the stored event holds, it reads well in the raw
JSON, and a replay of millions decodes it faster than a list of objects. Amounts are öre, debit positive.
"""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple, Protocol

from domain.kernel.event import Value
from domain.kernel.money import Ore

AccountNumber = int


class Posting(NamedTuple):
    """One line of a voucher: an account, an amount in öre (debit positive), and the dimensions it carries."""

    account: AccountNumber
    amount_ore: int
    project: str = ""
    party: str = ""


class Row(Protocol):
    """What a voucher is drafted from: a `Posting`, or a line as a message words it."""

    @property
    def account(self) -> AccountNumber:
        """The account."""

    @property
    def amount_ore(self) -> int:
        """The amount in öre, debit positive."""

    @property
    def project(self) -> str:
        """The project, or nothing."""

    @property
    def party(self) -> str:
        """The party, or nothing."""


class VoucherId(NamedTuple):
    """A voucher's name: series and number are unique within a fiscal year (LKBR 3:9)."""

    year: int
    series: str
    number: int

    def __str__(self) -> str:
        return voucher_name(self.series, self.number, self.year)


def voucher_name(series: str, number: int, year: int) -> str:
    """Return the name of a voucher as printed, e.g. A17/2024."""
    return f"{series}{number}/{year}"


class Voucher(Value, frozen=True, kw_only=True):
    """A balanced voucher: what LKBR 3:9 asks for, and its postings."""

    series: str
    number: int
    year: int
    accounting_date: date
    text: str
    counterparty: str = ""
    reference: str = ""
    accounts: tuple[AccountNumber, ...]
    amounts_ore: tuple[Ore, ...]
    projects: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()

    @property
    def id(self) -> VoucherId:
        """Return the voucher's name."""
        return VoucherId(self.year, self.series, self.number)

    @property
    def printed_name(self) -> str:
        """Return the voucher's name as printed."""
        return voucher_name(self.series, self.number, self.year)

    @property
    def postings(self) -> tuple[Posting, ...]:
        """Return the postings as rows."""
        blank = ("",) * len(self.accounts)
        rows = zip(self.accounts, self.amounts_ore, self.projects or blank, self.parties or blank, strict=True)
        return tuple(map(Posting._make, rows))


def reversed_postings(postings: Iterable[Posting]) -> tuple[Posting, ...]:
    """Return the same postings with the opposite sign."""
    return tuple(posting._replace(amount_ore=-posting.amount_ore) for posting in postings)
