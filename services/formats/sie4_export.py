"""A fiscal year of a book as a SIE file of type 4E: chart, balances, months, budget, vouchers (SIE 4B 4, 5.11).

The same events and the same year give the same bytes: nothing is asked of the clock, the date of the file is the day
the book last learned something. Opening balances are #IB, not vouchers; the year-end is a voucher like the others.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

import msgspec

from domain.books.chart import AccountKind
from domain.books.manual import OpeningBalancesEntered
from domain.books.voucher import Voucher
from domain.catalogue import AnyEvent, voucher_of
from domain.kernel.money import split
from domain.kernel.period import ONE_DAY, add_months, first_of_month
from domain.kernel.refusal import Refusal
from projections.history import History
from projections.plans import EVERYTHING
from services.formats.sie4_file import COST_CENTRE, PARTY, PROJECT
from services.formats.sie4_findings import Finding, Findings
from services.formats.sie4_writer import Bare, Kronor, SieWriter

PROGRAM = "Grundbok"
TYPE_OF: dict[AccountKind, str] = {
    "cash": "T", "asset": "T", "equity": "S", "liability": "S", "income": "I", "cost": "K", "result": "K",
}  # fmt: skip
RESULT_TYPES = frozenset({"I", "K"})
DIMENSIONS = ((COST_CENTRE, "Kostnadsställe"), (PROJECT, "Projekt"), (PARTY, "Motpart"))

Pair = tuple[int, str]
Sums = dict[tuple[int, Pair | None], int]
"""Öre by account, in total (None) and for each object on its own."""


class YearNotInBook(Refusal):
    """A file is about a fiscal year that the book has."""

    code = "sie_year_unknown"
    sv = "Räkenskapsåret {year} finns inte i boken. Det finns: {years}."
    en = "The book has no fiscal year {year}. There are: {years}."


class Exported(msgspec.Struct, frozen=True):
    """The bytes of a file, and what was found while writing it."""

    data: bytes
    findings: tuple[Finding, ...]


class Registered(NamedTuple):
    """A voucher with the day it was registered and who registered it."""

    voucher: Voucher
    registered_on: date
    actor: str


def export_sie(
    events: Iterable[AnyEvent], year: int, *, version: str = "1", generated_on: date | None = None
) -> Exported:
    """Return a fiscal year as a 4E file; raises `YearNotInBook`."""
    history = History()
    vouchers: list[Registered] = []
    for event in events:
        history.apply(event)
        voucher = voucher_of(event)
        if voucher is not None and voucher.year == year and not isinstance(event, OpeningBalancesEntered):
            vouchers.append(Registered(voucher, event.recorded.registered_on, event.recorded.actor))
    if year not in history.years:
        raise YearNotInBook(year=year, years=tuple(sorted(history.years)))
    findings = Findings()
    export = _Export(history, year, SieWriter(findings), findings)
    export.identification(version, generated_on)
    export.chart()
    export.balances()
    export.months()
    export.budget()
    export.vouchers(vouchers)
    return Exported(export.writer.finish(), findings.all())


class _Export:
    """Writes the parts of one file."""

    def __init__(self, history: History, year: int, writer: SieWriter, findings: Findings) -> None:
        self.writer = writer
        self._history = history
        self._year = year
        self._findings = findings
        self._keys = history.ledger.keys(EVERYTHING)
        before = [name for name in history.years if name < year]
        self._years = {0: year} | ({-1: max(before)} if before else {})

    def identification(self, version: str, generated_on: date | None) -> None:
        """Write who the file is about and from (SIE 4B 5.11, identification)."""
        write, association = self.writer.record, self._history.association
        write("#FLAGGA", 0)
        self.writer.start_sum()
        write("#PROGRAM", PROGRAM, version)
        write("#FORMAT", Bare("PC8"))
        write("#GEN", generated_on or self._history.registered_on or self._history.span(self._year)[1])
        write("#SIETYP", 4)
        write("#FTYP", Bare("X"))
        if association is not None:
            write("#ORGNR", Bare(association.organisation_number))
            write("#FNAMN", association.name)
        for number, name in self._years.items():
            write("#RAR", number, *self._history.span(name))
        if -1 not in self._years:
            self._findings.add("dates_outside_years", year=self._year)

    def chart(self) -> None:
        """Write every account with its type, and the dimensions with their objects."""
        write = self.writer.record
        for number, account in sorted(self._history.accounts.items()):
            write("#KONTO", number, account.name)
            write("#KTYP", number, Bare(TYPE_OF[account.kind]))
        for dimension, name in DIMENSIONS:
            write("#DIM", dimension, name)
        for project, name in sorted(self._history.projects.items()):
            write("#OBJEKT", PROJECT, project, name)
        for party, named in sorted(self._history.parties.items()):
            write("#OBJEKT", PARTY, party, named.name)

    def balances(self) -> None:
        """Write opening and closing balances and results, of this year and the one before."""
        for number, name in self._years.items():
            start, end = self._history.span(name)
            opening = {key: ore for key, ore in self._sums(start - ONE_DAY).items() if not self._is_result(key[0])}
            closing = {key: ore for key, ore in self._sums(end).items() if not self._is_result(key[0])}
            difference_ore = sum(ore for (_, pair), ore in opening.items() if pair is None)
            if difference_ore:
                self._findings.add("opening_unbalanced", year=name, difference_ore=difference_ore)
            self._write_balances("#IB", "#OIB", number, opening)
            self._write_balances("#UB", "#OUB", number, closing)
            moved = self._moves(start, end)
            self._write_balances(
                "#RES", "", number, {key: ore for key, ore in moved.items() if self._is_result(key[0])}
            )

    def _write_balances(self, label: str, label_of_objects: str, number: int, sums: Sums) -> None:
        totals = sorted((account, ore) for (account, pair), ore in sums.items() if pair is None and ore)
        if not totals and not number:
            # A file of type 4E has balances, if only of nothing: that tells it from one of type 4I.
            totals = [(min(n for n in self._history.accounts if self._is_result(n) == (label == "#RES")), 0)]
        for account, ore in totals:
            self.writer.record(label, number, account, Kronor(ore))
        for (account, pair), ore in sorted(sums.items(), key=_in_order):
            if pair is not None and ore and label_of_objects:
                self.writer.record(label_of_objects, number, account, (pair,), Kronor(ore))

    def months(self) -> None:
        """Write the change of each month: each account in total, then each of its objects (SIE 4B #PSALDO)."""
        for first, last in _months(*self._history.span(self._year)):
            for (account, pair), ore in sorted(self._moves(first, last).items(), key=_in_order):
                if ore:
                    objects = () if pair is None else (pair,)
                    self.writer.record("#PSALDO", 0, _period(first), account, objects, Kronor(ore))

    def budget(self) -> None:
        """Write the budget decided last, each amount spread on the months so that they sum to it exactly."""
        budget = self._history.budget_as_of(self._year, date.max)
        months = list(_months(*self._history.span(self._year)))
        if budget is None:
            return
        sums: list[Sums] = [defaultdict(int) for _ in months]
        for line in budget.lines:
            if line.year == self._year:
                for month, ore in zip(sums, split(line.amount_ore, [1] * len(months)), strict=True):
                    _add(month, line.account, line.project, line.party, ore)
        for (first, _), month in zip(months, sums, strict=True):
            for (account, pair), ore in sorted(month.items(), key=_in_order):
                if ore:
                    objects = () if pair is None else (pair,)
                    self.writer.record("#PBUDGET", 0, _period(first), account, objects, Kronor(ore))

    def vouchers(self, vouchers: Iterable[Registered]) -> None:
        """Write the vouchers, ascending in each series (SIE 4B #VER)."""
        for voucher, registered_on, actor in sorted(vouchers, key=lambda row: (row[0].series, row[0].number)):
            day = voucher.accounting_date
            self.writer.record("#VER", voucher.series, voucher.number, day, voucher.text, registered_on, actor)
            rows = [
                (posting.account, _pairs(posting.project, posting.party), Kronor(posting.amount_ore))
                for posting in voucher.postings
            ]
            self.writer.block(rows, "#TRANS")

    def _sums(self, through: date) -> Sums:
        """Return the balances at the end of a day."""
        sums: Sums = defaultdict(int)
        for key in self._keys:
            _add(sums, key.account, key.project, key.party, self._history.ledger.at(key, through))
        return sums

    def _moves(self, start: date, end: date) -> Sums:
        """Return the movements from the first day through the last."""
        before, after = self._sums(start - ONE_DAY), self._sums(end)
        return {key: after.get(key, 0) - before.get(key, 0) for key in before.keys() | after.keys()}

    def _is_result(self, account: int) -> bool:
        return TYPE_OF[self._history.accounts[account].kind] in RESULT_TYPES


def _add(sums: Sums, account: int, project: str, party: str, ore: int) -> None:
    if ore:
        sums[account, None] += ore
        for pair in _pairs(project, party):
            sums[account, pair] += ore


def _pairs(project: str, party: str) -> tuple[Pair, ...]:
    named = ((PROJECT, project), (PARTY, party))
    return tuple(pair for pair in named if pair[1])


def _in_order(row: tuple[tuple[int, Pair | None], int]) -> tuple[int, Pair]:
    (account, pair), _ = row
    return account, pair or (0, "")


def _months(start: date, end: date) -> Iterator[tuple[date, date]]:
    """Iterate over the months of a fiscal year: first and last day."""
    first = first_of_month(start)
    while first <= end:
        following = add_months(first, 1)
        yield first, following - ONE_DAY
        first = following


def _period(first: date) -> Bare:
    return Bare(first.strftime("%Y%m"))
