"""The vouchers of a file of messages as the text that plain-text accounting tools read."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import msgspec

from domain.posting_rules.bas import ACCOUNTS

CLASSES = {"1": "Assets", "2": "Liabilities", "3": "Income"}
"""By the first digit of an account in BAS; all others are costs."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A posting as a message has it."""

    account: int
    amount_ore: int
    project: str = ""


class Voucher(msgspec.Struct, frozen=True, kw_only=True):
    """A manual voucher as a message has it."""

    accounting_date: str
    text: str
    reference: str
    lines: list[Line]


class _Message(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    type: str
    data: msgspec.Raw


class Journal(NamedTuple):
    """How a tool writes: what comes before the vouchers, and a voucher with its number."""

    suffix: str
    head: Callable[[str], str]
    entry: Callable[[str, Voucher], str]


def vouchers(lines: Iterable[bytes]) -> Iterator[tuple[str, Voucher]]:
    """Iterate over the vouchers among messages, each with the identity of its message."""
    envelope, voucher = msgspec.json.Decoder(_Message), msgspec.json.Decoder(Voucher)
    for line in lines:
        message = envelope.decode(line)
        if message.type == "se.grundbok.voucher.post":
            yield message.id, voucher.decode(message.data)


def account(number: int) -> str:
    """Return the name of an account where accounts are a tree: `Assets:1930`."""
    return f"{CLASSES.get(str(number)[0], 'Expenses')}:{number}"


def kronor(ore: int) -> str:
    """Return an amount with two decimals."""
    whole, rest = divmod(abs(ore), 100)
    return f"{'-' if ore < 0 else ''}{whole}.{rest:02d}"


def in_ore(amount: str) -> int:
    """Return the öre of an amount with at most two decimals, exactly."""
    whole, _, decimals = amount.strip().removeprefix("-").partition(".")
    if len(decimals.rstrip("0")) > 2:
        raise ValueError(amount)
    ore = int(whole) * 100 + int(decimals[:2].ljust(2, "0"))
    return -ore if amount.strip().startswith("-") else ore


def _ledger_head(_: str) -> str:
    return "commodity SEK\n    format 1000.00 SEK\n" + "".join(
        f"account {account(number)}\n" for number, _, _ in ACCOUNTS
    )


def _ledger_entry(identity: str, voucher: Voucher) -> str:
    lines = [f"\n{voucher.accounting_date} ({identity}) {voucher.text}\n    ; reference: {voucher.reference}\n"]
    for line in voucher.lines:
        project = f"  ; project: {line.project}" if line.project else ""
        lines.append(f"    {account(line.account)}  {kronor(line.amount_ore)} SEK{project}\n")
    return "".join(lines)


def _beancount_head(first_day: str) -> str:
    opened = (f"{first_day} open {account(number)} SEK\n" for number, _, _ in ACCOUNTS)
    return 'option "operating_currency" "SEK"\n' + "".join(opened)


def _beancount_entry(identity: str, voucher: Voucher) -> str:
    head = f'\n{voucher.accounting_date} * "{voucher.text}"\n  id: "{identity}"\n  reference: "{voucher.reference}"\n'
    lines = [head]
    for line in voucher.lines:
        lines.append(f"  {account(line.account)}  {kronor(line.amount_ore)} SEK\n")
        if line.project:
            lines.append(f'    project: "{line.project}"\n')
    return "".join(lines)


LEDGER = Journal("ledger", _ledger_head, _ledger_entry)
"""What both ledger and hledger read."""
BEANCOUNT = Journal("beancount", _beancount_head, _beancount_entry)
