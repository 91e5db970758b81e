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
from projections.plans import RESULT_KINDS
from projections.table import EARLIER_RESULT, Cell, Fields, Line, ReportTable

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
                    fields=_fields(history, row, posting),
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
    opening, moves = _moves(vouchers, start, as_of, only)
    results = [number for number in opening if history.accounts[number].kind in RESULT_KINDS]
    earlier = sum(opening.pop(number) for number in results)
    words = ("Ingående balans", "Utgående balans") if language == "sv" else ("Opening balance", "Closing balance")
    lines: list[Line] = []
    for number in sorted(opening.keys() | moves.keys()):
        balance, name = opening.get(number, 0), history.accounts[number].name
        lines.append(Line(id=str(number), label=f"{number} {name}", kind="heading"))
        about = Fields(account=number, account_name=name, text=words[0])
        lines.append(_balance(f"{number}.opening", words[0], balance, about))
        for place, (row, posting) in enumerate(sorted(moves.get(number, []), key=_in_order), 1):
            balance += posting.amount_ore
            lines.append(_move(history, f"{number}.{place}", row, posting, balance))
        lines.append(_balance(f"{number}.closing", words[1], balance))
    if earlier and only == EVERYTHING:
        label = EARLIER_RESULT[language]
        lines.append(_balance("earlier-result", label, earlier, Fields(text=label)))
    title = "Huvudbok" if language == "sv" else "General ledger"
    return _table("general-ledger", title + only.words(language), LEDGER_COLUMNS[language], lines)


Move = tuple[Entered, Posting]


def _moves(
    vouchers: Iterable[Entered], start: date, as_of: date, only: Narrowing
) -> tuple[dict[int, int], dict[int, list[Move]]]:
    """Return the balance in öre before the year and the postings of the year, by account."""
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
                moves.setdefault(posting.account, []).append((row, posting))
    return opening, moves


def _move(history: History, name: str, row: Entered, posting: Posting, balance_ore: int) -> Line:
    """Return a posting with the balance after it."""
    return Line(
        id=name,
        label=f"{row.day}  {row.voucher.id}  {row.voucher.text}{_dimensions(posting)}",
        cells=(*_sides(posting.amount_ore), Cell(Fraction(balance_ore))),
        fields=_fields(history, row, posting),
    )


def _fields(history: History, row: Entered, posting: Posting) -> Fields:
    """Return a posting and its voucher in parts."""
    voucher = row.voucher
    return Fields(
        position=row.position,
        voucher=str(voucher.id),
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


def _shown(voucher: Voucher, only: Narrowing) -> bool:
    """Tell whether a voucher is shown: it is then shown whole, so that it balances."""
    return only.takes_voucher(voucher) and any(only.takes_posting(posting) for posting in voucher.postings)


def _in_order(move: Move) -> tuple[date, int]:
    return move[0].day, move[0].position


def _account(history: History, posting: Posting) -> str:
    return f"    {posting.account} {history.accounts[posting.account].name}{_dimensions(posting)}"


def _dimensions(posting: Posting) -> str:
    named = [name for name in (posting.project, posting.party) if name]
    return f"  [{', '.join(named)}]" if named else ""


def _sides(amount_ore: int) -> tuple[Cell, ...]:
    amount, nothing = Cell(Fraction(abs(amount_ore))), Cell(Fraction(0), "")
    return (amount, nothing) if amount_ore > 0 else (nothing, amount)


def _balance(name: str, label: str, amount_ore: int, about: Fields | None = None) -> Line:
    nothing = Cell(Fraction(0), "")
    return Line(id=name, label=label, kind="sum", cells=(nothing, nothing, Cell(Fraction(amount_ore))), fields=about)


def _table(name: str, title: str, columns: tuple[str, ...], lines: list[Line]) -> ReportTable:
    return ReportTable(id=name, title=title, unit="kr", decimals=2, columns=columns, lines=tuple(lines), listing=True)
