"""A SIE file as values: what its records mean, with amounts in öre, debit positive (SIE 4B, sections 4 and 5)."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

import msgspec

from services.formats.sie4_findings import Finding

AccountType = Literal["T", "S", "K", "I", ""]
"""#KTYP: asset, liability or equity, cost, income; empty where the file says nothing."""

RowKind = Literal["TRANS", "RTRANS", "BTRANS"]
Objects = tuple[tuple[int, str], ...]
"""Dimension and object code, in the order of the file."""

COST_CENTRE, PROJECT, CUSTOMER, SUPPLIER, PARTY = 1, 6, 8, 9, 20
"""Dimensions: 1 to 19 are reserved by the standard (SIE 4B 5.7), 20 is ours for counterparties."""


class SieAccount(msgspec.Struct, frozen=True):
    """An account of the file's chart."""

    number: int
    name: str
    kind: AccountType
    line: int


class SieObject(msgspec.Struct, frozen=True):
    """An object of a dimension: a project, a counterparty."""

    dimension: int
    code: str
    name: str
    line: int


class Balance(msgspec.Struct, frozen=True):
    """A balance of a year (#IB, #UB, #RES, #OIB, #OUB), or the change of a period (#PSALDO, #PBUDGET)."""

    year: int
    account: int
    amount_ore: int
    line: int
    objects: Objects = ()
    period: date | None = None


class SieRow(msgspec.Struct, frozen=True):
    """A row of a voucher; only TRANS counts, RTRANS and BTRANS tell what was added and struck."""

    kind: RowKind
    account: int
    amount_ore: int
    line: int
    objects: Objects = ()
    day: date | None = None
    text: str = ""
    sign: str = ""


class SieVoucher(msgspec.Struct, frozen=True):
    """A voucher (#VER); series and number may be empty, the date is None where the file has none."""

    series: str
    number: str
    day: date | None
    text: str
    registered_on: date | None
    sign: str
    rows: tuple[SieRow, ...]
    line: int

    @property
    def counted(self) -> tuple[SieRow, ...]:
        """Return the rows that count: #TRANS with an amount (SIE 4B #RTRANS, #BTRANS)."""
        return tuple(row for row in self.rows if row.kind == "TRANS" and row.amount_ore)

    @property
    def difference_ore(self) -> int:
        """Return debit minus credit."""
        return sum(row.amount_ore for row in self.counted)

    def __str__(self) -> str:
        return " ".join(part for part in (self.series, self.number) if part) or f"(rad {self.line})"


class SieFile(msgspec.Struct, frozen=True, kw_only=True):
    """A whole file."""

    charset: str = "cp437"
    imported_before: bool = False
    program: str = ""
    generated_on: date | None = None
    generated_by: str = ""
    sie_type: int = 1
    organisation_number: str = ""
    name: str = ""
    years: Mapping[int, tuple[date, date]] = {}
    accounts: Mapping[int, SieAccount] = {}
    dimensions: Mapping[int, str] = {}
    objects: Mapping[tuple[int, str], SieObject] = {}
    opening: tuple[Balance, ...] = ()
    closing: tuple[Balance, ...] = ()
    results: tuple[Balance, ...] = ()
    object_opening: tuple[Balance, ...] = ()
    object_closing: tuple[Balance, ...] = ()
    period_balances: tuple[Balance, ...] = ()
    period_budgets: tuple[Balance, ...] = ()
    vouchers: tuple[SieVoucher, ...] = ()

    @property
    def is_whole_year(self) -> bool:
        """Tell a 4E file, which has the balances of a year, from a 4I file, which has vouchers only (SIE 4B 3)."""
        return bool(self.opening or self.closing or self.results)


class Read(msgspec.Struct, frozen=True):
    """A file that was read, and what was found; an error among the findings means that it is not to be used."""

    file: SieFile
    findings: tuple[Finding, ...]

    @property
    def has_errors(self) -> bool:
        """Tell whether a finding is an error."""
        return any(finding.severity == "error" for finding in self.findings)
