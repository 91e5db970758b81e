"""SIE files into and out of a book: one layer for the command line and every service.

A file becomes messages like any others, sent through the writer all at once or not at all. What the file states as
registration dates is kept where the book can still take it: history is never backdated (law 7).
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Protocol

import msgspec

from domain.catalogue import COMMANDS, AnyEvent
from domain.kernel.refusal import Refusal
from projections.history import History, history_of
from services.application.incoming import Incoming
from services.application.queries import KnownAt, prefix
from services.application.registration import Registered, registered_after
from services.contract.answers import Answer, Receipt, Refused
from services.contract.envelope import SPEC_VERSION, TYPE_PREFIX, Message, Place, identity_key, read_message
from services.contract.unreadable import Unreadable
from services.event_store.positioned import Identity
from services.event_store.store import BookStore
from services.formats.sie4_compare import compare_balances
from services.formats.sie4_export import Exported, export_sie
from services.formats.sie4_findings import Finding, finding
from services.formats.sie4_import import ImportOptions, Plan, Planned, plan_import
from services.formats.sie4_reader import read_sie

TYPE_OF = {command: TYPE_PREFIX + name for name, command in COMMANDS.items()}


FindBook = Callable[[], BookStore[AnyEvent] | None]
"""Looks up the book; None while it does not exist."""


class WholeWriter(Protocol):
    """Writes all messages of a batch or none."""

    def write_whole(self, batch: Sequence[Incoming]) -> list[Answer]:
        """Return receipts of all, or the refusals when nothing was written."""


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an import: what was found, and how much was written now or was there before."""

    findings: tuple[Finding, ...]
    written: int = 0
    known: int = 0
    vouchers: int = 0

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Return why nothing was written."""
        return tuple(finding for finding in self.findings if finding.severity == "error")


class _Dated(msgspec.Struct, frozen=True):
    """A book as it is before an import: its history, how far its registration has come, and the day of each event."""

    history: History
    registered: Registered
    days: tuple[date, ...]


def export_file(
    store: BookStore[AnyEvent],
    year: int,
    *,
    version: str,
    known_at: KnownAt = None,
    generated_on: date | None = None,
) -> Exported:
    """Return a fiscal year of a book as a 4E file; raises `YearNotInBook`."""
    return export_sie(prefix(store, known_at), year, version=version, generated_on=generated_on)


def import_file(
    data: bytes,
    name: str,
    *,
    find: FindBook,
    writer: WholeWriter,
    today: date,
    options: ImportOptions,
) -> Imported:
    """Bring a file into a book, all of it or nothing; afterwards its balances are compared with the book's.

    `find` looks the book up, before and after: it may be the file that makes it.
    Raises what `BookWriter.write_whole` raises.
    """
    read, store = read_sie(data), find()
    before = _before(store)
    plan = plan_import(read, before.history, options)
    if plan.is_refused:
        return Imported(findings=plan.findings)
    batch, found = _messages(plan, name, store, before, today)
    answers = writer.write_whole([item for item in batch if isinstance(item, Message)]) if not _errors(found) else []
    refusals = tuple(_of_refusal(answer) for answer in answers if isinstance(answer, Refused))
    findings = (*plan.findings, *found, *refusals)
    if _errors(findings):
        return Imported(findings=findings)
    receipts = [answer for answer in answers if isinstance(answer, Receipt)]
    made = find()
    if plan.year is not None and read.file.is_whole_year and made is not None:
        after = history_of(event for _, event in made.events())
        findings += compare_balances(read.file, after, plan.year)
    known = sum(receipt.duplicate for receipt in receipts)
    return Imported(
        findings=findings,
        written=len(receipts) - known,
        known=known,
        vouchers=sum(bool(receipt.vouchers) and not receipt.duplicate for receipt in receipts),
    )


def _before(store: BookStore[AnyEvent] | None) -> _Dated:
    history, registered, days = History(), Registered(), list[date]()
    for _, event in store.events() if store is not None else ():
        history.apply(event)
        registered = registered_after(registered, event.recorded.registered_on, event.recorded.recorded_at)
        days.append(event.recorded.registered_on)
    return _Dated(history, registered, tuple(days))


def _messages(
    plan: Plan, name: str, store: BookStore[AnyEvent] | None, before: _Dated, today: date
) -> tuple[list[Message | None], tuple[Finding, ...]]:
    """Return the messages, with registration dates where the book takes them, and what was found.

    A message that the book has is built as it was built the first time, so that it is recognised as the same.
    """
    keys = [identity_key(plan.source, planned.id) for planned in plan.messages]
    identities = store.identities(keys) if store is not None else {}
    fresh = [one for one in plan.messages if identity_key(plan.source, one.id) not in identities]
    states = not before.registered.live and all(
        one.registered_on is not None and one.registered_on <= today for one in fresh
    )
    last_on = before.registered.last_on
    built: list[Message | None] = []
    findings: list[Finding] = []
    for planned in plan.messages:
        stated = planned.registered_on
        allowed = max(stated, last_on) if states and stated is not None else None
        identity = identities.get(identity_key(plan.source, planned.id))
        choices = [allowed] if identity is None else _days_before(planned, identity, before, allowed)
        try:
            built.append(_same_or_first(plan, planned, name, choices, identity))
        except Unreadable as refusal:
            findings.append(_of_unreadable(refusal, planned))
    later = [one for one in fresh if states and one.registered_on is not None and one.registered_on < last_on]
    if later:
        findings.append(finding("registered_later", count=len(later), day=str(last_on)))
    if not states and any(one.registered_on is not None for one in fresh):
        findings.append(finding("registered_on_arrival"))
    return built, tuple(findings)


def _days_before(planned: Planned, identity: Identity, before: _Dated, allowed: date | None) -> list[date | None]:
    """Return the registration dates that a message the book has may have stated."""
    return [before.days[identity.position - 1], None, planned.registered_on, allowed]


def _same_or_first(
    plan: Plan, planned: Planned, name: str, days: Sequence[date | None], identity: Identity | None
) -> Message:
    """Return the message that is the one in the book, else the first."""
    messages = [read_message(_line(plan, planned, day), Place(name, planned.line)) for day in days]
    if identity is None:
        return messages[0]
    return next((one for one in messages if one.digest == identity.digest), messages[0])


def _line(plan: Plan, planned: Planned, day: date | None) -> bytes:
    envelope = {
        "specversion": SPEC_VERSION,
        "id": planned.id,
        "source": plan.source,
        "type": TYPE_OF[type(planned.command)],
        "subject": plan.subject,
        "actor": planned.actor,
        "data": planned.command,
    }
    return msgspec.json.encode(envelope if day is None else envelope | {"registrationdate": day})


def _errors(findings: Sequence[Finding]) -> bool:
    return any(finding.severity == "error" for finding in findings)


def _of_unreadable(refusal: Refusal, planned: Planned) -> Finding:
    return Finding(
        severity="error",
        line=planned.line,
        code=refusal.code,
        sv=refusal.sentence("sv"),
        en=refusal.sentence("en"),
    )


def _of_refusal(refused: Refused) -> Finding:
    return Finding(severity="error", line=refused.line, code=refused.code, sv=refused.sv, en=refused.en)
