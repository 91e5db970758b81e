"""The errors of NATS in our words: what is a matter of waiting, of permission, of room, or of somebody being first."""

from typing import Any

import nats.errors
from nats.aio.client import Client

from domain.kernel.refusal import Refusal
from services.messaging.port import BusForbidden, BusUnavailable, StreamFull, StreamMissing, WrongSequence

STREAM_NOT_FOUND = 10059
WRONG_SEQUENCES = frozenset({10071, 10164})
"""The stream, or the subject, does not end where the sender thought."""

MESSAGE_TOO_BIG = 10054
FULL = ("maximum messages", "maximum bytes", "resource limits", "insufficient storage", "no space left")


def refusal_of(error: dict[str, Any], stream: str, after: int | None) -> Refusal:
    """Return the refusal that stands for an error of the JetStream API."""
    code, text = int(error.get("err_code", 0)), str(error.get("description", ""))
    if code == STREAM_NOT_FOUND:
        return StreamMissing(stream=stream)
    if code in WRONG_SEQUENCES:
        return WrongSequence(stream=stream, after=-1 if after is None else after)
    if code == MESSAGE_TOO_BIG or any(sign in text for sign in FULL):
        return StreamFull(stream=stream, reason=text)
    return BusUnavailable(reason=f"{stream}: {text} ({code})")


def no_answer(client: Client, error: Exception) -> Refusal:
    """Return the refusal that stands for a request without an answer."""
    if isinstance(error, nats.errors.MaxPayloadError):
        return StreamFull(stream="-", reason="the message is larger than the server allows")
    denied = client.last_error
    if isinstance(error, TimeoutError) and denied is not None and "permissions violation" in str(denied).lower():
        return BusForbidden(reason=str(denied))
    if isinstance(error, nats.errors.NoRespondersError):
        return BusUnavailable(reason="JetStream or the stream is not there")
    return BusUnavailable(reason=str(error) or type(error).__name__)
