"""Reports, traces and histories as JSON: `services/formats` makes these, and whoever gets them reads them.

Amounts are decimal strings, in the table's unit or in kronor.
"""

from datetime import date
from typing import Annotated

import msgspec

from projections.processing import StepKind
from projections.table import Fields, Kind, Unit

Instant = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]
"""An instant with its offset, +00:00. It is kept as text, for msgspec would spell the offset of a datetime Z."""


class PrintedRemark(msgspec.Struct, frozen=True, kw_only=True):
    """Something a reader of a table should know: a code, the sentence, and the facts in it."""

    code: str
    sentence: str
    facts: dict[str, str | int]


class PrintedLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of a table: an amount for each column. A heading has none; `fields` are a voucher's, in a journal."""

    id: str
    label: str
    kind: Kind
    amounts: tuple[str, ...] | None = None
    noteref: str = ""
    fields: Fields | None = None


class PrintedTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table, with the ids of the association's layout."""

    id: str
    title: str
    unit: Unit
    columns: tuple[str, ...]
    lines: tuple[PrintedLine, ...]
    remarks: tuple[PrintedRemark, ...]


class PrintedReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report: tables of one book, as of a day, known at a position, which is that of the last event it knows."""

    book: str
    as_of: date
    known_at: str
    position: int
    tables: tuple[PrintedTable, ...]


class ReportsShown(msgspec.Struct, frozen=True, kw_only=True):
    """What the reports of a book in the bucket reflect: one position, one day; and which reports there are."""

    position: int
    as_of: date
    reports: tuple[str, ...]


class PrintedPosting(msgspec.Struct, frozen=True, kw_only=True):
    """A posting behind a figure: its part in kronor, its voucher, and the message it came from."""

    account: int
    project: str
    party: str
    amount: str
    voucher: str
    accounting_date: date
    text: str
    position: int
    registered_on: date
    source: str
    message_id: str


class PrintedLineTrace(msgspec.Struct, frozen=True, kw_only=True):
    """An item line behind a figure: `times` its amount is its part; its postings sum to its amount less `rest`."""

    table: str
    line: str
    label: str
    column: str
    times: str
    amount: str
    rest: str
    accounts: dict[str, str]
    postings: tuple[PrintedPosting, ...]


class PrintedTrace(msgspec.Struct, frozen=True, kw_only=True):
    """A figure and what it comes from, down to the messages."""

    book: str
    as_of: date
    known_at: str
    position: int
    table: str
    line: str
    label: str
    column: str
    printed: str
    amount: str
    lines: tuple[PrintedLineTrace, ...]


class PrintedTouch(msgspec.Struct, frozen=True, kw_only=True):
    """A line that a voucher touches, and by how much in kronor."""

    table: str
    line: str
    label: str
    column: str
    amount: str


class PrintedBack(msgspec.Struct, frozen=True, kw_only=True):
    """A voucher of a message, and the lines that it touches."""

    position: int
    registered_on: date
    source: str
    message_id: str
    voucher: str
    lines: tuple[PrintedTouch, ...]


class PrintedBacks(msgspec.Struct, frozen=True, kw_only=True):
    """The vouchers of a message, and the lines that they touch."""

    book: str
    as_of: date
    known_at: str
    position: int
    vouchers: tuple[PrintedBack, ...]


class PrintedStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A step in a voucher's history: when and by whom it was registered, from which message, and what it is about."""

    position: int
    step: StepKind
    registered_on: date
    recorded_at: Instant
    actor: str
    source: str
    message_id: str
    voucher: str = ""
    accounting_date: str = ""
    text: str = ""
    own: bool = False
    facts: dict[str, str] = {}


class PrintedProcessing(msgspec.Struct, frozen=True, kw_only=True):
    """The processing history of a voucher, as the book was known at a position."""

    book: str
    known_at: str
    position: int
    voucher: str
    steps: tuple[PrintedStep, ...]
