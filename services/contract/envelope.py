"""Messages: CloudEvents 1.0 in JSON, decoded in two strict stages (the envelope, then the data of its type).

`registrationdate` and `actor` are attributes of our own. Extension attributes that CloudEvents documents are accepted
and ignored; any other is refused, so that a misspelt attribute is never dropped in silence.
"""

import difflib
from datetime import UTC, date, datetime
from hashlib import blake2b
from typing import Annotated

import msgspec

from domain.catalogue import COMMANDS
from domain.kernel.event import Command
from domain.kernel.refusal import ensure
from services.contract.explanation import READING_ERRORS, Twice, explain, leaves, plain
from services.contract.unreadable import (
    ContentTypeWrong,
    ControlCharacter,
    KeyRepeated,
    SpecVersionWrong,
    TypeUnknown,
    Unreadable,
)

TYPE_PREFIX = "se.grundbok."
SPEC_VERSION = "1.0"

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=250)]
Extension = str | int | bool | None


DIGEST_BYTES = 16
"""Length of digests in bytes: two of 2**40 contents meet by chance with probability 2**-49."""


class Place(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Where a message came from: a file (or subject of a bus), and the line (or sequence) in it, from 1."""

    file: str = ""
    line: int = 0


NOWHERE = Place()


class Envelope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """The attributes of a message; `data` is left as it is until its type is known."""

    specversion: str
    id: Name
    source: Name
    type: str
    subject: str
    data: msgspec.Raw
    time: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    datacontenttype: str | None = None
    dataschema: Name | None = None
    registrationdate: date | None = None
    actor: Name | None = None

    # Documented by CloudEvents (github.com/cloudevents/spec, extensions), of no meaning to the book.
    authid: Extension = None
    authtype: Extension = None
    causationid: Extension = None
    correlationid: Extension = None
    datacategory: Extension = None
    dataclassification: Extension = None
    dataref: Extension = None
    dataregulation: Extension = None
    expirytime: Extension = None
    partitionkey: Extension = None
    recordedtime: Extension = None
    sampledrate: Extension = None
    sequence: Extension = None
    sequencetype: Extension = None
    severitynumber: Extension = None
    severitytext: Extension = None
    traceparent: Extension = None
    tracestate: Extension = None


class Message(msgspec.Struct, frozen=True, kw_only=True, gc=False, array_like=True):
    """A message that was understood: who sent it, what it asks, and the digest by which the same content is known.

    `key` is its identity, in one piece.
    """

    id: str
    source: str
    type: str
    subject: str
    actor: str
    registered_on: date | None
    key: bytes
    digest: bytes
    place: Place
    command: Command


_envelope = msgspec.json.Decoder(Envelope).decode
_data = {TYPE_PREFIX + name: msgspec.json.Decoder(kind).decode for name, kind in COMMANDS.items()}
_types = {kind: TYPE_PREFIX + name for name, kind in COMMANDS.items()}
_defaults = {
    kind: tuple(
        (field.name, field.default)
        for field in msgspec.structs.fields(kind)
        if field.default and type(field.default) is str
    )
    for kind in COMMANDS.values()
}
_encode = msgspec.json.encode
# Fields in the order of their names: what a message says does not depend on how our classes are written down.
canonical = msgspec.json.Encoder(order="sorted").encode


def read_message(line: bytes, place: Place = NOWHERE) -> Message:
    """Return the message in a line of JSON without its line break; raises `Unreadable`."""
    try:
        envelope = _envelope(line)
    except READING_ERRORS as error:
        raise explain(error, line) from error
    decode = _data.get(envelope.type)
    if decode is None or envelope.specversion != SPEC_VERSION:
        raise _of_another_kind(envelope)
    try:
        command = _without_stated_defaults(decode(envelope.data))
    except READING_ERRORS as error:
        raise explain(error, line, "data", bytes(envelope.data)) from error
    actor = envelope.actor or envelope.source
    said = canonical(command)
    content = content_of(envelope.type, envelope.subject, envelope.registrationdate, actor, said)
    _refuse_odd_attributes(envelope, actor)
    _refuse_control_characters(line, content)
    _refuse_repeated_keys(line, envelope, said)
    return Message(
        id=envelope.id,
        source=envelope.source,
        type=envelope.type,
        subject=envelope.subject,
        actor=actor,
        registered_on=envelope.registrationdate,
        key=identity_key(envelope.source, envelope.id),
        digest=content_digest(content),
        place=place,
        command=command,
    )


def identity_key(source: str, message_id: str) -> bytes:
    """Return the key of a message; the source must be free of NUL, which parts it from the id.

    It is not a hash: sources number or date their messages, so the keys of a batch lie beside each other in an index.
    """
    ensure("\0" not in source, "the source of a message must not contain NUL")
    return f"{source}\0{message_id}".encode()


def content_of(kind: str, subject: str, registered_on: date | None, actor: str, said: bytes) -> bytes:
    """Return the canonical bytes of what a message says; `said` is its command in canonical form."""
    return _encode((kind, subject, registered_on, actor)) + said


def content_digest(content: bytes) -> bytes:
    """Return the 16-byte digest by which the same content is recognised."""
    return blake2b(content, digest_size=DIGEST_BYTES).digest()


def message_of(command: Command, *, message_id: str, source: str, subject: str, actor: str) -> Message:
    """Return the message that asks for a command, for requests that the program words itself."""
    envelope = {
        "specversion": SPEC_VERSION,
        "id": message_id,
        "source": source,
        "type": _types[type(command)],
        "subject": subject,
        "actor": actor,
        "data": command,
    }
    return read_message(_encode(envelope))


def hint_of(line: bytes) -> tuple[str, str]:
    """Return the source and id of a message that could not be read, as far as they can be made out."""
    try:
        found = plain(line)
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(found, dict):
        return "", ""
    source, message_id = found.get("source"), found.get("id")
    return source if type(source) is str else "", message_id if type(message_id) is str else ""


def _without_stated_defaults(command: Command) -> Command:
    """Return the command with defaults that were stated as if they had not been: they are the same content.

    msgspec leaves out of the bytes a default that is the very object of the class, not one that only equals it.
    """
    for name, default in _defaults[type(command)]:
        value = getattr(command, name)
        if value == default and value is not default:
            command = msgspec.structs.replace(command, **{name: default})
    return command


def _of_another_kind(envelope: Envelope) -> Unreadable:
    if envelope.specversion != SPEC_VERSION:
        return SpecVersionWrong(field="specversion", value=envelope.specversion[:60])
    nearest = difflib.get_close_matches(envelope.type[:100], _data, n=3, cutoff=0.0)
    return TypeUnknown(field="type", value=envelope.type[:100], nearest=tuple(nearest))


def _refuse_odd_attributes(envelope: Envelope, actor: str) -> None:
    if not (envelope.id + envelope.source + actor).isprintable():
        names = (("id", envelope.id), ("source", envelope.source), ("actor", actor))
        raise ControlCharacter(field=next(field for field, name in names if not name.isprintable()))
    kind = envelope.datacontenttype
    if kind is not None and kind.partition(";")[0].strip().lower() != "application/json":
        raise ContentTypeWrong(field="datacontenttype", value=kind[:60])


def _refuse_control_characters(line: bytes, content: bytes) -> None:
    """Refuse texts that nobody can read; a line break and a tab are let through.

    JSON takes a control character only as an escape, so a line without a backslash has none.
    """
    if b"\\" not in line or b"\\u00" not in content:
        return
    for field, value in leaves(plain(line)):
        if isinstance(value, str) and any(sign < " " and sign not in "\n\r\t" for sign in value):
            raise ControlCharacter(field=field)


def _refuse_repeated_keys(line: bytes, envelope: Envelope, said: bytes) -> None:
    """Refuse an object with a key twice, of which JSON decoders keep the last.

    What was understood, encoded anew, has each key once, and so fewer colons than a line that repeats one. Only when
    the colons differ (a default was stated), or could hide (as an escape, or an offset written +0100), is it worth
    reading the line once more.
    """
    same = line.count(b":") == _encode(envelope).count(b":") and bytes(envelope.data).count(b":") == said.count(b":")
    plain_time = envelope.time is None or envelope.time.tzinfo is UTC
    # Most lines have no escape at all, which is seen in a tenth of the time.
    if same and plain_time and (b"\\" not in line or b"\\u003" not in line):
        return
    for field, value in leaves(plain(line)):
        if isinstance(value, Twice):
            raise KeyRepeated(field=field)
