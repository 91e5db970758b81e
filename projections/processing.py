"""The processing history (behandlingshistorik, LKBR 3:11) of a voucher: every step it and its document took, in order.

A step belongs to the voucher when it is of the same document (an invoice, a claim, an accrual), when a correction links
the two, or when a period was closed or reopened over the voucher's date.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal

import msgspec

from domain.books.accrual import AccrualReversed, ItemAccrued
from domain.books.fiscal_year import PeriodClosed, PeriodReopened
from domain.books.manual import VoucherCorrected, VoucherReplaced
from domain.books.voucher import Voucher, VoucherId
from domain.books.year_end import YearClosed
from domain.catalogue import AnyEvent, voucher_of
from domain.funding.facts import GrantClaimed
from domain.kernel.event import Recorded
from domain.membership.facts import (
    ContributionCredited,
    ContributionInvoiced,
    ContributionReceived,
    ContributionsAccrued,
)
from domain.payables.facts import (
    SupplierInvoiceAttested,
    SupplierInvoiceCredited,
    SupplierInvoiceDisputed,
    SupplierInvoicePaid,
    SupplierInvoiceReceived,
)
from domain.receivables.other_income import OtherIncomeInvoiced, OtherIncomeReceived

StepKind = Literal[
    "registered",
    "attested",
    "disputed",
    "credited",
    "paid",
    "corrected",
    "replaced",
    "accrued",
    "reversed",
    "period_closed",
    "period_reopened",
    "year_closed",
]

Document = tuple[str, ...]
"""What several events are about: the kind of document and its name."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step: at which position, who told the book and when, which voucher it made, and what it is about.

    `own` marks the step that made the voucher that was asked for.
    """

    position: int
    kind: StepKind
    recorded: Recorded
    voucher: Voucher | None = None
    own: bool = False
    facts: dict[str, str] = {}


def processing(events: Iterable[AnyEvent], name: VoucherId) -> tuple[Step, ...]:
    """Return the steps of a voucher in the order they were registered; none where there is no such voucher."""
    kept = tuple(events)
    vouchers = {voucher.id: event for event in kept if (voucher := voucher_of(event)) is not None}
    if name not in vouchers:
        return ()
    linked = _linked(kept, name)
    documents = {document for one in linked if one in vouchers if (document := document_of(vouchers[one]))}
    steps: list[Step] = []
    closed = False
    begun = False
    day = _day(vouchers[name])
    for position, event in enumerate(kept, 1):
        voucher = voucher_of(event)
        begun = begun or (voucher is not None and voucher.id == name)
        mine = (voucher is not None and voucher.id in linked) or document_of(event) in documents
        over = begun and _covers(event, name.year, day, closed=closed)
        closed = closed != over
        if mine or over or (isinstance(event, YearClosed) and event.year == name.year):
            own = voucher is not None and voucher.id == name
            facts = facts_of(event)
            steps.append(
                Step(
                    position=position, kind=_kind(event), recorded=event.recorded, voucher=voucher, own=own, facts=facts
                )
            )
    return tuple(steps)


def document_of(event: AnyEvent) -> Document:
    """Return the document an event is about; empty for an event that is about none."""
    match event:
        case (
            SupplierInvoiceReceived()
            | SupplierInvoiceAttested()
            | SupplierInvoiceDisputed()
            | SupplierInvoiceCredited()
            | SupplierInvoicePaid()
        ):
            return "supplier", event.supplier, event.invoice
        case GrantClaimed():
            return "supplier", event.owner, event.invoice
        case ContributionInvoiced() | ContributionReceived() | ContributionCredited():
            return "member", event.invoice
        case OtherIncomeInvoiced() | OtherIncomeReceived():
            return ("customer", event.invoice) if event.invoice is not None else ()
        case ItemAccrued() | ContributionsAccrued() | AccrualReversed():
            return "accrual", event.accrual
        case _:
            return ()


def facts_of(event: AnyEvent) -> dict[str, str]:
    """Return what a step is about: who and why, which document, which voucher it corrects."""
    facts = {"document": " ".join(document_of(event)[1:])} if document_of(event) else {}
    match event:
        case SupplierInvoiceAttested():
            return facts | {"by": event.attester, "on": str(event.attested_on)}
        case SupplierInvoiceDisputed():
            return facts | {"reason": event.reason, "on": str(event.disputed_on)}
        case VoucherCorrected():
            return {"corrects": _named(event), "reason": event.reason}
        case VoucherReplaced():
            correction = VoucherId(event.voucher.year, event.correction_series, event.correction_number)
            return {"replaces": _named(event), "correction": str(correction)}
        case ItemAccrued() | ContributionsAccrued():
            return facts | {"reverse_on": str(event.reverse_on)}
        case _:
            return facts | _facts_of_period(event)


def _facts_of_period(event: AnyEvent) -> dict[str, str]:
    match event:
        case PeriodClosed():
            return {"through": str(event.through)}
        case PeriodReopened():
            return {"from": str(event.opened_from), "reason": event.reason, "by": event.second_signer}
        case YearClosed():
            return {"year": str(event.year)}
        case _:
            return {}


def _linked(events: Sequence[AnyEvent], name: VoucherId) -> set[VoucherId]:
    """Return a voucher and those that corrections link it to: corrected, correcting, replacing, and theirs."""
    linked = {name}
    groups = [
        {VoucherId(event.year, event.series, event.number), event.voucher.id}
        for event in events
        if isinstance(event, VoucherCorrected | VoucherReplaced)
    ]
    size = 0
    while size != len(linked):
        size = len(linked)
        for group in groups:
            if group & linked:
                linked |= group
    return linked


def _covers(event: AnyEvent, year: int, day: date, *, closed: bool) -> bool:
    """Tell whether an event closes the period of a day that was open, or reopens it."""
    match event:
        case PeriodClosed():
            return not closed and event.year == year and day <= event.through
        case PeriodReopened():
            return closed and event.year == year and event.opened_from <= day
        case _:
            return False


KINDS: dict[type[AnyEvent], StepKind] = {
    SupplierInvoiceAttested: "attested",
    SupplierInvoiceDisputed: "disputed",
    SupplierInvoiceCredited: "credited",
    ContributionCredited: "credited",
    SupplierInvoicePaid: "paid",
    ContributionReceived: "paid",
    VoucherCorrected: "corrected",
    VoucherReplaced: "replaced",
    ItemAccrued: "accrued",
    ContributionsAccrued: "accrued",
    AccrualReversed: "reversed",
    PeriodClosed: "period_closed",
    PeriodReopened: "period_reopened",
    YearClosed: "year_closed",
}
"""What a step is called, by its event; any other registers a voucher."""


def _kind(event: AnyEvent) -> StepKind:
    if isinstance(event, OtherIncomeReceived) and event.invoice is not None:
        return "paid"
    return KINDS.get(type(event), "registered")


def _day(event: AnyEvent) -> date:
    voucher = voucher_of(event)
    return date.min if voucher is None else voucher.accounting_date


def _named(event: VoucherCorrected | VoucherReplaced) -> str:
    return str(VoucherId(event.year, event.series, event.number))
