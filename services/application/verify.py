"""Proves a book from its stored bytes: everything that structure can tell, with the position of what is wrong.

The check does not trust the code that writes: it reads the rows as they stand, and keeps books of its own in
dictionaries. What it cannot see is a change that leaves an event well formed, balanced and in sequence; that takes a
digest kept outside the book.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from domain.book import Book, evolve
from domain.books.manual import VoucherCorrected, VoucherReplaced
from domain.books.voucher import Voucher, VoucherId
from domain.catalogue import AnyEvent, voucher_of
from domain.kernel.refusal import InvariantBroken, Language
from services.event_store.failures import StoreFailure
from services.event_store.mapper import TaggedMapper
from services.event_store.positioned import identity_key
from services.event_store.store import BookStore

if TYPE_CHECKING:
    from datetime import date, datetime

PAGE_ROWS = 2000

SENTENCES: dict[str, dict[Language, str]] = {
    "position_missing": {"sv": "positionen saknas", "en": "the position is missing"},
    "event_damaged": {"sv": "händelsen går inte att läsa: {reason}", "en": "the event cannot be read: {reason}"},
    "bytes_changed": {
        "sv": "händelsens bytes är inte de som programmet skriver",
        "en": "the event's bytes are not those the program writes",
    },
    "registration_goes_back": {
        "sv": "registreringsdatum {registered_on} är före {before}",
        "en": "registration date {registered_on} is before {before}",
    },
    "voucher_not_balanced": {
        "sv": "verifikation {voucher} är inte i balans: {difference_ore} öre",
        "en": "voucher {voucher} does not balance: {difference_ore} öre",
    },
    "number_out_of_sequence": {
        "sv": "verifikation {voucher} borde ha nummer {expected}",
        "en": "voucher {voucher} should have number {expected}",
    },
    "link_broken": {
        "sv": "rättelsen hänvisar till {voucher}, som inte finns",
        "en": "the correction names {voucher}, which does not exist",
    },
    "identity_missing": {
        "sv": "meddelandet {message} är inte registrerat under sin identitet",
        "en": "message {message} is not recorded under its identity",
    },
    "state_broken": {"sv": "boken kan inte ta in händelsen: {reason}", "en": "the book cannot take it in: {reason}"},
}


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Something wrong at a position of a book: a code and the facts."""

    position: int
    code: str
    facts: dict[str, str | int] = {}

    def sentence(self, language: Language) -> str:
        """Return the fault in words."""
        return SENTENCES[self.code][language].format_map(self.facts)


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What was checked in a book, and what was found."""

    book: str
    events: int
    vouchers: int
    postings: int
    series: dict[str, int]
    faults: tuple[Fault, ...]


class _Auditor:
    """A second book-keeper: dictionaries and sums."""

    def __init__(self, store: BookStore[AnyEvent], mapper: TaggedMapper[AnyEvent]) -> None:
        self.store = store
        self.mapper = mapper
        self.faults: list[Fault] = []
        self.numbers: dict[tuple[int, str], int] = {}
        self.vouchers: set[VoucherId] = set()
        self.postings = 0
        self.registered: tuple[date, datetime] | None = None
        self.book: Book | None = Book()

    def fault(self, position: int, code: str, **facts: str | int) -> None:
        self.faults.append(Fault(position=position, code=code, facts=facts))

    def look(self, position: int, state: bytes) -> None:
        """Check one row as it stands."""
        try:
            event = self.mapper.decode(self.store.name, position, state)
        except StoreFailure as failure:
            self.fault(position, "event_damaged", reason=failure.sentence("en"))
            self.book = None
            return
        if self.mapper.encode(event) != state:
            self.fault(position, "bytes_changed")
        self._registration(position, event)
        voucher = voucher_of(event)
        if voucher is not None:
            self._voucher(position, voucher)
        if isinstance(event, VoucherCorrected | VoucherReplaced):
            named = VoucherId(event.year, event.series, event.number)
            if named not in self.vouchers:
                self.fault(position, "link_broken", voucher=str(named))
        if voucher is not None:
            self.vouchers.add(voucher.id)
        self._evolve(position, event)

    def _registration(self, position: int, event: AnyEvent) -> None:
        at = (event.recorded.registered_on, event.recorded.recorded_at)
        if self.registered is not None and (at[0] < self.registered[0] or at[1] < self.registered[1]):
            self.fault(position, "registration_goes_back", registered_on=str(at[0]), before=str(self.registered[0]))
        self.registered = at

    def _voucher(self, position: int, voucher: Voucher) -> None:
        self.postings += len(voucher.accounts)
        difference = sum(voucher.amounts_ore)
        if difference:
            self.fault(position, "voucher_not_balanced", voucher=str(voucher.id), difference_ore=difference)
        expected = self.numbers.get((voucher.year, voucher.series), 0) + 1
        if voucher.number != expected:
            self.fault(position, "number_out_of_sequence", voucher=str(voucher.id), expected=expected)
        self.numbers[voucher.year, voucher.series] = voucher.number

    def _evolve(self, position: int, event: AnyEvent) -> None:
        """Take the event into the state that decisions are made on, as long as it can be."""
        if self.book is None:
            return
        try:
            self.book = evolve(self.book, event)
        except (InvariantBroken, KeyError) as error:
            self.fault(position, "state_broken", reason=str(error))
            self.book = None


def verify(store: BookStore[AnyEvent], mapper: TaggedMapper[AnyEvent]) -> Proof:
    """Check every event of a book; raises what reading the store may raise."""
    auditor = _Auditor(store, mapper)
    last = 0
    for page in _pages(store):
        for position, state in page:
            for missing in range(last + 1, position):
                auditor.fault(missing, "position_missing")
            last = position
            auditor.look(position, state)
        _identities(auditor, page)
    for missing in range(last + 1, store.head() + 1):
        auditor.fault(missing, "position_missing")
    return Proof(
        book=store.name,
        events=last,
        vouchers=len(auditor.vouchers),
        postings=auditor.postings,
        series={f"{series}/{year}": number for (year, series), number in sorted(auditor.numbers.items())},
        faults=tuple(sorted(auditor.faults, key=lambda fault: fault.position)),
    )


def _pages(store: BookStore[AnyEvent]) -> Iterator[list[tuple[int, bytes]]]:
    after = 0
    while page := store.read(after, PAGE_ROWS):
        yield page
        after = page[-1][0]


class _Cause(msgspec.Struct):
    source: str
    message_id: str


class _Caused(msgspec.Struct):
    recorded: _Cause


def _identities(auditor: _Auditor, page: list[tuple[int, bytes]]) -> None:
    """Check that each event's message is recorded under its identity, at a position that includes the event."""
    causes: dict[int, _Cause] = {}
    for position, state in page:
        try:
            causes[position] = msgspec.json.decode(state, type=_Caused).recorded
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue  # named already, as an event that cannot be read
    keys = {position: identity_key(cause.source, cause.message_id) for position, cause in causes.items()}
    known = auditor.store.identities(list(set(keys.values())))
    for position, key in keys.items():
        identity = known.get(key)
        if identity is None or not identity.position <= position < identity.position + identity.count:
            cause = causes[position]
            auditor.fault(position, "identity_missing", message=f"{cause.source} {cause.message_id}")
