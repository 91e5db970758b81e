"""An auditor's questions: what changed between two knowledge dates, and where a figure comes from."""

import re
from datetime import date

from domain.catalogue import AnyEvent
from domain.kernel.refusal import Refusal
from projections.bridge import Bridge, bridge
from projections.history import History, history_of
from projections.journal import Entered, entered
from projections.report import Known, known, names
from projections.statement import Statement
from projections.trace import Leaf, Touched, Trace, touched, trace
from services.application.queries import KnownAt, Layouts, ReportUnknown, book_layout, facts_of, prefix
from services.event_store.store import BookStore

FIGURE = re.compile(r"(?P<table>[^.@]+)\.(?P<line>[^.@]+)(@(?P<column>\d+))?")


class FigureUnknown(Refusal):
    """A trace names a table, a line and a column of the book's layout."""

    code = "figure_unknown"
    sv = "Belopp {figure} finns inte i uppställningen. Skriv tabell.rad eller tabell.rad@kolumn (0 är den första)."
    en = "Figure {figure} is not in the layout. Write table.line or table.line@column (0 is the first)."


class MessageUnknown(Refusal):
    """A trace back begins at a message that became a voucher."""

    code = "message_unknown"
    sv = "Meddelandet {message} har ingen verifikation i boken."
    en = "Message {message} has no voucher in the book."


class BridgeBackwards(Refusal):
    """A bridge goes from what was known earlier to what was known later."""

    code = "bridge_backwards"
    sv = "Bron går bakåt: från händelse {before} till händelse {after}."
    en = "The bridge goes backwards: from event {before} to event {after}."


def statements(store: BookStore[AnyEvent], layouts: Layouts) -> str:
    """Return the pack a book's statements are in: its first."""
    layout = book_layout(facts_of(store, None), layouts)
    return next(iter(layout.packs), "income-statement")


def difference(
    store: BookStore[AnyEvent], name: str, as_of: date, known_at: tuple[KnownAt, KnownAt], layouts: Layouts
) -> Bridge:
    """Return what changed in a report's tables between two knowledge dates."""
    before = history_of(prefix(store, known_at[0]))
    events = list(prefix(store, known_at[1]))
    if len(events) < before.position:
        raise BridgeBackwards(before=before.position, after=len(events))
    after = known(store.name, "", events)
    layout = book_layout(after, layouts)
    tables = layout.choose(name)
    if not tables:
        raise ReportUnknown(report=name, known=names(layout))
    between = [voucher for voucher in entered(events) if voucher.position > before.position]
    return bridge(_with_layout(before, after.history), after.history, between, layout, tables, as_of)


def figure(
    store: BookStore[AnyEvent], text: str, as_of: date, known_at: KnownAt, layouts: Layouts
) -> tuple[Trace, Known]:
    """Return where a figure comes from, named as table.line@column."""
    facts, statement = _statement(store, as_of, known_at, layouts)
    found = FIGURE.fullmatch(text)
    if found is None:
        raise FigureUnknown(figure=text)
    leaf = Leaf(found["table"], found["line"], int(found["column"] or 0))
    try:
        return trace(statement, leaf, facts.vouchers), facts
    except KeyError as error:
        raise FigureUnknown(figure=text) from error


def message(
    store: BookStore[AnyEvent], name: str, as_of: date, known_at: KnownAt, layouts: Layouts
) -> tuple[list[tuple[Entered, tuple[Touched, ...]]], Known]:
    """Return a message's vouchers (by its id, or 'source id') with the lines each touches, and what is known."""
    facts, statement = _statement(store, as_of, known_at, layouts)
    found = [
        (voucher, touched(statement, voucher))
        for voucher in facts.vouchers
        if name in (voucher.recorded.message_id, f"{voucher.recorded.source} {voucher.recorded.message_id}")
    ]
    if not found:
        raise MessageUnknown(message=name)
    return found, facts


def _statement(store: BookStore[AnyEvent], as_of: date, known_at: KnownAt, layouts: Layouts) -> tuple[Known, Statement]:
    facts = facts_of(store, known_at, vouchers=True)
    return facts, Statement(facts.history, book_layout(facts, layouts), as_of)


def _with_layout(before: History, after: History) -> History:
    """Let an empty or early prefix know the names that the layout needs, as the later one knows them."""
    if before.association is None:
        before.association = after.association
        before.accounts = after.accounts
    return before
