"""`grundbok verify`: proves a book from its stored bytes."""

import os
import sys

import msgspec

from domain.kernel.refusal import Language
from services.application.proof import WITHOUT_POSITION, Fault, Proof
from services.application.verify import verify as prove
from services.bootstrap import running
from services.cli.exits import OK, UNVERIFIED
from services.cli.options import Book, Data, Lang, TextOrJson
from services.event_store.catalogue_mapper import catalogue_mapper
from services.settings import read_settings

WORDS: dict[Language, dict[str, str]] = {
    "sv": {
        "fault": "position {position}: {sentence}",
        "series": "  serie {series}: 1–{last}, utan luckor",
        "good": "boken stämmer",
    },
    "en": {
        "fault": "position {position}: {sentence}",
        "series": "  series {series}: 1–{last}, without gaps",
        "good": "the book is right",
    },
}

COUNTED: dict[Language, dict[str, tuple[str, str]]] = {
    "sv": {
        "events": ("händelse", "händelser"),
        "vouchers": ("verifikation", "verifikationer"),
        "postings": ("kontering", "konteringar"),
        "faults": ("fel", "fel"),
    },
    "en": {
        "events": ("event", "events"),
        "vouchers": ("voucher", "vouchers"),
        "postings": ("posting", "postings"),
        "faults": ("fault", "faults"),
    },
}
"""What is counted: the word for one, and for any other number."""


def verify(*, book: Book, output: TextOrJson = "text", data: Data = None, lang: Lang = None) -> int:
    """Prove a book: positions and numbers without gaps, vouchers balanced, bytes, links and dates right."""
    settings = read_settings(os.environ, data=data, language=lang)
    with running(settings) as program:
        proof = prove(program.book(book), catalogue_mapper())
    if output == "json":
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(proof), indent=2) + b"\n")
    else:
        sys.stdout.write(proof_text(proof, settings.language))
    return UNVERIFIED if proof.faults else OK


def proof_text(proof: Proof, language: Language) -> str:
    """Return a proof as text: faults by position, or the series that are whole."""
    words = WORDS[language]
    events, vouchers, postings, faults = (
        f"{count} {COUNTED[language][what][count != 1]}"
        for what, count in (
            ("events", proof.events),
            ("vouchers", proof.vouchers),
            ("postings", proof.postings),
            ("faults", len(proof.faults)),
        )
    )
    out = [f"{proof.book}: {events}, {vouchers}, {postings}"]
    if proof.faults:
        out += [f"  {_fault_text(fault, language)}" for fault in proof.faults]
        out.append(faults)
    else:
        out += [words["series"].format(series=series, last=last) for series, last in proof.series.items()]
        out.append(words["good"])
    return "\n".join(out) + "\n"


def _fault_text(fault: Fault, language: Language) -> str:
    sentence = fault.sentence(language)
    # The file or schema as a whole has no position; a row that strayed to position 0 has.
    if fault.code in WITHOUT_POSITION:
        return sentence
    return WORDS[language]["fault"].format(position=fault.position, sentence=sentence)
