"""The journal (grundbok) in registration order, and the general ledger (huvudbok) by account."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

import msgspec

from domain.books.manual import OpeningBalancesEntered, VoucherCorrected, VoucherReplaced
from domain.books.voucher import Posting, Voucher
from domain.catalogue import AnyEvent, voucher_of
from domain.kernel.event import Recorded
from domain.kernel.period import ONE_DAY
from domain.kernel.refusal import Language
from projections.history import History
from projections.narrowing import EVERYTHING, Narrowing
from projections.plans import RESULT_KINDS
from projections.table import EARLIER_RESULT, Cell, Fields, Line, ReportTable

COLUMNS = {"sv": ("Debet", "Kredit"), "en": ("Debit", "Credit")}
LEDGER_COLUMNS = {"sv": ("Debet", "Kredit", "Saldo"), "en": ("Debit", "Credit", "Balance")}
NOTHING = Cell(0, "")


class Entered(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A voucher with its position in the book and the day it was registered."""

    position: int
    recorded: Recorded
    voucher: Voucher
    opening: bool
    correction: bool

    @property
    def day(self) -> date:
        """Return the day the voucher counts from in balances: opening balances, the day before their year."""
        return self.voucher.accounting_date - ONE_DAY if self.opening else self.voucher.accounting_date


class Vouchers:
    """The vouchers of events, in registration order; made anew whenever they are gone through, so none need be kept."""

    def __init__(self, events: Iterable[AnyEvent]) -> None:
        self._events = events

    def __iter__(self) -> Iterator[Entered]:
        """Iterate over the vouchers."""
        for position, event in enumerate(self._events, 1):
            voucher = voucher_of(event)
            if voucher is not None:
                yield Entered(
                    position=position,
                    recorded=event.recorded,
                    voucher=voucher,
                    opening=isinstance(event, OpeningBalancesEntered),
                    correction=isinstance(event, VoucherCorrected | VoucherReplaced),
                )


def entered(events: Iterable[AnyEvent]) -> list[Entered]:
    """Return the vouchers of a book, in registration order."""
    return list(Vouchers(events))


class _Labels(dict[tuple[int, str, str], str]):
    """What a journal calls a posting, by its account, project and party: there are few of them to many postings."""

    def __init__(self, history: History) -> None:
        super().__init__()
        self._history = history

    def __missing__(self, key: tuple[int, str, str]) -> str:
        account, project, party = key
        label = self[key] = f"    {account} {self._history.accounts[account].name}{_dimensions(project, party)}"
        return label


def journal(
    history: History,
    vouchers: Iterable[Entered],
    as_of: date,
    language: Language,
    only: Narrowing = EVERYTHING,
) -> ReportTable:
    """Return the journal: every voucher dated up to a day, in the order it was registered (LKBR 3:3)."""
    lines: list[Line] = []
    labels = _Labels(history)
    for row in vouchers:
        voucher = row.voucher
        if voucher.accounting_date > as_of or not only.takes_voucher(voucher):
            continue
        postings = voucher.postings
        if not any(map(only.takes_posting, postings)):
            continue  # one that is shown is shown whole, so that it balances
        position, name = str(row.position), voucher.printed_name
        heading = f"{row.recorded.registered_on}  {name}  {voucher.accounting_date}  {voucher.text}"
        lines.append(Line(id=position, label=heading, kind="heading"))
        for place, posting in enumerate(postings, 1):
            account, amount_ore, project, party = posting
            lines.append(
                Line(
                    id=f"{position}.{place}",
                    label=labels[account, project, party],
                    cells=_sides(amount_ore),
                    fields=_fields(history, row, name, posting),
                )
            )
    title = "Grundbok" if language == "sv" else "Journal"
    return _table("journal", title + only.words(language), COLUMNS[language], lines)


def general_ledger(
    history: History,
    vouchers: Iterable[Entered],
    as_of: date,
    language: Language,
    only: Narrowing = EVERYTHING,
) -> ReportTable:
    """Return the general ledger of the fiscal year: opening balance, postings and running balance per account.

    Income statement accounts open each year at zero; what of earlier years is not moved to equity has its own line,
    unless the ledger is narrowed.
    """
    start = history.span(history.fiscal_year(as_of))[0]
    opening, moves = _moves(history, vouchers, (start, as_of), only)
    results = [number for number in opening if history.accounts[number].kind in RESULT_KINDS]
    earlier = sum(opening.pop(number) for number in results)
    words = ("Ingående balans", "Utgående balans") if language == "sv" else ("Opening balance", "Closing balance")
    lines: list[Line] = []
    for number in sorted(opening.keys() | moves.keys()):
        balance, name = opening.get(number, 0), history.accounts[number].name
        lines.append(Line(id=str(number), label=f"{number} {name}", kind="heading"))
        about = Fields(account=number, account_name=name, text=words[0])
        lines.append(_balance(f"{number}.opening", words[0], balance, about))
        for place, move in enumerate(sorted(moves.pop(number, ()), key=_day), 1):
            balance += move.amount_ore
            lines.append(_line(f"{number}.{place}", move, balance))
        lines.append(_balance(f"{number}.closing", words[1], balance))
    if earlier and only == EVERYTHING:
        label = EARLIER_RESULT[language]
        lines.append(_balance("earlier-result", label, earlier, Fields(text=label)))
    title = "Huvudbok" if language == "sv" else "General ledger"
    return _table("general-ledger", title + only.words(language), LEDGER_COLUMNS[language], lines)


class Move(NamedTuple):
    """A posting in an account of the general ledger."""

    day: date
    label: str
    amount_ore: int
    fields: Fields


def _moves(
    history: History, vouchers: Iterable[Entered], year: tuple[date, date], only: Narrowing
) -> tuple[dict[int, int], dict[int, list[Move]]]:
    """Return the balance in öre before the year and the postings of the year, by account in registration order."""
    start, as_of = year
    opening: dict[int, int] = {}
    moves: dict[int, list[Move]] = {}
    for row in vouchers:
        day, voucher = row.day, row.voucher
        if day > as_of or not only.takes_voucher(voucher):
            continue
        name = voucher.printed_name
        heading = f"{day}  {name}  {voucher.text}"
        for posting in filter(only.takes_posting, voucher.postings):
            account, amount_ore, project, party = posting
            if day < start:
                opening[account] = opening.get(account, 0) + amount_ore
            else:
                label = heading + _dimensions(project, party)
                move = Move(day, label, amount_ore, _fields(history, row, name, posting))
                moves.setdefault(account, []).append(move)
    return opening, moves


def _line(name: str, move: Move, balance_ore: int) -> Line:
    """Return a posting with the balance after it."""
    return Line(id=name, label=move.label, cells=(*_sides(move.amount_ore), Cell(balance_ore)), fields=move.fields)


def _fields(history: History, row: Entered, name: str, posting: Posting) -> Fields:
    """Return a posting and its voucher, of this name, in parts."""
    voucher = row.voucher
    return Fields(
        position=row.position,
        voucher=name,
        series=voucher.series,
        number=voucher.number,
        year=voucher.year,
        accounting_date=voucher.accounting_date,
        registered_on=row.recorded.registered_on,
        account=posting.account,
        account_name=history.accounts[posting.account].name,
        text=voucher.text,
        project=posting.project,
        party=posting.party,
        counterparty=voucher.counterparty,
        reference=voucher.reference,
    )


def _day(move: Move) -> date:
    """Return what an account's postings are ordered by; those of one day stay as they were registered."""
    return move.day


def _dimensions(project: str, party: str) -> str:
    if not project and not party:
        return ""
    return f"  [{', '.join(filter(None, (project, party)))}]"


def _sides(amount_ore: int) -> tuple[Cell, Cell]:
    amount = Cell(abs(amount_ore))
    return (amount, NOTHING) if amount_ore > 0 else (NOTHING, amount)


def _balance(name: str, label: str, amount_ore: int, about: Fields | None = None) -> Line:
    return Line(id=name, label=label, kind="sum", cells=(NOTHING, NOTHING, Cell(amount_ore)), fields=about)


def _table(name: str, title: str, columns: tuple[str, ...], lines: list[Line]) -> ReportTable:
    return ReportTable(id=name, title=title, unit="kr", decimals=2, columns=columns, lines=tuple(lines), listing=True)
