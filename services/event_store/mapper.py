"""Events to bytes and back: one encode when written, one decode when read, the tag as topic.

The library's own mapper names events by module path and encodes dictionaries; ours names them by tag, so that code can
move, and decodes through one tagged union, which is closed: bytes of an unlisted kind never become an object.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, NoReturn, Union, cast, get_args, overload

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, StoredEvent, Transcoder

from domain.kernel.refusal import InvariantBroken, ensure
from services.event_store.failures import DamagedEvent, NewerThanProgram
from services.event_store.positioned import E, Positioned
from services.event_store.upcasters import RETIRED, UPCASTERS, Upcaster, tag_of, upcast


class NoTranscoder(Transcoder):
    """Stands where the library wants a transcoder; msgspec does the work, so it is never called."""

    def encode(self, obj: object) -> bytes:
        """Refuse: the mapper encodes."""
        raise InvariantBroken(f"the mapper encodes events itself, not {type(obj).__name__}")

    def decode(self, data: bytes) -> Any:  # noqa: ANN401 - the library's signature
        """Refuse: the mapper decodes."""
        raise InvariantBroken(f"the mapper decodes events itself, not {len(data)} bytes")


class TaggedMapper(Mapper[str], Generic[E]):
    """Maps the events of one catalogue, given as a union of tagged structs; `E` is that union."""

    def __init__(
        self,
        catalogue: object,
        *,
        retired: Sequence[type[msgspec.Struct]] = RETIRED,
        upcasters: Mapping[str, Upcaster] = UPCASTERS,
    ) -> None:
        super().__init__(NoTranscoder())
        current = get_args(catalogue) or (catalogue,)
        self.tags: dict[type, str] = {shape: tag_of(shape) for shape in current}
        self._known = frozenset(self.tags.values()) | {tag_of(shape) for shape in retired}
        self._upcasters = upcasters
        ensure(
            {tag_of(shape) for shape in retired} == set(upcasters),
            "every retired event has an upcaster, and no other event has one",
        )
        # Dictionaries inside an event are sorted, so that equal events have equal bytes.
        self.encode = msgspec.json.Encoder(order="deterministic").encode
        self._decode = msgspec.json.Decoder(Union[(*current, *retired)]).decode

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """Return the stored form of a `Positioned` event."""
        ensure(isinstance(domain_event, Positioned), "the store takes events in a Positioned")
        placed = cast("Positioned[E]", domain_event)
        return self.to_stored_events(placed.stream, placed.position - 1, (placed.event,))[0]

    def to_stored_events(self, stream: str, after: int, events: Sequence[E]) -> list[StoredEvent]:
        """Return the stored form of events that follow a position."""
        topics, states = self.to_columns(events)
        return [
            StoredEvent(stream, position, topic, state)
            for position, (topic, state) in enumerate(zip(topics, states, strict=True), after + 1)
        ]

    def to_columns(self, events: Sequence[E]) -> tuple[list[str], list[bytes]]:
        """Return the topics and the bytes of events."""
        encoded = events if isinstance(events, EncodedEvents) else EncodedEvents(self, events)
        return encoded.topics, encoded.states

    def to_domain_event(self, stored_event: StoredEvent) -> Positioned[E]:
        """Return the event in its `Positioned`; the failures of `decode`, and `DamagedEvent` if the topic lies."""
        stream, position = str(stored_event.originator_id), stored_event.originator_version
        event = self.decode(stream, position, stored_event.state)
        if stored_event.topic not in self._known or _tag_in(stored_event.state) != stored_event.topic:
            raise DamagedEvent(book=stream, position=position, reason=f"the topic says {stored_event.topic}")
        return Positioned(stream, position, event)

    def decode(self, book: str, position: int, state: bytes) -> E:
        """Return the event of today's shape in these bytes; raises `NewerThanProgram` or `DamagedEvent`."""
        try:
            event = self._decode(state)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            self._explain(book, position, state, error)
        return cast("E", upcast(event, self._upcasters) if self._upcasters else event)

    def _explain(self, book: str, position: int, state: bytes, error: Exception) -> NoReturn:
        tag = _tag_in(state)
        if tag is not None and tag not in self._known:
            raise NewerThanProgram(book=book, position=position, topic=tag) from error
        raise DamagedEvent(book=book, position=position, reason=str(error)) from error


class EncodedEvents(Sequence[E]):
    """Events as the bytes that are stored; an event that is asked for is decoded again.

    Bytes take a fifth of the room of the objects, so whoever decides a thousand events stays in the processor's cache.
    """

    def __init__(self, mapper: TaggedMapper[E], events: Iterable[E] = ()) -> None:
        self.topics: list[str] = []
        self.states: list[bytes] = []
        self._mapper = mapper
        self._tags, self._encode = mapper.tags, mapper.encode
        for event in events:
            self.add(event)

    def add(self, event: E) -> None:
        """Add an event after the others; the only place where events become bytes."""
        try:
            self.topics.append(self._tags[type(event)])
        except KeyError as missing:
            # Written, it could not be read back by the program that wrote it.
            raise InvariantBroken(f"{missing} is not in the catalogue of events") from missing
        self.states.append(self._encode(event))

    @overload
    def __getitem__(self, index: int) -> E: ...
    @overload
    def __getitem__(self, index: slice) -> list[E]: ...
    def __getitem__(self, index: int | slice) -> E | list[E]:
        if isinstance(index, slice):
            return [self._mapper.decode("", 0, state) for state in self.states[index]]
        return self._mapper.decode("", 0, self.states[index])

    def __len__(self) -> int:
        return len(self.states)


def _tag_in(state: bytes) -> str | None:
    """Return the tag in the bytes, or nothing when they are no tagged object at all."""
    try:
        tag = json.loads(state)["event"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return tag if isinstance(tag, str) else None
