"""A bus in memory that behaves as the server does, and fails as the seed says; nothing in it waits for time to pass.

`test_port_contract.py` holds it to the behaviour of a real server. A call gives up its turn before and after its
effect, so that whoever drives the coroutines, a loop of asyncio or a test by hand, decides what happens in between.
"""

import asyncio
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from random import Random
from typing import Any, NoReturn, TypeVar

from services.contract.subjects import bucket_stream
from services.messaging.port import (
    BusUnavailable,
    Outgoing,
    Stored,
    StreamFull,
    StreamMissing,
    StreamPlan,
    StreamState,
    WrongSequence,
)

T = TypeVar("T")

BATCH_MAX = 1000
AHEAD = 500
"""Messages that a reader holds before they are asked for."""

PATIENCE_TURNS = 20
"""Turns that a reader lets others have before it says that nothing came."""

PAYLOAD_MAX = 8 * 1024 * 1024
"""The largest message that the server takes, headers and all."""

HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")

BEGINNING_OF_TIME = datetime(2026, 1, 1, tzinfo=UTC)


class Killed(BaseException):
    """The process was killed at this point: nothing it does from now on has an effect."""


class Fault(Enum):
    """What can go wrong with a call."""

    REQUEST_LOST = auto()
    ANSWER_LOST = auto()
    KILLED_BEFORE = auto()
    KILLED_AFTER = auto()
    CONSUMER_LOST = auto()
    DELIVERY_SKIPPED = auto()


ANY_CALL = (Fault.REQUEST_LOST, Fault.ANSWER_LOST, Fault.KILLED_BEFORE, Fault.KILLED_AFTER)
READING = (Fault.CONSUMER_LOST, Fault.DELIVERY_SKIPPED, Fault.KILLED_BEFORE)


class Weather:
    """Decides for each call whether and how it fails; `planned` faults come first, each at the named call."""

    def __init__(self, random: Random | None = None, chance: float = 0.0) -> None:
        self.random = random
        self.chance = chance
        self.planned: list[tuple[str, Fault]] = []
        self.struck: Counter[str] = Counter()

    def strike(self, call: str, kinds: Sequence[Fault]) -> Fault | None:
        """Return the fault of a call."""
        for number, (where, fault) in enumerate(self.planned):
            if where == call:
                del self.planned[number]
                return fault
        if self.random is None or self.random.random() >= self.chance:
            return None
        fault = self.random.choice(kinds)
        self.struck[fault.name] += 1
        return fault

    def part(self, count: int) -> int:
        """Return how many of the messages there are a reader gets at once."""
        return count if self.random is None or not count else self.random.randint(1, count)

    def silences(self) -> int:
        """Return how often a reader hears nothing before it knows that its consumer is gone."""
        return 0 if self.random is None else self.random.randint(0, 2)


class Stream:
    """What one stream holds, and how it was made."""

    def __init__(self, plan: StreamPlan, made: str) -> None:
        self.plan = plan
        self.made = made
        self.last = plan.first - 1
        self.kept: dict[int, Stored] = {}
        self.by_subject: dict[str, dict[int, None]] = {}

    def copy(self) -> "Stream":
        """Return a copy that later changes leave alone."""
        other = Stream(self.plan, self.made)
        other.last, other.kept = self.last, dict(self.kept)
        other.by_subject = {subject: dict(kept) for subject, kept in self.by_subject.items()}
        return other

    def state(self) -> StreamState:
        """Return how it stands."""
        return StreamState(next(iter(self.kept), self.last + 1), self.last, len(self.kept), self.made)

    def last_of(self, subject: str) -> int:
        """Return the sequence of the last message of a subject, 0 if there is none."""
        return next(reversed(self.by_subject.get(subject, {})), 0)

    def remove(self, sequence: int) -> None:
        """Forget a message; the sequences of the others stay."""
        subject = self.kept.pop(sequence).subject
        del self.by_subject[subject][sequence]
        if not self.by_subject[subject]:
            del self.by_subject[subject]

    def add(self, messages: Iterable[Outgoing], at: datetime) -> None:
        """Take messages in, and discard what is too old then."""
        for message in messages:
            self.last += 1
            headers = dict(message.headers)
            self.kept[self.last] = Stored(self.last, message.subject, message.data, headers, at)
            of_subject = self.by_subject.setdefault(message.subject, {})
            of_subject[self.last] = None
            limit = self.plan.max_messages_per_subject
            if limit and len(of_subject) > limit:
                self.remove(next(iter(of_subject)))
            if self.plan.max_messages and len(self.kept) > self.plan.max_messages:
                self.remove(next(iter(self.kept)))

    def check(self, messages: Sequence[Outgoing], after: int | None) -> None:
        """Refuse a batch that does not belong here, does not follow, or has no room."""
        if not all(matches(self.plan.subjects, message.subject) for message in messages):
            raise BusUnavailable(reason=f"{self.plan.name}: expected stream does not match")
        for message in messages:
            _check_form(message)
        if after is not None and after != self.last:
            raise WrongSequence(stream=self.plan.name, after=after)
        seen: Counter[str] = Counter()
        for message in messages:
            subject, expected = message.subject, message.expected
            if expected is not None and (seen[subject] or expected != self.last_of(subject)):
                raise WrongSequence(stream=self.plan.name, after=-1)
            seen[subject] += 1
        if self.plan.refuse_when_full:
            self._refuse_over(seen)

    def _refuse_over(self, more: Counter[str]) -> None:
        limit = self.plan.max_messages_per_subject
        if limit and any(len(self.by_subject.get(subject, ())) + count > limit for subject, count in more.items()):
            raise StreamFull(stream=self.plan.name, reason="maximum messages per subject exceeded")
        if self.plan.max_messages and len(self.kept) + more.total() > self.plan.max_messages:
            raise StreamFull(stream=self.plan.name, reason="maximum messages exceeded")


def _check_form(message: Outgoing) -> None:
    """Refuse what cannot be sent."""
    for name in message.headers:
        if not HEADER_NAME.fullmatch(name):
            raise BusUnavailable(reason=f"invalid header: {name!r}")
    headers = sum(len(f"{name}: {value}\r\n".encode()) for name, value in message.headers.items())
    if headers + len(message.data) > PAYLOAD_MAX:
        raise StreamFull(stream="-", reason="the message is larger than the server allows")


class Server:
    """What all connections share: the streams, and the misfortunes of the machine they are on."""

    def __init__(self) -> None:
        self.streams: dict[str, Stream] = {}
        self.starts = 1
        self.calls_unanswered = 0
        self.full = False
        self.effects = 0

    # ---------------------------------------------------------------------------------------------- what it does

    def answers(self) -> bool:
        """Tell whether it answers this call."""
        if not self.calls_unanswered:
            return True
        self.calls_unanswered -= 1
        return False

    def found(self, stream: str) -> Stream:
        """Return a stream; raises StreamMissing."""
        if stream not in self.streams:
            raise StreamMissing(stream=stream)
        return self.streams[stream]

    def spoken_to(self, stream: str) -> Stream:
        """Return a stream that is published to or read from directly: where there is none, nobody answers."""
        if stream not in self.streams:
            raise BusUnavailable(reason="JetStream or the stream is not there")
        return self.streams[stream]

    def make(self, plan: StreamPlan) -> Stream:
        """Make a stream if there is none."""
        if plan.name not in self.streams:
            self.effects += 1
            self.streams[plan.name] = Stream(plan, f"made {self.effects}")
        return self.streams[plan.name]

    def append(self, stream: str, messages: Sequence[Outgoing], after: int | None = None) -> int:
        """Append an atomic batch."""
        found = self.spoken_to(stream)
        found.check(messages, after)
        if self.full:
            raise StreamFull(stream=stream, reason="no space left on device")
        self.effects += 1
        found.add(messages, BEGINNING_OF_TIME + timedelta(milliseconds=self.effects))
        return found.last

    def delete(self, stream: str, sequence: int) -> None:
        """Delete a message if the stream allows it and has it."""
        found = self.found(stream)
        if not found.plan.deletable or sequence not in found.kept:
            raise BusUnavailable(reason=f"{stream}: not permitted, or not found")
        found.remove(sequence)

    # ------------------------------------------------------------------------------------------ what befalls it

    def restart(self) -> None:
        """Start anew: every reader has lost its consumer."""
        self.starts += 1

    def wipe(self) -> None:
        """Lose everything."""
        self.streams = {}
        self.restart()

    def snapshot(self) -> dict[str, Stream]:
        """Return a copy of all that is stored."""
        return {name: stream.copy() for name, stream in self.streams.items()}

    def put_back(self, snapshot: dict[str, Stream]) -> None:
        """Put an earlier copy in the place of what is there."""
        self.streams = {name: stream.copy() for name, stream in snapshot.items()}
        self.restart()

    def purge(self, stream: str, upto: int) -> None:
        """Lose the beginning of a stream, as retention does."""
        found = self.streams[stream]
        for sequence in [sequence for sequence in found.kept if sequence <= upto]:
            found.remove(sequence)

    def lose(self, stream: str, sequence: int) -> None:
        """Lose one message."""
        self.streams[stream].remove(sequence)


def matches(patterns: Iterable[str], subject: str) -> bool:
    """Tell whether a subject is one of some patterns' with the wildcards of NATS."""
    return any(_matches(pattern.split("."), subject.split(".")) for pattern in patterns)


def _matches(pattern: list[str], subject: list[str]) -> bool:
    if pattern[-1:] == [">"]:
        return len(subject) >= len(pattern) and _matches(pattern[:-1], subject[: len(pattern) - 1])
    return len(pattern) == len(subject) and all(
        one in ("*", other) for one, other in zip(pattern, subject, strict=True)
    )


async def turn() -> None:
    """Let others do something."""
    await asyncio.sleep(0)


async def inline(work: Callable[..., T], *args: Any) -> T:
    """Run a function as `asyncio.to_thread` would, without a thread, at a turn that the driver chooses."""
    await turn()
    result = work(*args)
    await turn()
    return result


class ModelBus:
    """The connection of one process."""

    def __init__(self, server: Server, weather: Weather | None = None) -> None:
        self.server = server
        self.weather = weather or Weather()
        self.dead = False
        self.connections = 0
        """Stays as it is: the parts must find out by themselves, too, that the server was wiped."""

    def die(self) -> NoReturn:
        """Kill the process that holds the connection."""
        self.dead = True
        raise Killed

    def ensure_alive(self) -> None:
        """Stop here if the process was killed."""
        if self.dead:
            raise Killed

    async def _ask(self, call: str, effect: Callable[[], T]) -> T:
        fault = self.weather.strike(call, ANY_CALL)
        starts = self.server.starts
        await turn()
        self.ensure_alive()
        if fault is Fault.KILLED_BEFORE:
            self.die()
        # What is under way when the server goes down gets no answer.
        if not self.server.answers() or fault is Fault.REQUEST_LOST or starts != self.server.starts:
            raise BusUnavailable(reason="timeout")
        result = effect()
        await turn()
        self.ensure_alive()
        if fault is Fault.KILLED_AFTER:
            self.die()
        if fault is Fault.ANSWER_LOST or starts != self.server.starts:
            raise BusUnavailable(reason="timeout")
        return result

    async def state(self, stream: str) -> StreamState | None:
        """Return how a stream stands, or None."""
        return await self._ask("state", lambda: self._known(stream))

    def _known(self, stream: str) -> StreamState | None:
        found = self.server.streams.get(stream)
        return None if found is None else found.state()

    async def make(self, plan: StreamPlan) -> StreamState:
        """Make a stream if there is none."""
        return await self._ask("make", lambda: self.server.make(plan).state())

    async def drop(self, stream: str) -> None:
        """Delete a stream."""
        await self._ask("drop", lambda: self.server.streams.pop(stream, None))

    async def append(self, stream: str, messages: Sequence[Outgoing], *, after: int | None = None) -> int:
        """Append messages in batches, each whole or not at all."""
        last = after or 0
        for start in range(0, len(messages), BATCH_MAX):
            last = await self._append(stream, messages[start : start + BATCH_MAX], after)
            after = None if after is None else last
        return last

    async def _append(self, stream: str, batch: Sequence[Outgoing], after: int | None) -> int:
        return await self._ask(f"append {stream}", lambda: self.server.append(stream, batch, after))

    async def reader(self, stream: str, subject: str, after: int) -> "ModelReader":
        """Read a subject from after a sequence on."""
        return await self._ask("reader", lambda: ModelReader(self, self.server.found(stream), subject, after))

    async def get(self, stream: str, sequence: int) -> Stored | None:
        """Return one message, or None."""
        return await self._ask("get", lambda: self.server.spoken_to(stream).kept.get(sequence))

    async def last(self, stream: str, subject: str) -> Stored | None:
        """Return the last message of a subject, or None."""
        return await self._ask("last", lambda: self._last(stream, subject))

    def _last(self, stream: str, subject: str) -> Stored | None:
        found = self.server.spoken_to(stream)
        sequences = [found.last_of(one) for one in found.by_subject if matches((subject,), one)]
        return found.kept[max(sequences)] if sequences else None

    async def delete(self, stream: str, sequence: int) -> None:
        """Delete one message."""
        await self._ask("delete", lambda: self.server.delete(stream, sequence))

    async def subjects(self, stream: str, pattern: str) -> dict[str, int]:
        """Return the subjects that have messages, and how many."""
        return await self._ask("subjects", lambda: self._subjects(stream, pattern))

    def _subjects(self, stream: str, pattern: str) -> dict[str, int]:
        found = self.server.streams.get(stream)
        counts = {} if found is None else {name: len(kept) for name, kept in found.by_subject.items()}
        return {name: count for name, count in counts.items() if matches((pattern,), name)}

    async def make_bucket(self, bucket: str) -> None:
        """Make a bucket if there is none."""
        plan = StreamPlan(name=bucket_stream(bucket), subjects=(f"$KV.{bucket}.>",), max_messages_per_subject=1)
        await self._ask("make_bucket", lambda: self.server.make(plan))


class ModelReader:
    """Reads as a consumer does that sends ahead: what it holds is given even when the server has forgotten it."""

    def __init__(self, bus: ModelBus, stream: Stream, subject: str, after: int) -> None:
        self._bus = bus
        self._name, self._made, self._starts = stream.plan.name, stream.made, bus.server.starts
        self._subject = subject
        self._at = after
        self._held: deque[Stored] = deque()
        self._silences = bus.weather.silences()
        self._doubt = ""
        self.closed = False

    async def next(self, limit: int, wait_seconds: float) -> list[Stored]:
        """Return some of what has come."""
        fault = self._bus.weather.strike("next", READING)
        for _ in range(PATIENCE_TURNS if wait_seconds else 1):
            await turn()
            self._bus.ensure_alive()
            if fault is Fault.KILLED_BEFORE:
                self._bus.die()
            self._fetch()
            if fault is Fault.CONSUMER_LOST:
                self._doubt = "consumer deleted"
            elif fault is Fault.DELIVERY_SKIPPED and self._held:
                self._skip()
            if self._held or self._doubt:
                break
        if not self._held and self._doubt:
            raise BusUnavailable(reason=f"{self._name}: {self._doubt}")
        taken = self._bus.weather.part(min(limit, len(self._held)))
        return [self._held.popleft() for _ in range(taken)]

    async def close(self) -> None:
        """Stop reading."""
        self.closed = True

    def _fetch(self) -> None:
        """Hold what the server would have sent by now."""
        server = self._bus.server
        if server.calls_unanswered or self._doubt:
            return
        stream = server.streams.get(self._name)
        if server.starts != self._starts:
            self._silences -= 1
            self._doubt = "no heartbeat" if self._silences < 0 else ""
            return
        if stream is None or stream.made != self._made:
            self._doubt = "consumer deleted"
            return
        for stored in stream.kept.values():
            if len(self._held) >= AHEAD:
                return
            if stored.sequence > self._at and matches((self._subject,), stored.subject):
                self._held.append(stored)
                self._at = stored.sequence

    def _skip(self) -> None:
        """Lose a delivery: what comes after it shows that one is missing, and is not given."""
        gap = self._bus.weather.part(len(self._held)) - 1
        self._held = deque(list(self._held)[:gap])
        self._doubt = "a delivery is missing"
