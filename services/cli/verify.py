"""`grundbok verify`: proves a book from its stored bytes."""

import os
import sys

import msgspec

from domain.kernel.refusal import Language
from services.application.proof import Proof
from services.application.verify import verify as prove
from services.bootstrap import running
from services.cli.exits import OK, UNVERIFIED
from services.cli.options import Book, Data, Lang, TextOrJson
from services.event_store.catalogue_mapper import catalogue_mapper
from services.settings import read_settings

WORDS: dict[Language, dict[str, str]] = {
    "sv": {
        "fault": "position {position}: {sentence}",
        "proof": "{book}: {events} händelser, {vouchers} verifikationer, {postings} konteringar",
        "series": "  serie {series}: 1–{last}, utan luckor",
        "good": "boken stämmer",
        "bad": "{count} fel",
    },
    "en": {
        "fault": "position {position}: {sentence}",
        "proof": "{book}: {events} events, {vouchers} vouchers, {postings} postings",
        "series": "  series {series}: 1–{last}, without gaps",
        "good": "the book is right",
        "bad": "{count} faults",
    },
}


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
    out = [
        words["proof"].format(book=proof.book, events=proof.events, vouchers=proof.vouchers, postings=proof.postings)
    ]
    if proof.faults:
        out += [
            "  " + words["fault"].format(position=fault.position, sentence=fault.sentence(language))
            for fault in proof.faults
        ]
        out.append(words["bad"].format(count=len(proof.faults)))
    else:
        out += [words["series"].format(series=series, last=last) for series, last in proof.series.items()]
        out.append(words["good"])
    return "\n".join(out) + "\n"
