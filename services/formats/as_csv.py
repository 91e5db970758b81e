"""A report as CSV (RFC 4180): one row for each amount, so that every table has the same shape.

Journal and general ledger have one row for each posting instead, with its voucher in columns.
"""

import csv
from collections.abc import Callable, Iterator
from functools import partial
from operator import attrgetter
from typing import TextIO

from projections.table import Fields, Report, ReportTable
from services.formats.in_utf_8 import in_utf_8

HEADER = ("table", "line", "kind", "label", "column", "amount", "unit")
POSTING = (
    *("registered_on", "accounting_date", "voucher", "series", "number", "year", "position", "account", "account_name"),
    *("text", "counterparty", "reference", "project", "party"),
)
AMOUNTS = ("debit", "credit", "balance")
"""The columns of amounts of a listing, as many as it has; a journal has no balance."""

Row = tuple[object, ...]

_about: Callable[[Fields], Row] = attrgetter(*POSTING)


def report_csv(report: Report) -> bytes:
    """Return a report as UTF-8 CSV with a header; amounts as decimal strings in the table's unit."""
    return in_utf_8(partial(_write, report))


def _write(report: Report, out: TextIO) -> None:
    writer = csv.writer(out)
    listings = [table for table in report.tables if table.listing]
    if listings:
        writer.writerow((*POSTING, *AMOUNTS[: len(listings[0].columns)]))
        writer.writerows(row for table in listings for row in _postings(table))
    else:
        writer.writerow(HEADER)
        writer.writerows(row for table in report.tables for row in _amounts(table))


def _amounts(table: ReportTable) -> Iterator[Row]:
    for line in table.lines:
        for column, amount in zip(table.columns, table.amounts(line), strict=False):  # a heading has no amounts
            yield table.id, line.id, line.kind, line.label, column, amount, table.unit


def _postings(table: ReportTable) -> Iterator[Row]:
    """Return the lines that have fields: postings, and in a ledger what each account opens with."""
    for line in table.lines:
        if line.fields is not None:
            yield _about(line.fields) + table.amounts(line)
