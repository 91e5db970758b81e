"""Proves a book from its stored bytes: everything that structure can tell, with the position of what is wrong.

The check does not trust the code that writes: it reads the rows as they stand, and keeps books of its own (see
`second_books`). What it cannot see is a change that leaves an event well formed, balanced, linked and in sequence, and
a tail that was cut together with its identities; that takes a digest kept outside the book.
"""

from collections.abc import Iterator

import msgspec

from domain.book import Book, evolve
from domain.catalogue import AnyEvent
from domain.kernel.refusal import InvariantBroken
from projections.history import History
from services.application.proof import Fault, Proof
from services.application.second_books import SecondBooks
from services.contract.envelope import identity_key
from services.event_store.failures import StoreFailure
from services.event_store.mapper import TaggedMapper
from services.event_store.positioned import Identity, StoredRow
from services.event_store.recorder import BEFORE_ALL
from services.event_store.store import BookStore
from services.event_store.upcasters import tag_of

PAGE_ROWS = 2000

BROKEN = (
    ArithmeticError, AttributeError, InvariantBroken, LookupError, RecursionError, StopIteration, TypeError, ValueError,
)  # fmt: skip
"""What damaged facts may do to a program that has only met sound ones."""


class _Cause(msgspec.Struct):
    source: str
    message_id: str


class _Marked(msgspec.Struct):
    event: str
    recorded: _Cause


class _Auditor:
    """Goes through a book row by row and notes each fault."""

    def __init__(self, store: BookStore[AnyEvent], mapper: TaggedMapper[AnyEvent]) -> None:
        self.name, self.stream = store.name, store.stream()
        self.mapper = mapper
        self.faults: list[Fault] = []
        self.books = SecondBooks(self.fault)
        self.book: Book | None = Book()
        self.history: History | None = History()
        self.messages: dict[tuple[str, str], list[int]] = {}

    def fault(self, position: int, code: str, **facts: str | int) -> None:
        self.faults.append(Fault(position=position, code=code, facts=facts))

    def look(self, row: StoredRow) -> None:
        """Check one row as it stands."""
        if row.stream != self.stream:
            self.fault(row.position, "stream_wrong", stream=row.stream, book=self.stream)
        self._marked(row)
        try:
            event = self.mapper.decode(self.name, row.position, row.state)
        except StoreFailure as failure:
            self.fault(row.position, "event_damaged", reason=str(failure.facts.get("reason", failure.sentence("en"))))
            self.book = self.history = None
            return
        if row.topic == tag_of(type(event)) and self.mapper.encode(event) != row.state:
            self.fault(row.position, "bytes_changed")
        self.books.take(row.position, event)
        self._replay(row.position, event)

    def _marked(self, row: StoredRow) -> None:
        """Read which kind of event the bytes say they are, and which message they came from."""
        try:
            marked = msgspec.json.decode(row.state, type=_Marked)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return  # will be named as an event that cannot be read
        if marked.event != row.topic:
            self.fault(row.position, "topic_wrong", topic=row.topic, tag=marked.event)
        cause = marked.recorded
        self.messages.setdefault((cause.source, cause.message_id), []).append(row.position)

    def _replay(self, position: int, event: AnyEvent) -> None:
        """Take the event into what decisions and reports are made from, as long as that can be done."""
        try:
            self.book = None if self.book is None else evolve(self.book, event)
            if self.history is not None:
                self.history.apply(event)
        except BROKEN as error:
            self.fault(position, "state_broken", reason=f"{type(error).__name__}: {error}")
            self.book = self.history = None

    def compare_identities(self, recorded: list[Identity]) -> None:
        """Check that each message is recorded under its identity for exactly its events, and nothing else is."""
        known = {identity.key: identity for identity in recorded}
        for (source, message_id), positions in self.messages.items():
            said = f"{source} {message_id}"
            identity = None if "\0" in source else known.pop(identity_key(source, message_id), None)
            if identity is None:
                self.fault(positions[0], "identity_missing", message=said)
            elif positions != list(range(identity.position, identity.position + len(positions))) or (
                identity.count != len(positions)
            ):
                facts = {"first": identity.position, "count": identity.count}
                self.fault(positions[0], "identity_elsewhere", message=said, **facts)
        for identity in known.values():
            self.fault(identity.position, "identity_stray", count=identity.count)

    def compare_sums(self, last: int) -> None:
        """Check that what reports are made from says what the vouchers sum to, for each account and day."""
        if self.history is None:
            return
        booked = dict.fromkeys(self.books.sums, 0)
        for day, key, amount in self.history.ledger.rows():
            booked[day, key.account] = booked.get((day, key.account), 0) + amount
        for (day, account), amount in sorted(booked.items()):
            summed = self.books.sums.get((day, account), 0)
            if amount != summed:
                sums = {"booked_ore": amount, "summed_ore": summed}
                self.fault(last, "ledger_differs", account=account, day=str(day), **sums)


def verify(store: BookStore[AnyEvent], mapper: TaggedMapper[AnyEvent]) -> Proof:
    """Check every event of a book; raises what reading the store may raise."""
    auditor = _Auditor(store, mapper)
    for trouble in store.troubles():
        auditor.fault(0, "store_changed", reason=trouble)
    events = last = 0
    for row in _rows(store):
        events += 1
        if row.position < 1:
            auditor.fault(row.position, "position_stray")
            continue
        if row.position > last + 1:
            auditor.fault(last + 1, "position_missing", through=row.position - 1)
        last = row.position
        auditor.look(row)
    auditor.books.finish()
    auditor.compare_identities(store.all_identities())
    auditor.compare_sums(last)
    return Proof(
        book=store.name,
        events=events,
        vouchers=len(auditor.books.vouchers),
        postings=auditor.books.postings,
        series={f"{series}/{year}": number for (year, series), number in sorted(auditor.books.numbers.items())},
        faults=tuple(sorted(auditor.faults, key=lambda fault: fault.position)),
    )


def _rows(store: BookStore[AnyEvent]) -> Iterator[StoredRow]:
    after = BEFORE_ALL
    while page := store.rows(after, PAGE_ROWS):
        yield from page
        after = page[-1].position
