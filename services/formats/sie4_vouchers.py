"""Vouchers of a SIE file: #VER with its #TRANS, #RTRANS and #BTRANS rows (SIE 4B #VER, #TRANS, #RTRANS, #BTRANS)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from services.formats import sie4_values as values
from services.formats.sie4_file import Objects, RowKind, SieRow, SieVoucher
from services.formats.sie4_findings import Findings
from services.formats.sie4_syntax import Field, Record

KINDS: dict[str, RowKind] = {"#TRANS": "TRANS", "#RTRANS": "RTRANS", "#BTRANS": "BTRANS"}


def read_voucher(record: Record, findings: Findings) -> SieVoucher:
    """Return a voucher; what is wrong with it, and that it does not balance, are findings."""
    rows = tuple(row for below in record.rows if (row := _row(below, findings)) is not None)
    if not record.has_block:
        findings.add("voucher_without_block", record.line)
    voucher = SieVoucher(
        series=record.text(0).strip(),
        number=record.text(1).strip(),
        day=values.day(record.text(2), record.line, findings, severe=True),
        text=record.text(3),
        registered_on=values.day(record.text(4), record.line, findings),
        sign=record.text(5),
        rows=rows,
        line=record.line,
    )
    _check(voucher, findings)
    return voucher


def objects_of(field: Field, line: int, findings: Findings) -> Objects:
    """Return an object list, `{dimension object dimension object}`; a pair that is none is a finding."""
    words = (field,) if isinstance(field, str) else field
    pairs: list[tuple[int, str]] = []
    for dimension, code in zip(words[::2], words[1::2], strict=False):
        if dimension.isascii() and dimension.isdecimal() and len(dimension) < 9:
            pairs.append((int(dimension), code.strip()))
        else:
            findings.add("object_list_wrong", line, value=" ".join(words)[:60])
    if len(words) % 2:
        findings.add("object_list_wrong", line, value=" ".join(words)[:60])
    return tuple(pair for pair in pairs if pair[1])


def _row(record: Record, findings: Findings) -> SieRow | None:
    kind = KINDS.get(record.label)
    if kind is None:
        findings.once("label_unknown", record.line, label=record.label[:20])
        return None
    fields = record.fields
    if len(fields) > 1 and isinstance(fields[1], str):
        # Some programs leave out the empty object list.
        findings.once("object_list_missing", record.line)
        record = record._replace(fields=(fields[0], (), *fields[1:]))
    account = values.account(record.text(0), record.line, findings)
    amount_ore = values.amount(record.text(2), record.line, findings)
    if account is None or amount_ore is None:
        return None
    return SieRow(
        kind=kind,
        account=account,
        amount_ore=amount_ore,
        line=record.line,
        objects=objects_of(record.fields[1], record.line, findings),
        day=values.day(record.text(3), record.line, findings),
        text=record.text(4),
        sign=record.text(6),
    )


def _check(voucher: SieVoucher, findings: Findings) -> None:
    for place, row in enumerate(voucher.rows, 1):
        if row.kind == "RTRANS" and not _is_twin(row, *voucher.rows[place : place + 1]):
            findings.add("added_row_without_twin", row.line, voucher=str(voucher))
    struck = sum(row.kind != "TRANS" for row in voucher.rows)
    if struck:
        findings.add("rows_changed", voucher.line, voucher=str(voucher), count=struck)
    zeros = sum(row.kind == "TRANS" and not row.amount_ore for row in voucher.rows)
    if zeros:
        findings.add("zero_rows", voucher.line, voucher=str(voucher), count=zeros)
    if voucher.difference_ore:
        difference_ore = voucher.difference_ore
        findings.add("voucher_not_balanced", voucher.line, voucher=str(voucher), difference_ore=difference_ore)
    elif not voucher.counted:
        findings.add("voucher_empty", voucher.line, voucher=str(voucher))


def _is_twin(row: SieRow, following: SieRow | None = None) -> bool:
    """Tell whether the row below an #RTRANS is its #TRANS; real files differ in date, text and sign."""
    return following is not None and (following.kind, following.account, following.amount_ore) == (
        "TRANS",
        row.account,
        row.amount_ore,
    )


def date_of(voucher: SieVoucher) -> date | None:
    """Return the date of a voucher, or the one all its rows state."""
    days = {row.day for row in voucher.counted}
    return voucher.day or (days.pop() if len(days) == 1 else None)


def check_numbers(vouchers: Iterable[SieVoucher], findings: Findings) -> None:
    """Find numbers that are missing or given twice in a series (SIE 4B #VER: ascending within a series)."""
    numbers: dict[str, list[tuple[int, SieVoucher]]] = defaultdict(list)
    for voucher in vouchers:
        if voucher.number.isascii() and voucher.number.isdecimal() and len(voucher.number) < 12:
            numbers[voucher.series].append((int(voucher.number), voucher))
    for series, found in numbers.items():
        given: set[int] = set()
        for number, voucher in found:
            if number in given:
                findings.add("voucher_number_twice", voucher.line, voucher=str(voucher))
            given.add(number)
        missing = max(given) - min(given) + 1 - len(given)
        if missing:
            findings.add("voucher_numbers_missing", found[0][1].line, series=series or "-", count=missing)
