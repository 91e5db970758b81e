"""A report: a pure function of a prefix of the book, an accounting date, a layout and a unit."""

from collections.abc import Iterable
from datetime import date

import msgspec

from domain.catalogue import AnyEvent
from domain.kernel.refusal import Language
from projections.built_in import BUILT_IN
from projections.completeness import late_bookings, series
from projections.history import History, history_of
from projections.journal import Entered, entered, general_ledger, journal
from projections.layout import Layout
from projections.narrowing import EVERYTHING, Narrowing
from projections.outside import day_remark, day_remarks, listing_speaks, remarked, speaks
from projections.statement import Statement
from projections.sub_ledgers import SubLedger, sub_ledger
from projections.table import Remark, Report, ReportTable, Unit

NARROWED = {"journal": journal, "general-ledger": general_ledger}
FROM_VOUCHERS = {"series": series, "late-bookings": late_bookings}
UNSEEN_SERIES = "series_without_vouchers"
SUB_LEDGERS: tuple[SubLedger, ...] = ("member-ledger", "customer-ledger", "supplier-ledger")


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: which tables, as of which day, in which unit and language."""

    name: str
    as_of: date
    unit: Unit | None = None
    language: Language = "sv"
    only: Narrowing = EVERYTHING


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a book at a position: its history, and its vouchers where a report needs them.

    Vouchers and events may be read from the book whenever they are gone through: a list of a hundred thousand
    vouchers then has its lines in memory, and not the events too.
    """

    book: str
    known_at: str
    history: History
    vouchers: Iterable[Entered] = ()
    events: Iterable[AnyEvent] = ()


def known(book: str, known_at: str, events: Iterable[AnyEvent], *, vouchers: bool = False) -> Known:
    """Fold a prefix of a book's events into what reports are made from."""
    if not vouchers:
        return Known(book=book, known_at=known_at, history=history_of(events))
    kept = tuple(events)
    return Known(book=book, known_at=known_at, history=history_of(kept), vouchers=tuple(entered(kept)), events=kept)


def needs_vouchers(name: str) -> bool:
    """Tell whether a report lists vouchers, not only sums."""
    return name in (*NARROWED, *FROM_VOUCHERS, *SUB_LEDGERS)


def names(layout: Layout) -> tuple[str, ...]:
    """Return every report a book with this layout has: packs, tables and built-in tables."""
    roles = {table.role for table in layout.tables if table.role}
    own = [*layout.packs, *sorted(roles), *(table.id for table in layout.tables)]
    return tuple(dict.fromkeys([*own, *BUILT_IN, *NARROWED, *FROM_VOUCHERS, *SUB_LEDGERS]))


def make_report(facts: Known, layout: Layout, question: Question) -> Report | None:
    """Return the report asked for, or None if neither the layout nor Grundbok has one of that name."""
    tables = _tables(facts, layout, question)
    if not tables:
        return None
    association = facts.history.association
    return Report(
        book=facts.book,
        association=association.name if association else "",
        as_of=question.as_of,
        known_at=facts.known_at,
        position=facts.history.position,
        tables=tables,
    )


def _tables(facts: Known, layout: Layout, question: Question) -> tuple[ReportTable, ...]:
    chosen = layout.choose(question.name)
    history, as_of = facts.history, question.as_of
    remark = day_remark(history, as_of)
    if chosen:
        statement = Statement(history, layout, as_of)
        return tuple(
            remarked(
                statement.table(table, question.unit),
                None if remark is None or speaks(history, as_of, table.columns) else remark,
            )
            for table in chosen
        )
    table = _listed(facts, question)
    if table is None:
        return ()
    if question.unit is not None and question.unit != table.unit:
        table = msgspec.structs.replace(table, unit=question.unit, decimals=0)
    return (table if remark is None or listing_speaks(history, as_of, question.name) else remarked(table, remark),)


def _listed(facts: Known, question: Question) -> ReportTable | None:
    """Return a table that needs no layout, or None."""
    name, history, as_of, language = question.name, facts.history, question.as_of, question.language
    if name in BUILT_IN:
        return BUILT_IN[name](history, as_of, language)
    if name in NARROWED:
        return _narrowed(facts, question)
    if name in FROM_VOUCHERS:
        return FROM_VOUCHERS[name](history, facts.vouchers, as_of, language)
    for ledger in SUB_LEDGERS:
        if name == ledger:
            return sub_ledger(ledger, history, facts.events, as_of, language)
    return None


def _narrowed(facts: Known, question: Question) -> ReportTable:
    """Return a journal or a ledger; one that is empty because no voucher has its series says so.

    That is no mistake to refuse: a series has no beginning but its first voucher.
    """
    series_asked = question.only.series
    table = NARROWED[question.name](facts.history, facts.vouchers, question.as_of, question.language, question.only)
    if table.lines or series_asked is None or any(row.voucher.series == series_asked for row in facts.vouchers):
        return table
    return msgspec.structs.replace(table, remarks=(Remark(UNSEEN_SERIES, {"series": series_asked}),))


def told_aside(report: Report) -> tuple[Remark, ...]:
    """Return the remarks that say why a report may be empty: whoever reads a format without remarks needs them too."""
    unseen = [remark for table in report.tables for remark in table.remarks if remark.code == UNSEEN_SERIES]
    return (*day_remarks(report), *unseen)
