"""A voucher's processing history as text or JSON: a step a line, in the order the book learned of them."""

import msgspec

from domain.kernel.refusal import Language
from projections.processing import Step, StepKind
from services.contract.printed import PrintedProcessing, PrintedStep

KINDS: dict[Language, dict[StepKind, str]] = {
    "sv": {
        "registered": "registrerad",
        "attested": "attesterad",
        "disputed": "bestriden",
        "credited": "krediterad",
        "paid": "betald",
        "corrected": "rättad",
        "replaced": "ersatt",
        "accrued": "periodiserad",
        "reversed": "återförd",
        "period_closed": "period stängd",
        "period_reopened": "period återöppnad",
        "year_closed": "år avslutat",
    },
    "en": {
        "registered": "registered",
        "attested": "attested",
        "disputed": "disputed",
        "credited": "credited",
        "paid": "paid",
        "corrected": "corrected",
        "replaced": "replaced",
        "accrued": "accrued",
        "reversed": "reversed",
        "period_closed": "period closed",
        "period_reopened": "period reopened",
        "year_closed": "year closed",
    },
}
FACTS: dict[Language, dict[str, str]] = {
    "sv": {
        "document": "underlag",
        "by": "av",
        "on": "den",
        "reason": "skäl",
        "corrects": "rättar",
        "replaces": "ersätter",
        "correction": "genom",
        "reverse_on": "återförs",
        "through": "till och med",
        "from": "från och med",
        "year": "år",
    },
    "en": {
        "document": "document",
        "by": "by",
        "on": "on",
        "reason": "reason",
        "corrects": "corrects",
        "replaces": "replaces",
        "correction": "by",
        "reverse_on": "reversed on",
        "through": "through",
        "from": "from",
        "year": "year",
    },
}
HEADINGS: dict[Language, str] = {
    "sv": "{book}: behandlingshistorik för verifikation {voucher}",
    "en": "{book}: processing history of voucher {voucher}",
}
SOURCES: dict[Language, str] = {"sv": "meddelande", "en": "message"}


def processing_text(book: str, voucher: str, steps: tuple[Step, ...], language: Language = "sv") -> str:
    """Return a processing history as text."""
    out = [HEADINGS[language].format(book=book, voucher=voucher), ""]
    for step in steps:
        recorded, made = step.recorded, step.voucher
        mark = "*" if step.own else " "
        named = "" if made is None else f"  {made.id}  {made.accounting_date}  {made.text}"
        kind = f"{KINDS[language][step.kind]:<17}"
        out.append(f"{mark}{step.position:>6}  {recorded.registered_on}  {kind} {recorded.actor}{named}")
        facts = ", ".join(f"{FACTS[language][name]} {fact}" for name, fact in step.facts.items())
        if facts:
            out.append(f"{'':9}{facts}")
        out.append(f"{'':9}{SOURCES[language]} {recorded.source} {recorded.message_id}")
    return "\n".join(out) + "\n"


def processing_json(book: str, known: tuple[str, int], voucher: str, steps: tuple[Step, ...]) -> bytes:
    """Return a processing history as indented JSON; `known` is as asked for and the position it came to."""
    value = PrintedProcessing(
        book=book,
        known_at=known[0],
        position=known[1],
        voucher=voucher,
        steps=tuple(_json_step(step) for step in steps),
    )
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def _json_step(step: Step) -> PrintedStep:
    recorded, made = step.recorded, step.voucher
    return PrintedStep(
        position=step.position,
        step=step.kind,
        registered_on=recorded.registered_on,
        recorded_at=recorded.recorded_at.isoformat(),
        actor=recorded.actor,
        source=recorded.source,
        message_id=recorded.message_id,
        voucher="" if made is None else str(made.id),
        accounting_date="" if made is None else str(made.accounting_date),
        text="" if made is None else made.text,
        own=step.own,
        facts=step.facts,
    )
