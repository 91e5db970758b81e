"""A difference bridge as text, JSON or CSV: each line before and after, and the vouchers between."""

import csv
import io
from fractions import Fraction

import msgspec

from domain.kernel.refusal import Language
from projections.bridge import Bridge, LineBridge, Why
from projections.table import rounded
from services.formats.as_text import swedish

WHY: dict[Language, dict[Why, str]] = {
    "sv": {"corrected": "rättelse", "late": "sent registrerad", "reclassified": "omfördelning", "new": "ny"},
    "en": {"corrected": "correction", "late": "registered late", "reclassified": "reclassified", "new": "new"},
}
WORDS: dict[Language, dict[str, str]] = {
    "sv": {
        "heading": "Per {as_of}: från händelse {before} till händelse {after}",
        "none": "ingen skillnad",
        "rest": "planer och beslut",
    },
    "en": {
        "heading": "As of {as_of}: from event {before} to event {after}",
        "none": "no difference",
        "rest": "plans and decisions",
    },
}
CSV_HEADER = (
    "table",
    "line",
    "label",
    "column",
    "step",
    "why",
    "registered_on",
    "accounting_date",
    "text",
    "amount_kr",
)


class JSONStep(msgspec.Struct, frozen=True, omit_defaults=True):
    """A voucher's part of a difference, in kronor."""

    voucher: str
    position: int
    registered_on: str
    accounting_date: str
    text: str
    why: str
    amount: str


class JSONLineBridge(msgspec.Struct, frozen=True):
    """A line before and after in kronor, and the steps between, which sum to the difference."""

    table: str
    line: str
    label: str
    column: str
    before: str
    after: str
    difference: str
    rest: str
    steps: tuple[JSONStep, ...]


class JSONBridge(msgspec.Struct, frozen=True):
    """A bridge between two positions of a book."""

    book: str
    as_of: str
    known_at: str
    before_position: int
    after_position: int
    lines: tuple[JSONLineBridge, ...]


def bridge_text(book: str, bridge: Bridge, language: Language = "sv") -> str:
    """Return a bridge as text, amounts in kronor: the lines that differ, or 'no difference'.

    Vouchers that cancel out in a line (a correction and its replacement) are in the JSON and CSV only.
    """
    words = WORDS[language]
    heading = words["heading"].format(as_of=bridge.as_of, before=bridge.before_position, after=bridge.after_position)
    out = [book, heading, ""]
    differing = [line for line in bridge.lines if line.difference_ore]
    if not differing:
        return "\n".join((*out, words["none"])) + "\n"
    for line in differing:
        out += _line(line, language)
    return "\n".join(out)


def _line(line: LineBridge, language: Language) -> list[str]:
    name = f"{line.label or line.line}  ({line.table}.{line.line}, {line.column})"
    out = [name, _row("", _kr(line.before_ore))]
    for step in line.steps:
        voucher = step.entered.voucher
        registered = step.entered.recorded.registered_on
        text = f"{voucher.id}  {voucher.accounting_date}  {WHY[language][step.why]} {registered}  {voucher.text}"
        out.append(_row(text, _kr(step.part_ore)))
    if line.rest_ore:
        out.append(_row(WORDS[language]["rest"], _kr(line.rest_ore)))
    return [*out, _row("", _kr(line.after_ore)), ""]


def _row(text: str, amount: str) -> str:
    return f"    {text[:90]:<90}{amount:>18}"


def bridge_json(book: str, known_at: str, bridge: Bridge) -> bytes:
    """Return a bridge as indented JSON; `known_at` is as asked for, amounts are decimal strings in kronor."""
    lines = tuple(
        JSONLineBridge(
            table=line.table,
            line=line.line,
            label=line.label,
            column=line.column,
            before=_plain(line.before_ore),
            after=_plain(line.after_ore),
            difference=_plain(line.difference_ore),
            rest=_plain(line.rest_ore),
            steps=tuple(
                JSONStep(
                    voucher=str(step.entered.voucher.id),
                    position=step.entered.position,
                    registered_on=str(step.entered.recorded.registered_on),
                    accounting_date=str(step.entered.voucher.accounting_date),
                    text=step.entered.voucher.text,
                    why=step.why,
                    amount=_plain(step.part_ore),
                )
                for step in line.steps
            ),
        )
        for line in bridge.lines
    )
    value = JSONBridge(
        book=book,
        as_of=str(bridge.as_of),
        known_at=known_at,
        before_position=bridge.before_position,
        after_position=bridge.after_position,
        lines=lines,
    )
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def bridge_csv(bridge: Bridge) -> bytes:
    """Return a bridge as CSV: a row before, one for each step, one after."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(CSV_HEADER)
    for line in bridge.lines:
        start = (line.table, line.line, line.label, line.column)
        writer.writerow((*start, "before", "", "", "", "", _plain(line.before_ore)))
        for step in line.steps:
            voucher, recorded = step.entered.voucher, step.entered.recorded
            writer.writerow(
                (
                    *start,
                    str(voucher.id),
                    step.why,
                    recorded.registered_on,
                    voucher.accounting_date,
                    voucher.text,
                    _plain(step.part_ore),
                )
            )
        if line.rest_ore:
            writer.writerow((*start, "rest", "", "", "", "", _plain(line.rest_ore)))
        writer.writerow((*start, "after", "", "", "", "", _plain(line.after_ore)))
    return out.getvalue().encode()


def _plain(amount_ore: Fraction) -> str:
    return rounded(amount_ore / 100, 2)


def _kr(amount_ore: Fraction) -> str:
    return swedish(_plain(amount_ore))
