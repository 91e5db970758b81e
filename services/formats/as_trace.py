"""A trace as text or JSON: figure, lines, accounts, vouchers, messages; each step sums to the one above."""

from datetime import date
from fractions import Fraction

import msgspec

from domain.books.voucher import Voucher
from domain.kernel.refusal import Language
from projections.history import History
from projections.journal import Entered
from projections.table import rounded
from projections.trace import Touched, Trace, TracedLine
from services.contract.printed import (
    PrintedBack,
    PrintedBacks,
    PrintedLineTrace,
    PrintedPosting,
    PrintedTouch,
    PrintedTrace,
)
from services.formats.as_text import swedish

WORDS: dict[Language, dict[str, str]] = {
    "sv": {
        "heading": "{book} per {as_of}, känt {known_at} (händelse {position})",
        "now": "nu",
        "printed": "tryckt {printed}",
        "message": "meddelande",
        "position": "position",
        "rest": "planer och beslut",
    },
    "en": {
        "heading": "{book} as of {as_of}, known at {known_at} (event {position})",
        "now": "now",
        "printed": "printed {printed}",
        "message": "message",
        "position": "position",
        "rest": "plans and decisions",
    },
}


class Asked(msgspec.Struct, frozen=True):
    """Which book, as of which day, as it was known when, and the position that came to."""

    book: str
    as_of: date
    known_at: str
    position: int


def trace_text(asked: Asked, found: Trace, history: History, language: Language = "sv") -> str:
    """Return a trace as text, amounts in kronor."""
    words = WORDS[language]
    title = f"{found.label or found.line}  ({found.table}.{found.line}, {found.column})"
    out = [
        _heading(asked, words),
        "",
        title,
        _row("", words["printed"].format(printed=swedish(found.printed)), found.amount_ore),
        "",
    ]
    for line in found.lines:
        out += _line(line, history, words)
    return "\n".join(out) + "\n"


def _line(line: TracedLine, history: History, words: dict[str, str]) -> list[str]:
    times = "" if line.times == 1 else f"  × {line.times}"
    out = [_row("  ", f"{line.label or line.line}  ({line.table}.{line.line}){times}", line.amount_ore)]
    for account, amount in line.accounts.items():
        out.append(_row("    ", f"{account} {history.accounts[account].name}", amount))
        for row in line.postings:
            if row.posting.account == account:
                out.append(_row("      ", _voucher(row.entered.voucher), row.part_ore))
                out.append(f"        {_message(row.entered, words)}")
    if line.rest_ore:
        out.append(_row("    ", words["rest"], line.rest_ore))
    return [*out, ""]


def back_text(asked: Asked, found: list[tuple[Entered, tuple[Touched, ...]]], language: Language = "sv") -> str:
    """Return the vouchers of a message and the lines they touch as text."""
    words = WORDS[language]
    out = [_heading(asked, words)]
    for entered, lines in found:
        out += ["", _voucher(entered.voucher), f"  {_message(entered, words)}"]
        out += [_row("  ", f"{line.table}.{line.line}  {line.label}  ({line.column})", line.part_ore) for line in lines]
    return "\n".join(out) + "\n"


def _heading(asked: Asked, words: dict[str, str]) -> str:
    known_at = words["now"] if asked.known_at == "now" else asked.known_at
    return words["heading"].format_map(msgspec.structs.asdict(asked) | {"known_at": known_at})


def trace_json(asked: Asked, found: Trace) -> bytes:
    """Return a trace as indented JSON."""
    value = PrintedTrace(
        **msgspec.structs.asdict(asked),
        table=found.table,
        line=found.line,
        label=found.label,
        column=found.column,
        printed=found.printed,
        amount=_plain(found.amount_ore),
        lines=tuple(_json_line(line) for line in found.lines),
    )
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def back_json(asked: Asked, found: list[tuple[Entered, tuple[Touched, ...]]]) -> bytes:
    """Return the vouchers of a message and the lines they touch as indented JSON."""
    vouchers = tuple(
        PrintedBack(
            position=entered.position,
            registered_on=entered.recorded.registered_on,
            source=entered.recorded.source,
            message_id=entered.recorded.message_id,
            voucher=str(entered.voucher.id),
            lines=tuple(_touch(line) for line in lines),
        )
        for entered, lines in found
    )
    value = PrintedBacks(**msgspec.structs.asdict(asked), vouchers=vouchers)
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def _touch(line: Touched) -> PrintedTouch:
    return PrintedTouch(
        table=line.table, line=line.line, label=line.label, column=line.column, amount=_plain(line.part_ore)
    )


def _json_line(line: TracedLine) -> PrintedLineTrace:
    return PrintedLineTrace(
        table=line.table,
        line=line.line,
        label=line.label,
        column=line.column,
        times=str(line.times),
        amount=_plain(line.amount_ore),
        rest=_plain(line.rest_ore),
        accounts={str(account): _plain(amount) for account, amount in line.accounts.items()},
        postings=tuple(
            PrintedPosting(
                account=row.posting.account,
                project=row.posting.project,
                party=row.posting.party,
                amount=_plain(row.part_ore),
                voucher=str(row.entered.voucher.id),
                accounting_date=row.entered.voucher.accounting_date,
                text=row.entered.voucher.text,
                position=row.entered.position,
                registered_on=row.entered.recorded.registered_on,
                source=row.entered.recorded.source,
                message_id=row.entered.recorded.message_id,
            )
            for row in line.postings
        ),
    )


def _voucher(voucher: Voucher) -> str:
    return f"{voucher.id}  {voucher.accounting_date}  {voucher.text}"


def _message(entered: Entered, words: dict[str, str]) -> str:
    recorded = entered.recorded
    return (
        f"{words['position']} {entered.position}, {recorded.registered_on}, {recorded.actor}, "
        f"{words['message']} {recorded.source} {recorded.message_id}"
    )


def _row(indent: str, text: str, amount_ore: Fraction) -> str:
    return f"{indent + text[:92]:<98}{swedish(_plain(amount_ore)):>18}"


def _plain(amount_ore: Fraction) -> str:
    return rounded(amount_ore / 100, 2)
