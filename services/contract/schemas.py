"""JSON Schemas (2020-12) of every message and of the answers, generated from the types that decode and encode them.

The files in `schemas/` are committed, so that a change of the contract is seen in review; a test compares them.
"""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from domain.catalogue import COMMANDS
from domain.kernel.refusal import Refusal
from services.contract.answers import Receipt, Refused
from services.contract.envelope import SPEC_VERSION, TYPE_PREFIX, Envelope

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ANSWERS: Mapping[str, type[msgspec.Struct]] = {"receipt": Receipt, "refused": Refused}

SCHEMAS: tuple[str, ...] = (*COMMANDS, *ANSWERS)
"""The name of every schema: the message types without their prefix, and the answers."""


class MessageTypeUnknown(Refusal):
    """A schema is of a message in the catalogue or of an answer."""

    code = "message_type_unknown"
    sv = "Det finns inget meddelande som heter {name}; `grundbok schemas` räknar upp dem som finns."
    en = "There is no message named {name}; `grundbok schemas` lists those there are."


def schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a message or an answer; raises `MessageTypeUnknown`."""
    if name in ANSWERS:
        described = msgspec.json.schema(ANSWERS[name])
    elif name in COMMANDS:
        described = msgspec.json.schema(_message_type(name))
    else:
        raise MessageTypeUnknown(name=name)
    return {"$schema": DIALECT, "$id": f"urn:grundbok:schema:{name}", **_unindented(described)}


def schema_bytes(name: str) -> bytes:
    """Return the file of a schema: indented, keys in order, so that a difference is readable."""
    encoded = msgspec.json.encode(schema(name), order="sorted")
    return msgspec.json.format(encoded, indent=2) + b"\n"


def write_schemas(folder: Path) -> None:
    """Write the file of every schema into a folder, and remove those of messages that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in SCHEMAS:
        (folder / f"{name}.json").write_bytes(schema_bytes(name))
    for file in folder.glob("*.json"):
        if file.stem not in SCHEMAS:
            file.unlink()


def purpose_of(name: str) -> str:
    """Return in a line what a message or an answer is."""
    described = ANSWERS.get(name) or COMMANDS[name]
    return (inspect.getdoc(described) or "").partition("\n")[0]


def _unindented(described: Any) -> Any:  # noqa: ANN401 - any JSON there is
    """Return a schema whose descriptions, which are docstrings, have lost their indentation."""
    if isinstance(described, dict):
        return {
            name: inspect.cleandoc(part) if name == "description" and isinstance(part, str) else _unindented(part)
            for name, part in described.items()
        }
    return [_unindented(part) for part in described] if isinstance(described, list) else described


def _message_type(name: str) -> type[msgspec.Struct]:
    """Return the envelope with the type and the data of one message."""
    command = COMMANDS[name]
    narrowed = {"specversion": Literal[SPEC_VERSION], "type": Literal[f"{TYPE_PREFIX}{name}"], "data": command}
    fields: list[Any] = []
    for field in msgspec.structs.fields(Envelope):
        kind = narrowed.get(field.name, field.type)
        fields.append((field.name, kind) if field.required else (field.name, kind, field.default))
    return msgspec.defstruct(
        f"{command.__name__}Message",
        fields,
        namespace={"__doc__": inspect.getdoc(command)},
        forbid_unknown_fields=True,
        kw_only=True,
    )
