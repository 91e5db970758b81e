"""JSON Schemas (2020-12) of all that goes in and out, generated from the types that decode and encode it.

The files in `schemas/` are committed, so that a change of the contract is seen in review; a test compares them.
"""

import inspect
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from domain.catalogue import COMMANDS
from domain.kernel.refusal import Refusal
from services.contract.answers import Receipt, Refused
from services.contract.envelope import SPEC_VERSION, TYPE_PREFIX, Envelope
from services.contract.outgoing import CONTENT_TYPE, EVENT_PREFIX, EVENTS, EventMessage
from services.contract.printed import PrintedBacks, PrintedProcessing, PrintedReport, PrintedTrace, ReportsShown
from services.contract.questions import QUESTIONS, EventsAnswer, PositionAnswer

DIALECT = "https://json-schema.org/draft/2020-12/schema"

MESSAGES: tuple[str, ...] = tuple(COMMANDS)
"""What a book is asked to record; the name is the type without its prefix."""

ANSWERS: dict[str, type[msgspec.Struct]] = {"receipt": Receipt, "refused": Refused}
"""What answers a message; a refusal also answers a question."""

EVENT_NAMES: Mapping[str, str] = {f"event.{tag}": tag for tag in EVENTS}

QUESTION_NAMES: Mapping[str, str] = {f"question.{name}": name for name in QUESTIONS}

REPLIES: dict[str, type[msgspec.Struct]] = {
    "report": PrintedReport,
    "reply.trace": PrintedTrace,
    "reply.trace.message": PrintedBacks,
    "reply.history": PrintedProcessing,
    "reply.events": EventsAnswer,
    "reply.position": PositionAnswer,
}
"""What answers a question; `report` is also what stands in the bucket of reports."""

SHOWN: dict[str, type[msgspec.Struct]] = {"reports.position": ReportsShown}
"""What stands in the bucket of reports beside them."""

FOLDERS: Mapping[str, str] = {"event": "events", "question": "questions", "reply": "replies"}
"""Folder by the first word of a name."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "messages": MESSAGES,
    "answers": tuple(ANSWERS),
    "events": tuple(EVENT_NAMES),
    "questions": tuple(QUESTION_NAMES),
    "replies": tuple(REPLIES),
    "bucket": tuple(SHOWN),
}

SCHEMAS: tuple[str, ...] = tuple(name for names in GROUPS.values() for name in names)
"""The name of every schema."""


class MessageTypeUnknown(Refusal):
    """A schema is of a message in the catalogue, of an event, of a question or of an answer."""

    code = "message_type_unknown"
    sv = "Det finns inget meddelande som heter {name}; `grundbok schemas` räknar upp dem som finns."
    en = "There is no message named {name}; `grundbok schemas` lists those there are."


def schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of that name; raises `MessageTypeUnknown`."""
    described = msgspec.json.schema(type_of(name))
    return {"$schema": DIALECT, "$id": f"urn:grundbok:schema:{name}", **unindented(described)}


def schema_bytes(name: str) -> bytes:
    """Return the file of a schema: indented, keys in order, so that a difference is readable."""
    return readable(schema(name))


def readable(document: dict[str, Any]) -> bytes:
    """Return JSON as it is committed."""
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=2) + b"\n"


def schema_path(name: str) -> str:
    """Return where a schema stands below the folder: events, questions and replies have folders of their own."""
    first, _, rest = name.partition(".")
    return f"{FOLDERS[first]}/{rest}.json" if first in FOLDERS else f"{name}.json"


def write_schemas(folder: Path) -> None:
    """Write the file of every schema into a folder, and remove those of messages that are no more."""
    kept = {folder / schema_path(name): name for name in SCHEMAS}
    for file, name in kept.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(schema_bytes(name))
    for file in folder.rglob("*.json"):
        if file not in kept:
            file.unlink()


def purpose_of(name: str) -> str:
    """Return in a line what a message, an event, a question or an answer is."""
    return (inspect.getdoc(_described(name)) or "").partition("\n")[0]


@cache
def type_of(name: str) -> type[msgspec.Struct]:
    """Return the type that decodes and encodes what has this name; raises `MessageTypeUnknown`."""
    described = _described(name)
    if name in COMMANDS:
        return _narrowed(Envelope, f"{described.__name__}Message", TYPE_PREFIX + name, described)
    if name in EVENT_NAMES:
        return _narrowed(EventMessage, f"{described.__name__}Event", EVENT_PREFIX + EVENT_NAMES[name], described)
    return described


def unindented(described: Any) -> Any:  # noqa: ANN401 - any JSON there is
    """Return a schema whose descriptions, which are docstrings, have lost their indentation."""
    if isinstance(described, dict):
        return {
            name: inspect.cleandoc(part) if name == "description" and isinstance(part, str) else unindented(part)
            for name, part in described.items()
        }
    return [unindented(part) for part in described] if isinstance(described, list) else described


def _described(name: str) -> type[msgspec.Struct]:
    """Return the type whose docstring says what has this name."""
    if name in COMMANDS:
        return COMMANDS[name]
    if name in EVENT_NAMES:
        return EVENTS[EVENT_NAMES[name]]
    if name in QUESTION_NAMES:
        return QUESTIONS[QUESTION_NAMES[name]]
    found = (ANSWERS | REPLIES | SHOWN).get(name)
    if found is None:
        raise MessageTypeUnknown(name=name)
    return found


def _narrowed(
    envelope: type[msgspec.Struct], title: str, kind: str, data: type[msgspec.Struct]
) -> type[msgspec.Struct]:
    """Return an envelope with the type and the data of one kind of message."""
    narrowed = {"specversion": Literal[SPEC_VERSION], "type": Literal[kind], "data": data}
    if envelope is EventMessage:
        narrowed["datacontenttype"] = Literal[CONTENT_TYPE]
    fields: list[Any] = []
    for field in msgspec.structs.fields(envelope):
        shape = narrowed.get(field.name, field.type)
        fields.append((field.name, shape) if field.required else (field.name, shape, field.default))
    return msgspec.defstruct(
        title,
        fields,
        namespace={"__doc__": inspect.getdoc(data)},
        forbid_unknown_fields=envelope.__struct_config__.forbid_unknown_fields,
        kw_only=True,
    )
