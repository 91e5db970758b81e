"""A report as a value: tables of lines of exact amounts. How it looks is somebody else's business."""

from datetime import date
from fractions import Fraction
from typing import Literal

import msgspec

from domain.kernel.refusal import Language, say

Unit = Literal["kr", "tkr", "mnkr", "%", "antal"]
Kind = Literal["item", "heading", "sum", "result"]
Minus = Literal["leading", "trailing"]
Amount = int | Fraction

ORE_PER: dict[Unit, int] = {"kr": 100, "tkr": 100_000, "mnkr": 100_000_000, "%": 1, "antal": 1}

EARLIER_RESULT: dict[Language, str] = {
    "sv": "Tidigare års resultat, inte omfört",
    "en": "Result of earlier years, not moved to equity",
}
"""What income statement accounts come to before the year; each year opens them at zero."""

REMARKS: dict[str, dict[Language, str]] = {
    "check_fails": {
        "sv": "{column}: {check} stämmer inte: {left} är inte {right}.",
        "en": "{column}: {check} does not hold: {left} is not {right}.",
    },
    "account_on_no_line": {
        "sv": "{column}: konto {account} med {amount_ore} kr saknar rad i tabellen.",
        "en": "{column}: account {account} with {amount_ore} kr is on no line of the table.",
    },
    "equity_above_ceiling": {
        "sv": "Det egna kapitalet överstiger rekommendationen med {amount_ore} kr.",
        "en": "Equity exceeds the recommended ceiling by {amount_ore} kr.",
    },
    "subledger_differs": {
        "sv": "Reskontran visar {owed_ore} kr men konto {account} {booked_ore} kr.",
        "en": "The sub-ledger shows {owed_ore} kr but account {account} {booked_ore} kr.",
    },
    "share_differs": {
        "sv": "{kind}: {agreed_ore} kr mot {expected_ore} kr enligt fördelningen ½, ¼, ¼.",
        "en": "{kind}: {agreed_ore} kr against {expected_ore} kr by the shares ½, ¼, ¼.",
    },
    "series_without_vouchers": {
        "sv": "Ingen verifikation i serie {series} var känd.",
        "en": "No voucher in series {series} was known.",
    },
}


class Remark(msgspec.Struct, frozen=True):
    """Something in a table that a reader should know: a code and the facts behind it."""

    code: str
    facts: dict[str, str | int]

    def sentence(self, language: Language) -> str:
        """Return the remark in words."""
        return say(REMARKS[self.code][language], self.facts)


class Cell(msgspec.Struct, frozen=True, gc=False):
    """An exact amount in öre, a fraction only where it is a part of one; or a text in its place.

    A list of vouchers has as many cells, lines and fields as the book has postings; none can come to refer to itself,
    so the garbage collector need not look at them.
    """

    amount_ore: Amount
    text: str | None = None


class Fields(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a line of a journal or a ledger is about, for programs; an opening balance has its account only."""

    position: int | None = None
    voucher: str = ""
    series: str = ""
    number: int | None = None
    year: int | None = None
    accounting_date: date | None = None
    registered_on: date | None = None
    account: int | None = None
    account_name: str = ""
    text: str = ""
    project: str = ""
    party: str = ""
    counterparty: str = ""
    reference: str = ""


class Line(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line: a heading has no cells, the others one for each column; `fields` say in parts what a label says."""

    id: str
    label: str
    kind: Kind = "item"
    cells: tuple[Cell, ...] = ()
    noteref: str = ""
    zero: str = "0"
    shown_decimals: int | None = None
    fields: Fields | None = None


class ReportTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table of a report; `remarks` say what does not add up, `listing` that its lines are postings with fields."""

    id: str
    title: str
    unit: Unit
    decimals: int
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    minus: Minus = "leading"
    remarks: tuple[Remark, ...] = ()
    listing: bool = False

    def line(self, name: str) -> Line:
        """Return a line by its id; KeyError if there is none."""
        found = next((line for line in self.lines if line.id == name), None)
        if found is None:
            raise KeyError(f"{self.id}.{name}")
        return found

    def amount(self, line: Line, column: int) -> str:
        """Return an amount as a decimal string in the table's unit, rounded half up; empty for a text."""
        return self._printed(line, line.cells[column])

    def amounts(self, line: Line) -> tuple[str, ...]:
        """Return the amounts of a line, each as `amount` gives it."""
        return tuple([self._printed(line, cell) for cell in line.cells])

    def _printed(self, line: Line, cell: Cell) -> str:
        if cell.text is not None:
            return ""
        return rounded(cell.amount_ore, self.decimals, ORE_PER[self.unit]) if cell.amount_ore else line.zero


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Tables of one book, as of a day, known at a position."""

    book: str
    association: str
    as_of: date
    known_at: str
    position: int
    tables: tuple[ReportTable, ...]

    def table(self, name: str) -> ReportTable:
        """Return a table by its id; KeyError if there is none."""
        found = next((table for table in self.tables if table.id == name), None)
        if found is None:
            raise KeyError(name)
        return found


def rounded(value: Amount, decimals: int, per: int = 1) -> str:
    """Return a number of units, each of so many (`per`), with so many decimals (-2: in whole hundreds).

    It is rounded half away from zero, and never '-0'. All of it is done in integers: most values are, and a ledger has
    as many as the book has postings.
    """
    over, under = abs(value.numerator), value.denominator * per
    if decimals > 0:
        over *= 10**decimals
    else:
        under *= 10**-decimals
    whole = (2 * over + under) // (2 * under)
    sign = "-" if value < 0 and whole else ""
    if decimals <= 0:
        return f"{sign}{whole * 10**-decimals}"
    digits = str(whole).zfill(decimals + 1)
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"
