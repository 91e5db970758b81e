"""The writer of a book: the only path from messages to events, for the command line, the bus and HTTP alike.

A batch of messages becomes one append and is acknowledged together. Each message has its own answer: a refused one
leaves no trace and holds nobody up. The state is kept between batches and is applied only after the commit.
"""

import time
from collections.abc import Collection, Iterable, Iterator, Sequence

from msgspec import structs

from domain.books.voucher import Voucher, VoucherId
from domain.catalogue import AnyEvent, voucher_of
from domain.kernel.refusal import InvariantBroken, ensure
from services.application.incoming import Incoming
from services.application.registration import moment_of
from services.application.snapshots import Snapshots
from services.application.state import Known, VoucherPlaces, follow
from services.application.trial import Earlier, Trial
from services.clock import Clock
from services.contract.answers import Answer, Receipt, Refused
from services.contract.envelope import Message, identity_key
from services.event_store.failures import Conflict, OutcomeUnknown, Unavailable
from services.event_store.locks import FairLock
from services.event_store.positioned import Identity
from services.event_store.store import WAIT_SECONDS, BookStore

ATTEMPTS = 12
"""How often a batch is decided anew when somebody else wrote first, or an answer of the store was lost."""

PAUSE_SECONDS, PAUSE_SECONDS_MAX = 0.05, 2.0
"""How long to wait for a store whose answer was lost; doubled each time."""

NOTHING_EARLIER = Earlier({}, {})
"""What the book has of messages that are taken to be new."""

GAP_EVENTS = 64
"""Events that are read and not needed, rather than asking the store once more, when receipts are looked up."""


class BookWriter:
    """Writes one book; may be shared by threads, and other writers may write the same book at the same time."""

    def __init__(self, store: BookStore[AnyEvent], clock: Clock, snapshots: Snapshots | None = None) -> None:
        self._store = store
        self._clock = clock
        self._snapshots = snapshots
        self._looked = snapshots is None
        self._known = Known()
        self._places = VoucherPlaces()
        self._broken = ""
        self._threads = FairLock(store.name)
        self._alone = False

    def write(self, batch: Collection[Incoming]) -> list[Answer]:
        """Return the answer to each message of a batch, in order; refusals in the batch are passed through.

        When this returns, what has a receipt is durable. Raises `Conflict` when others were always first,
        `StorageFull`, `Unavailable` and `OutcomeUnknown` (the batch may be repeated: what is there is not written
        twice), and `InvariantBroken`, after which this writer writes no more.
        """
        return self._write(batch, whole=False)

    def write_whole(self, batch: Collection[Incoming]) -> list[Answer]:
        """Record all of a batch or nothing of it: return a receipt for each message, or else only the refusals.

        Raises what `write` raises.
        """
        return self._write(batch, whole=True)

    def rest(self) -> None:
        """Keep what is known of the book for the next program that writes it; never needed, never fails."""
        if self._snapshots is not None and not self._broken and self._known.position:
            self._snapshots.keep(self._store, self._known, self._places, resting=True)

    def _write(self, batch: Collection[Incoming], *, whole: bool) -> list[Answer]:
        ensure(not self._broken, f"the book {self._store.name} is stopped: {self._broken}")
        try:
            return self._written(batch, whole=whole)
        except InvariantBroken as error:
            self._broken = str(error)
            raise

    def _written(self, batch: Collection[Incoming], *, whole: bool) -> list[Answer]:
        tried: dict[bytes, Identity] = {}
        pause = PAUSE_SECONDS
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self._threads.holding(WAIT_SECONDS):
                    answers = self._straight(batch, tried) if self._alone and not tried else None
                    if answers is not None:
                        return answers
                    with self._store.writing():
                        return self._attempt(batch, tried, whole=whole)
            except Conflict:
                # Somebody wrote without the lock: read what it was, and decide again.
                if attempt == ATTEMPTS:
                    raise
            except (OutcomeUnknown, Unavailable):
                # Only the identities in the book tell whether the batch is there; the next attempt looks them up.
                if attempt == ATTEMPTS or not tried:
                    raise
                time.sleep(pause)
                pause = min(2 * pause, PAUSE_SECONDS_MAX)
        raise InvariantBroken("the last attempt returns or raises")

    def _straight(self, batch: Collection[Incoming], tried: dict[bytes, Identity]) -> list[Answer] | None:
        """Return the answers to a batch that was appended with nothing read; nothing when one of them is a refusal.

        The append compares the head and refuses messages that are recorded, so it raises `Conflict` when somebody else
        has written or a message came before. A refusal has to be looked into: it may be of a message that is known.
        """
        self._alone = False
        trial = self._trial(self._known, NOTHING_EARLIER)
        answers: list[Answer] = []
        for item in batch:
            given = trial.answer(item) if isinstance(item, Message) else item
            if isinstance(given, Refused):
                return None
            answers.append(given)
        if not trial.events:
            return None
        self._record(trial, tried)
        self._alone = True
        return answers

    def _attempt(self, batch: Collection[Incoming], tried: dict[bytes, Identity], *, whole: bool) -> list[Answer]:
        before, self._alone = self._known.position, False
        known, batch = self._caught_up(), list(batch)
        earlier = self._earlier([item.key for item in batch if isinstance(item, Message)], known.position)
        trial = self._trial(known, earlier)
        answers = [trial.answer(item) if isinstance(item, Message) else item for item in batch]
        refusals: list[Answer] = [given for given in answers if isinstance(given, Refused)]
        if whole and refusals:
            return refusals
        if trial.events:
            self._record(trial, tried)
        # As this batch was, the next one mostly is.
        self._alone = known.position == before and not earlier.identities and not refusals
        return [_first_time(given, tried) for given in answers] if tried else answers

    def _trial(self, known: Known, earlier: Earlier) -> Trial:
        return Trial(known, moment_of(self._clock, known.registered), earlier, self._voucher)

    def _record(self, trial: Trial, tried: dict[bytes, Identity]) -> None:
        """Append what a trial came to, and only then know it."""
        after = self._known.position
        try:
            self._store.append(trial.events, after=after, identities=tuple(trial.identities.values()))
        except OutcomeUnknown:
            tried |= trial.identities
            raise
        self._places.go_on(trial.places)
        self._known = trial.known
        if self._snapshots is not None:
            self._snapshots.keep(self._store, self._known, self._places)

    def _caught_up(self) -> Known:
        """Return the state at the head of the book, having taken in what others have written."""
        if not self._looked:
            found = self._snapshots.load(self._store) if self._snapshots is not None else None
            self._known, self._places = found or (self._known, self._places)
            self._looked = True
        for position, event in self._store.events(self._known.position):
            self._known = follow(self._known, event)
            self._places.note(position, event)
        return self._known

    def _earlier(self, keys: Sequence[bytes], position: int) -> Earlier:
        """Return what the book has of these messages, read in as few pieces as there are gaps in it.

        Raises `Conflict` when it has them from after the position that the state was read at: state and identities
        would be of two times, and what follows from a message would be refused though the message is known.
        """
        identities = self._store.identities(keys) if keys else {}
        if any(identity.position > position for identity in identities.values()):
            raise Conflict(book=self._store.name, after=position)
        events: dict[int, AnyEvent] = {}
        for first, last in _spans(identities.values()):
            events.update(self._store.events(first - 1, last))
        return Earlier(identities, events)

    def _voucher(self, named: VoucherId) -> Voucher | None:
        event = self._places.find(self._store, named, self._known.position)
        return None if event is None else voucher_of(event)


def _spans(identities: Iterable[Identity]) -> Iterator[tuple[int, int]]:
    """Iterate over the first and last positions of pieces that hold the events of these messages."""
    first = last = 0
    for identity in sorted(identities, key=lambda one: one.position):
        if first and identity.position > last + GAP_EVENTS:
            yield first, last
            first = 0
        first = first or identity.position
        last = identity.position + identity.count - 1
    if first:
        yield first, last


def _first_time(answer: Answer, tried: dict[bytes, Identity]) -> Answer:
    """Return a receipt as the first one, once, when an attempt of ours whose answer was lost has written it."""
    if not isinstance(answer, Receipt):
        return answer
    mine = tried.pop(identity_key(answer.source, answer.id), None)
    if mine is None or mine.position != answer.position:
        return answer
    return structs.replace(answer, duplicate=False)
