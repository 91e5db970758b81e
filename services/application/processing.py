"""A voucher's processing history: which voucher is meant, and the steps it took."""

import re
from typing import NamedTuple

from domain.books.voucher import VoucherId
from domain.catalogue import AnyEvent
from domain.kernel.refusal import Refusal
from projections.processing import Step, processing
from services.application.queries import KnownAt, prefix, said
from services.event_store.store import BookStore

NAME = re.compile(r"(?P<series>[A-Z][A-Z0-9]*?)(?P<number>[1-9]\d{0,9})/(?P<year>\d{4})", re.ASCII)


class VoucherNameWrong(Refusal):
    """A voucher is named as it is printed: series and number, a slash and the fiscal year."""

    code = "voucher_name_wrong"
    sv = "'{text}' är inget namn på en verifikation: skriv till exempel A7/2017."
    en = "'{text}' is no name of a voucher: write for instance A7/2017."


class VoucherMissing(Refusal):
    """A processing history is of a voucher that the book has, as it was known."""

    code = "voucher_missing"
    sv = "Verifikation {voucher} finns inte i boken {book}."
    en = "There is no voucher {voucher} in the book {book}."


class Processed(NamedTuple):
    """A voucher's steps, and as what the book was known: as asked for, and the position it came to."""

    voucher: VoucherId
    steps: tuple[Step, ...]
    known: tuple[str, int]


def history_of_voucher(store: BookStore[AnyEvent], text: str, known_at: KnownAt) -> Processed:
    """Return the processing history of a voucher; raises VoucherNameWrong, VoucherMissing, PositionAhead."""
    names = voucher_names(text)
    events = tuple(prefix(store, known_at))
    for name in names:
        steps = processing(events, name)
        if steps:
            return Processed(name, steps, (said(known_at), len(events)))
    raise VoucherMissing(voucher=text, book=store.name)


def voucher_names(text: str) -> tuple[VoucherId, ...]:
    """Return the vouchers a text may name: a series may end in digits, so 'B12/2017' is B 12 or B1 2."""
    whole, _, year = text.strip().upper().partition("/")
    if NAME.fullmatch(f"{whole}/{year}") is None:
        raise VoucherNameWrong(text=text)
    splits = ((whole[:at], whole[at:]) for at in range(1, len(whole)))
    return tuple(
        VoucherId(int(year), series, int(number))
        for series, number in splits
        if number.isdecimal() and not number.startswith("0")
    )
