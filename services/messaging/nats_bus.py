"""The bus on NATS JetStream: the port's calls as requests to the server's own API, with its errors in our words.

The client library is used for the connection and for core messages. What it has no call for (atomic batches), and what
it does slowly (reading), is asked of the server directly.
"""

import asyncio
import secrets
from collections.abc import Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from services.contract.subjects import bucket_stream
from services.messaging.nats_errors import no_answer, refusal_of
from services.messaging.nats_reader import NatsReader
from services.messaging.port import (
    BusTooOld,
    BusUnavailable,
    Outgoing,
    Stored,
    StreamFull,
    StreamMissing,
    StreamPlan,
    StreamState,
)

T = TypeVar("T")

ANSWER_SECONDS = 5.0
"""How long an answer of the server is waited for; choosing a new leader in a cluster may take longer."""

BATCH_MAX = 1000
"""Messages in an atomic batch; the server's own limit."""

LOST_LOOK_SECONDS = 0.2
"""How often an answer that is waited for is given up if its connection was lost."""

DUPLICATE_WINDOW_SECONDS = 120

SERVER_MIN = (2, 12)
"""The first server with atomic batches."""

NOT_FOUND = 404
END_OF_BATCH = "204"
MARK_OF_A_MESSAGE = "Nats-Sequence"
"""The header that a direct get adds to a message, after those that the sender wrote, and never to a status."""

OF_THE_REPLY = frozenset({"Nats-Stream", "Nats-Num-Pending", "Nats-Last-Sequence", "Nats-UpTo-Sequence"})
"""Headers that a direct get adds to those of the message."""

HEADERS_FRAME = len("NATS/1.0\r\n\r\n")
HEADERS_PLENTY = 64 * 1024
"""More than the headers of any message of ours: only larger messages are measured exactly."""

FETCH_BYTES_MAX = 4 * 1024 * 1024
NANOSECONDS = 1_000_000_000


class _State(msgspec.Struct):
    first_seq: int
    last_seq: int
    messages: int
    subjects: dict[str, int] = {}


class _StreamInfo(msgspec.Struct):
    config: dict[str, Any]
    created: str
    state: _State


class _Ack(msgspec.Struct):
    seq: int = 0
    error: dict[str, Any] | None = None


_ack = msgspec.json.Decoder(_Ack).decode
_info = msgspec.json.Decoder(_StreamInfo).decode


class NatsBus:
    """A connection to JetStream; give it the client of `connected`."""

    def __init__(self, client: Client, *, replicas: int = 1, answer_seconds: float = ANSWER_SECONDS) -> None:
        self.client = client
        self._replicas = replicas
        self._answer_seconds = answer_seconds

    @property
    def connections(self) -> int:
        """How often the connection was made: more after an outage, in which the bus may have been lost."""
        return int(self.client.stats["reconnects"])

    async def state(self, stream: str) -> StreamState | None:
        """Return how a stream stands, or None where there is none."""
        info = await self._stream_info(stream)
        return None if info is None else _state_of(info)

    async def make(self, plan: StreamPlan) -> StreamState:
        """Make a stream if there is none; return how it stands. An existing stream is left as it is."""
        info = await self._stream_info(plan.name)
        if info is None:
            await self._api(f"STREAM.CREATE.{plan.name}", stream_config(plan, self._replicas), plan.name)
            info = await self._stream_info(plan.name)
        if info is None:
            raise StreamMissing(stream=plan.name)
        if not info.config.get("allow_atomic"):
            raise BusTooOld(reason=f"{plan.name}: allow_atomic")
        return _state_of(info)

    async def drop(self, stream: str) -> None:
        """Delete a stream with all that is in it, if it is there."""
        try:
            await self._api(f"STREAM.DELETE.{stream}", {}, stream)
        except StreamMissing:
            return

    async def append(self, stream: str, messages: Sequence[Outgoing], *, after: int | None = None) -> int:
        """Append messages to a stream, all or none, durably; return the last sequence."""
        last = after or 0
        for start in range(0, len(messages), BATCH_MAX):
            last = await self._append_batch(stream, messages[start : start + BATCH_MAX], after)
            after = None if after is None else last
        return last

    async def reader(self, stream: str, subject: str, after: int) -> NatsReader:
        """Read a stream's messages of a subject (wildcards allowed) from the first one after a sequence on."""
        name = secrets.token_hex(8)
        config = {
            "name": name,
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": after + 1,
            "ack_policy": "none",
            "filter_subject": subject,
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": 60 * NANOSECONDS,
        }
        request = {"stream_name": stream, "config": config, "action": "create"}
        await self._api(f"CONSUMER.CREATE.{stream}.{name}.{subject}", request, stream)
        reader = NatsReader(self.client, stream, name)
        await reader.start()
        return reader

    async def get(self, stream: str, sequence: int) -> Stored | None:
        """Return one message of a stream, or None where there is none."""
        return await self._direct(stream, f"$JS.API.DIRECT.GET.{stream}", msgspec.json.encode({"seq": sequence}))

    async def last(self, stream: str, subject: str) -> Stored | None:
        """Return the last message of a subject, or None; this is also how a key of a bucket is read."""
        return await self._direct(stream, f"$JS.API.DIRECT.GET.{stream}.{subject}", b"")

    async def fetch(self, stream: str, after: int, limit: int) -> list[Stored]:
        """Return at most `limit` messages of a stream after a sequence, without a consumer; none if there are none.

        This is how those read who may not make consumers. Raises `BusUnavailable` also when the stream is not there.
        """
        request = msgspec.json.encode({"seq": after + 1, "batch": limit, "max_bytes": FETCH_BYTES_MAX})
        status, found = await self._replies(f"$JS.API.DIRECT.GET.{stream}", request, until_status=True)
        if status not in (str(NOT_FOUND), END_OF_BATCH):
            raise BusUnavailable(reason=f"{stream}: {status}")
        return found

    async def delete(self, stream: str, sequence: int) -> None:
        """Delete one message of a stream that is deletable."""
        await self._api(f"STREAM.MSG.DELETE.{stream}", {"seq": sequence, "no_erase": True}, stream)

    async def subjects(self, stream: str, pattern: str) -> dict[str, int]:
        """Return the subjects below a pattern that a stream has messages of, and how many."""
        info = await self._stream_info(stream, {"subjects_filter": pattern})
        return {} if info is None else info.state.subjects

    async def make_bucket(self, bucket: str) -> None:
        """Make a bucket of keys if there is none; each key keeps its last value."""
        name = bucket_stream(bucket)
        if await self._stream_info(name) is None:
            plan = StreamPlan(name=name, subjects=(f"$KV.{bucket}.>",), max_messages_per_subject=1)
            config = stream_config(plan, self._replicas) | {"allow_rollup_hdrs": True, "discard": "new"}
            await self._api(f"STREAM.CREATE.{name}", config | {"discard_new_per_subject": False}, name)

    async def _append_batch(self, stream: str, batch: Sequence[Outgoing], after: int | None) -> int:
        """Publish an atomic batch: what comes before the last message is staged, the last one commits."""
        first, *staged = batch
        batch_id = secrets.token_hex(8)
        marks = {"Nats-Expected-Stream": stream}
        if after is not None:
            marks["Nats-Expected-Last-Sequence"] = str(after)
        if not staged:
            return _refuse(await self._ask(first, marks), stream, after).seq
        number = {"Nats-Batch-Id": batch_id, "Nats-Batch-Sequence": "1"}
        _refuse(await self._ask(first, marks | number), stream, after)
        *between, final = staged
        await self._tell(between, batch_id)
        commit = {"Nats-Batch-Id": batch_id, "Nats-Batch-Sequence": str(len(batch)), "Nats-Batch-Commit": "1"}
        return _refuse(await self._ask(final, commit), stream, after).seq

    async def _ask(self, message: Outgoing, marks: Mapping[str, str]) -> bytes:
        return (await self._request(message.subject, message.data, self._fitting(message, marks))).data

    async def _tell(self, messages: Sequence[Outgoing], batch_id: str) -> None:
        """Publish the messages between the first and the last of a batch; nobody answers them."""
        publish, fitting = self.client.publish, self._fitting
        try:
            for number, message in enumerate(messages, 2):
                marks = {"Nats-Batch-Id": batch_id, "Nats-Batch-Sequence": str(number)}
                await publish(message.subject, message.data, "", fitting(message, marks))
        except nats.errors.Error as error:
            raise no_answer(self.client, error) from error

    def _fitting(self, message: Outgoing, marks: Mapping[str, str]) -> dict[str, str]:
        """Return the headers of a message that fits with them; the client does not count them, and the server hangs up.

        Raises `StreamFull`.
        """
        headers = {**message.headers, **marks}
        if message.expected is not None:
            headers["Nats-Expected-Last-Subject-Sequence"] = str(message.expected)
        if len(message.data) + HEADERS_PLENTY > self.client.max_payload:
            size = HEADERS_FRAME + sum(len(f"{name}: {value}\r\n".encode()) for name, value in headers.items())
            if size + len(message.data) > self.client.max_payload:
                raise StreamFull(stream="-", reason="the message is larger than the server allows")
        return headers

    async def _stream_info(self, stream: str, request: Mapping[str, Any] | None = None) -> _StreamInfo | None:
        try:
            return _info(await self._api(f"STREAM.INFO.{stream}", request or {}, stream))
        except StreamMissing:
            return None

    async def _api(self, call: str, request: Mapping[str, Any], stream: str) -> bytes:
        """Ask the server's JetStream API; raises the refusal that stands for its error."""
        reply = await self._request(f"$JS.API.{call}", msgspec.json.encode(request) if request else b"")
        _refuse(reply.data, stream, None)
        return reply.data

    async def _direct(self, stream: str, subject: str, request: bytes) -> Stored | None:
        status, found = await self._replies(subject, request, until_status=False)
        if found:
            return found[0]
        if status != str(NOT_FOUND):
            raise BusUnavailable(reason=f"{stream}: {status}")
        return None

    async def _replies(self, subject: str, request: bytes, *, until_status: bool) -> tuple[str, list[Stored]]:
        """Return a status and the messages in the replies to a direct get: all before the status, or only one of both.

        Not by the client's own request: it takes a header `Status` for the server's word, and senders may write one.
        """
        ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        found: list[Stored] = []

        async def take(message: Msg) -> None:
            headers = message.headers or {}
            is_message = MARK_OF_A_MESSAGE in headers
            if is_message:
                found.append(_stored(message))
            if not ended.done() and not (is_message and until_status):
                ended.set_result("" if is_message else f"{headers.get('Status')}")

        inbox = self.client.new_inbox()
        try:
            subscription = await self.client.subscribe(inbox, cb=take)
            try:
                await self.client.publish(subject, request, reply=inbox)
                status = await self._unless_lost(asyncio.wait_for(ended, self._answer_seconds))
            finally:
                await subscription.unsubscribe()
        except (nats.errors.Error, TimeoutError) as error:
            raise no_answer(self.client, error) from error
        return status, found

    async def _request(self, subject: str, data: bytes, headers: dict[str, str] | None = None) -> Msg:
        asking = self.client.request(subject, data, timeout=self._answer_seconds, headers=headers)
        try:
            return await self._unless_lost(asking)
        except (nats.errors.Error, TimeoutError) as error:
            raise no_answer(self.client, error) from error

    async def _unless_lost(self, asking: Coroutine[Any, Any, T]) -> T:
        """Return what is asked for, or raise `BusUnavailable` as soon as its connection was lost and another made.

        The answer may come to nobody then; waiting out its time would only hold everything up.
        """
        connections = self.connections
        task = asyncio.ensure_future(asking)
        try:
            while not task.done():
                await asyncio.wait([task], timeout=LOST_LOOK_SECONDS)
                if not task.done() and self.connections != connections:
                    raise BusUnavailable(reason="the connection was lost before the answer came")
            return await task
        finally:
            task.cancel()


def stream_config(plan: StreamPlan, replicas: int) -> dict[str, Any]:
    """Return the server's configuration of a stream."""
    age = plan.max_age_seconds
    return {
        "name": plan.name,
        "subjects": list(plan.subjects),
        "retention": "limits",
        "storage": "file",
        "num_replicas": replicas,
        "max_age": age * NANOSECONDS,
        "max_msgs": plan.max_messages or -1,
        "max_msgs_per_subject": plan.max_messages_per_subject or -1,
        "max_bytes": -1,
        "discard": "new" if plan.refuse_when_full else "old",
        "discard_new_per_subject": plan.refuse_when_full and plan.max_messages_per_subject > 0,
        "duplicate_window": min(DUPLICATE_WINDOW_SECONDS, age or DUPLICATE_WINDOW_SECONDS) * NANOSECONDS,
        "deny_delete": not plan.deletable,
        "allow_atomic": True,
        "allow_direct": True,
        **({"first_seq": plan.first} if plan.first > 1 else {}),
    }


def check_version(version: tuple[int, int], text: str) -> None:
    """Refuse a server that would take an atomic batch for loose messages; raises BusTooOld."""
    if version < SERVER_MIN:
        raise BusTooOld(reason=text)


def _stored(message: Msg) -> Stored:
    """Return the message of a stream in the reply to a direct get."""
    headers = dict(message.headers or {})
    return Stored(
        sequence=int(headers.pop(MARK_OF_A_MESSAGE)),
        subject=headers.pop("Nats-Subject"),
        data=message.data,
        at=datetime.fromisoformat(headers.pop("Nats-Time-Stamp")[:26].rstrip("Z")).replace(tzinfo=UTC),
        headers={name: value for name, value in headers.items() if name not in OF_THE_REPLY},
    )


def _refuse(reply: bytes, stream: str, after: int | None) -> _Ack:
    """Return the acknowledgement in a reply; the first message of a batch gets an empty one."""
    if not reply:
        return _Ack()
    acknowledged = _ack(reply)
    if acknowledged.error is not None:
        raise refusal_of(acknowledged.error, stream, after)
    return acknowledged


def _state_of(info: _StreamInfo) -> StreamState:
    state = info.state
    first = state.last_seq + 1 if state.messages == 0 else state.first_seq
    return StreamState(first=first, last=state.last_seq, messages=state.messages, made=info.created)
