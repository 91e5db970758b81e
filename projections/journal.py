"""The journal (grundbok) in registration order, and the general ledger (huvudbok) by account."""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

import msgspec

from domain.books.manual import OpeningBalancesEntered, VoucherCorrected, VoucherReplaced
from domain.books.voucher import Posting, Voucher
from domain.catalogue import AnyEvent, voucher_of
from domain.kernel.event import Recorded
from domain.kernel.period import ONE_DAY
from domain.kernel.refusal import Language
from projections.history import History
from projections.narrowing import EVERYTHING, Narrowing
from projections.table import Cell, Line, ReportTable

COLUMNS = {"sv": ("Debet", "Kredit"), "en": ("Debit", "Credit")}
LEDGER_COLUMNS = {"sv": ("Debet", "Kredit", "Saldo"), "en": ("Debit", "Credit", "Balance")}


class Entered(msgspec.Struct, frozen=True, kw_only=True):
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


def entered(events: Iterable[AnyEvent]) -> list[Entered]:
    """Return the vouchers of a book, in registration order."""
    return [
        Entered(
            position=position,
            recorded=event.recorded,
            voucher=voucher,
            opening=isinstance(event, OpeningBalancesEntered),
            correction=isinstance(event, VoucherCorrected | VoucherReplaced),
        )
        for position, event in enumerate(events, 1)
        if (voucher := voucher_of(event)) is not None
    ]


def journal(
    history: History,
    vouchers: Iterable[Entered],
    as_of: date,
    language: Language,
    only: Narrowing = EVERYTHING,
) -> ReportTable:
    """Return the journal: every voucher dated up to a day, in the order it was registered (LKBR 3:3)."""
    lines: list[Line] = []
    for row in vouchers:
        voucher = row.voucher
        if voucher.accounting_date > as_of or not _shown(voucher, only):
            continue
        heading = f"{row.recorded.registered_on}  {voucher.id}  {voucher.accounting_date}  {voucher.text}"
        lines.append(Line(id=str(row.position), label=heading, kind="heading"))
        for place, posting in enumerate(voucher.postings, 1):
            lines.append(
                Line(
                    id=f"{row.position}.{place}",
                    label=_account(history, posting),
                    cells=_sides(posting.amount_ore),
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
    """Return the general ledger of the fiscal year: opening balance, postings and running balance per account."""
    start = history.span(history.fiscal_year(as_of))[0]
    opening, moves = _moves(vouchers, start, as_of, only)
    lines: list[Line] = []
    words = ("Ingående balans", "Utgående balans") if language == "sv" else ("Opening balance", "Closing balance")
    for number in sorted(opening.keys() | moves.keys()):
        balance = opening.get(number, 0)
        lines.append(Line(id=str(number), label=f"{number} {history.accounts[number].name}", kind="heading"))
        lines.append(_balance(f"{number}.opening", words[0], balance))
        for place, (day, _, voucher, posting) in enumerate(sorted(moves.get(number, []), key=_in_order), 1):
            balance += posting.amount_ore
            cells = (*_sides(posting.amount_ore), Cell(Fraction(balance)))
            label = f"{day}  {voucher.id}  {voucher.text}{_dimensions(posting)}"
            lines.append(Line(id=f"{number}.{place}", label=label, cells=cells))
        lines.append(_balance(f"{number}.closing", words[1], balance))
    title = "Huvudbok" if language == "sv" else "General ledger"
    return _table("general-ledger", title + only.words(language), LEDGER_COLUMNS[language], lines)


Move = tuple[date, int, Voucher, Posting]


def _moves(
    vouchers: Iterable[Entered], start: date, as_of: date, only: Narrowing
) -> tuple[dict[int, int], dict[int, list[Move]]]:
    """Return the opening balance in öre and the postings of the year, by account."""
    opening: dict[int, int] = {}
    moves: dict[int, list[Move]] = {}
    for row in vouchers:
        if not only.takes_voucher(row.voucher):
            continue
        for posting in row.voucher.postings:
            if row.day > as_of or not only.takes_posting(posting):
                continue
            if row.day < start:
                opening[posting.account] = opening.get(posting.account, 0) + posting.amount_ore
            else:
                moves.setdefault(posting.account, []).append((row.day, row.position, row.voucher, posting))
    return opening, moves


def _shown(voucher: Voucher, only: Narrowing) -> bool:
    """Tell whether a voucher is shown: it is then shown whole, so that it balances."""
    return only.takes_voucher(voucher) and any(only.takes_posting(posting) for posting in voucher.postings)


def _in_order(move: Move) -> tuple[date, int]:
    return move[0], move[1]


def _account(history: History, posting: Posting) -> str:
    return f"    {posting.account} {history.accounts[posting.account].name}{_dimensions(posting)}"


def _dimensions(posting: Posting) -> str:
    named = [name for name in (posting.project, posting.party) if name]
    return f"  [{', '.join(named)}]" if named else ""


def _sides(amount_ore: int) -> tuple[Cell, ...]:
    amount, nothing = Cell(Fraction(abs(amount_ore))), Cell(Fraction(0), "")
    return (amount, nothing) if amount_ore > 0 else (nothing, amount)


def _balance(name: str, label: str, amount_ore: int) -> Line:
    nothing = Cell(Fraction(0), "")
    return Line(id=name, label=label, kind="sum", cells=(nothing, nothing, Cell(Fraction(amount_ore))))


def _table(name: str, title: str, columns: tuple[str, ...], lines: list[Line]) -> ReportTable:
    return ReportTable(id=name, title=title, unit="kr", decimals=2, columns=columns, lines=tuple(lines))
