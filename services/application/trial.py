"""A trial: the messages of one batch, decided in order on the state the book has, before anything is written."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

from domain.book import evolve
from domain.books.manual import CorrectVoucher
from domain.books.register import RegisterAssociation
from domain.books.voucher import Voucher, VoucherId
from domain.catalogue import AnyEvent, voucher_of
from domain.decisions import decide
from domain.kernel.event import Recorded
from domain.kernel.refusal import Refusal
from services.application.registration import Moment, registered_after, registration_day
from services.application.state import Known, VoucherPlaces
from services.contract.answers import Answer, Receipt, given, refused
from services.contract.envelope import Message
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.mapper import EncodedEvents
from services.event_store.positioned import Identity

if TYPE_CHECKING:
    from services.contract.answers import WarningGiven

FindVoucher = Callable[[VoucherId], Voucher | None]


class SubjectWrong(Refusal):
    """A message is for the association whose book this is."""

    code = "subject_wrong"
    sv = "Meddelandet gäller {subject}, men boken tillhör {organisation_number}."
    en = "The message is about {subject}, but the book belongs to {organisation_number}."


class MessageConflict(Refusal):
    """The identity of a message is used once; the same content may come again, other content may not."""

    code = "message_conflict"
    sv = "Meddelande {id} från {source} finns redan i boken (position {position}) med annat innehåll."
    en = "Message {id} from {source} is already in the book (position {position}) with other content."


class Earlier(msgspec.Struct, frozen=True):
    """What the book has of the messages of a batch already: identities by key, and the events they became."""

    identities: Mapping[bytes, Identity]
    events: Mapping[int, AnyEvent]


class Trial:
    """Decides messages one after the other; `events` and `identities` are what is then to be appended."""

    def __init__(self, known: Known, moment: Moment, earlier: Earlier, find: FindVoucher) -> None:
        self.events = EncodedEvents(catalogue_mapper())
        self.places = VoucherPlaces()
        self.identities: dict[bytes, Identity] = {}
        self._after = known.position
        self._book = known.book
        self._registered = known.registered
        self._moment = moment
        self._earlier = earlier
        self._find = find
        self._numbers_written = known.book.journal.numbers
        self._drafts: dict[VoucherId, Voucher] = {}
        self._drafts_of = 0

    @property
    def known(self) -> Known:
        """Return what will be known of the book when the events are in it."""
        return Known(self._book, self._registered)

    def answer(self, message: Message) -> Answer:
        """Decide a message, or find the answer it had; a refusal leaves no trace and blocks nobody."""
        try:
            self._refuse_wrong_subject(message)
            identity = self._earlier.identities.get(message.key) or self.identities.get(message.key)
            if identity is None:
                return self._decided(message)
            if identity.digest != message.digest:
                raise MessageConflict(id=message.id, source=message.source, position=identity.position)
        except Refusal as refusal:
            return refused(refusal, message)
        return receipt(message, identity.position, self._events_at(identity), duplicate=True)

    def _decided(self, message: Message) -> Receipt:
        book = self._book
        recorded = Recorded(
            registered_on=registration_day(message.registered_on, self._moment, self._registered),
            recorded_at=self._moment.at,
            source=message.source,
            message_id=message.id,
            actor=message.actor,
        )
        command = message.command
        original = self._original(command) if isinstance(command, CorrectVoucher) else None
        events = decide(book, command, recorded, original)
        position = book.position + 1
        for event in events:
            book = evolve(book, event)
            self.events.add(event)
            self.places.note(book.position, event)
        self._book = book
        self._registered = registered_after(self._registered, recorded.registered_on, recorded.recorded_at)
        self.identities[message.key] = Identity(message.key, message.digest, position, len(events))
        return receipt(message, position, events, duplicate=False)

    def _refuse_wrong_subject(self, message: Message) -> None:
        owner = self._book.journal.register.organisation_number
        if not owner and isinstance(message.command, RegisterAssociation):
            owner = message.command.organisation_number
        if owner and message.subject != owner:
            raise SubjectWrong(subject=message.subject, organisation_number=owner)

    def _events_at(self, identity: Identity) -> tuple[AnyEvent, ...]:
        first = identity.position - self._after - 1
        if first >= 0:
            return tuple(self.events[first : first + identity.count])
        written = self._earlier.events
        return tuple(written[position] for position in range(identity.position, identity.position + identity.count))

    def _original(self, command: CorrectVoucher) -> Voucher | None:
        """Return the voucher that a correction names, from the book or from this batch."""
        named = VoucherId(command.year, command.series, command.number)
        key = (named.year, named.series)
        if named.number > self._book.journal.numbers.get(key, 0):
            return None
        if named.number <= self._numbers_written.get(key, 0):
            return self._find(named)
        return self._draft(named)

    def _draft(self, named: VoucherId) -> Voucher:
        """Return a voucher of this trial; corrections are few, so it is only now that an index is made of them."""
        for voucher in map(voucher_of, self.events[self._drafts_of :]):
            if voucher is not None:
                self._drafts[voucher.id] = voucher
        self._drafts_of = len(self.events)
        return self._drafts[named]


def receipt(message: Message, position: int, events: tuple[AnyEvent, ...], *, duplicate: bool) -> Receipt:
    """Return the receipt of a message that became these events, the first of them at a position."""
    vouchers: list[str] = []
    warnings: list[WarningGiven] = []
    for event in events:
        voucher = voucher_of(event)
        if voucher is not None:
            vouchers.append(voucher.printed_name)
        if event.recorded.warnings:
            warnings += [given(warning) for warning in event.recorded.warnings]
    place = message.place
    return Receipt(
        id=message.id,
        source=message.source,
        type=message.type,
        position=position,
        last_position=position + len(events) - 1,
        vouchers=tuple(vouchers),
        warnings=tuple(warnings),
        duplicate=duplicate,
        file=place.file,
        line=place.line,
    )
