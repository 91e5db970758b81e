"""Messages as an economy service words them: say only what matters."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from domain.catalogue import COMMANDS
from domain.kernel.event import Command
from services.contract.answers import Answer, Receipt, Refused
from services.contract.envelope import TYPE_PREFIX, Message, read_message
from tests.builders import OURS, a_party, a_project, a_voucher, a_year, an_association

NOON = datetime(2023, 6, 30, 10, 0, tzinfo=UTC)
"""The instant at which tests happen: the day of `tests.builders.TODAY`."""

TYPES = {kind: TYPE_PREFIX + name for name, kind in COMMANDS.items()}


def envelope(command: Command, message_id: str, **attributes: Any) -> dict[str, Any]:
    """Return a message as a dictionary; an attribute that is None is left out."""
    message = {
        "specversion": "1.0",
        "id": message_id,
        "source": "/ekonomi",
        "type": TYPES[type(command)],
        "subject": OURS,
        "data": msgspec.json.decode(msgspec.json.encode(command)),
    }
    return {name: value for name, value in (message | attributes).items() if value is not None}


def a_message(command: Command, message_id: str, **attributes: Any) -> Message:
    """Return a message as the writer takes it."""
    return read_message(line_of(envelope(command, message_id, **attributes)))


def line_of(message: dict[str, Any]) -> bytes:
    """Return a message as a line of a file, without its line break."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def founding() -> list[dict[str, Any]]:
    """Return the four messages every book begins with here."""
    commands = (an_association(), a_year(), a_project(), a_party())
    return [envelope(command, f"f-{number}") for number, command in enumerate(commands, 1)]


def vouchers(count: int, *, first: int = 1) -> list[dict[str, Any]]:
    """Return so many different vouchers."""
    numbers = range(first, first + count)
    return [envelope(a_voucher(text=f"Verifikation {number}"), f"v-{number}") for number in numbers]


def read(*messages: dict[str, Any]) -> list[Message]:
    """Return messages as the writer takes them."""
    return [read_message(line_of(message)) for message in messages]


def write_file(path: Path, *messages: dict[str, Any]) -> Path:
    """Write a file of messages."""
    path.write_bytes(b"".join(line_of(message) + b"\n" for message in messages))
    return path


def codes(answers: list[Answer]) -> list[str]:
    """Return what came of each message: the code of its refusal, `again` for a duplicate, or its vouchers."""
    return [
        answer.code if isinstance(answer, Refused) else "again" if answer.duplicate else " ".join(answer.vouchers)
        for answer in answers
    ]


def receipts(answers: list[Answer]) -> list[Receipt]:
    """Return the receipts among answers."""
    return [answer for answer in answers if isinstance(answer, Receipt)]
