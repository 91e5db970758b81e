"""The bus as an AsyncAPI 3.0.0 document: every subject, what is on it, and who asks and answers.

Generated from the names in `subjects` and from the types, like the JSON Schemas; committed beside them. It is written
from Grundbok's side: `receive` is what Grundbok takes in.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from services.contract import subjects
from services.contract.envelope import TYPE_PREFIX
from services.contract.outgoing import EVENT_PREFIX, EVENTS
from services.contract.questions import QUESTIONS
from services.contract.schemas import (
    ANSWERS,
    EVENT_NAMES,
    MESSAGES,
    QUESTION_NAMES,
    REPLIES,
    SCHEMAS,
    SHOWN,
    purpose_of,
    readable,
    type_of,
    unindented,
)

SPECIFICATION = "3.0.0"
CONTRACT_VERSION = "1.0.0"
BINDING_VERSION = "0.1.0"

JSON = "application/json"
CLOUD_EVENT = "application/cloudevents+json"
MESSAGE_ID = "Nats-Msg-Id"

Part = dict[str, Any]

ANSWERED_BY: Mapping[str, tuple[str, ...]] = {
    "report": ("report", "report.csv", "report.text"),
    "trace": ("reply.trace", "reply.trace.message", "reply.trace.text"),
    "history": ("reply.history", "reply.history.text"),
    "events": ("reply.events",),
    "position": ("reply.position",),
}
"""The messages that may answer each question; each may also be refused."""

TEXTS: Mapping[str, tuple[str, str]] = {
    "report.csv": ("text/csv", "A report as comma-separated values."),
    "report.text": ("text/plain", "A report as text for people."),
    "reply.trace.text": ("text/plain", "A trace as text for people."),
    "reply.history.text": ("text/plain", "The processing history of a voucher as text for people."),
}


def asyncapi() -> Part:
    """Return the document."""
    return {
        "asyncapi": SPECIFICATION,
        "id": "urn:grundbok:bus",
        "info": {
            "title": "Grundbok on the bus",
            "version": CONTRACT_VERSION,
            "description": "Messages in, receipts, events, reports and questions of the books of associations. The book"
            " is the record; what is on the bus is a copy of it.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": JSON,
        "servers": _servers(),
        "channels": _channels(),
        "operations": _operations(),
        "components": {
            "securitySchemes": _security_schemes(),
            "parameters": _parameters(),
            "messages": _messages(),
            "schemas": _schemas(),
        },
    }


def asyncapi_bytes() -> bytes:
    """Return the file of the document: indented, keys in order."""
    return readable(asyncapi())


# ------------------------------------------------------------------------------------------------------- the servers


def _servers() -> Part:
    return {
        "nats": {
            "host": "{host}",
            "protocol": "nats",
            "description": "NATS with JetStream, 2.15 or later.",
            "variables": {
                "host": {"default": "127.0.0.1:4222", "description": "Host and port; by default the embedded server's."}
            },
            "security": [_ref("securitySchemes", "nkey")],
        }
    }


def _security_schemes() -> Part:
    return {
        "nkey": {
            "type": "asymmetricEncryption",
            "description": "An NKey (Ed25519): the client signs the server's nonce with the seed of its user, who may"
            " use the subjects of its associations only.",
        }
    }


# ------------------------------------------------------------------------------------------------------ the channels


def _channels() -> Part:
    book = "{book}"
    bucket = subjects.REPORTS_BUCKET
    channels = {
        "in": _channel(subjects.in_subject(book), "Messages for a book, taken in order.", MESSAGES),
        "receipts": _channel(
            subjects.receipts_subject(book), "An answer to each message, under the sequence it had.", ANSWERS
        ),
        "dead": _channel(
            subjects.dead_subject(book), "Messages that were refused, with their bytes and headers.", ("dead",)
        ),
        "events": _channel(
            subjects.events_subject(book, "{type}"),
            "What is in a book. The sequence in the stream is the position in the book, without gap or duplicate.",
            EVENT_NAMES,
        ),
        "reports": _channel(
            subjects.bucket_subject(bucket, subjects.report_key(book, "{report}")),
            f"The latest reports, in the KV bucket {bucket}; those of a book reflect one position.",
            ("report",),
        ),
        "reportsPosition": _channel(
            subjects.bucket_subject(bucket, subjects.report_key(book, subjects.POSITION_KEY)),
            f"The position that the reports of a book in the KV bucket {bucket} reflect.",
            SHOWN,
        ),
    }
    for name in QUESTIONS:
        asked = _channel(subjects.query_subject(book, name), purpose_of(f"question.{name}"), (f"question.{name}",))
        channels[_ask(name)] = asked
        channels[_reply(name)] = _inbox(name)
    return channels


def _channel(address: str, description: str, messages: Iterable[str]) -> Part:
    return {
        "address": address,
        "description": description,
        "servers": [{"$ref": "#/servers/nats"}],
        "messages": {name: _ref("messages", name) for name in messages},
        "parameters": {
            name: _ref("parameters", name) for name in ("book", "type", "report") if f"{{{name}}}" in address
        },
    }


def _inbox(question: str) -> Part:
    return {
        "address": None,
        "description": "The reply subject that the request names.",
        "messages": {name: _ref("messages", name) for name in (*ANSWERED_BY[question], "question.refused")},
    }


def _parameters() -> Part:
    return {
        "book": {"description": "The name of the book: 1 to 41 of a-z, 0-9 and hyphen.", "examples": ["varend"]},
        "type": {"description": "The tag of the event; its dot begins a new token.", "enum": list(EVENTS)},
        "report": {"description": "The name of a report of the book.", "examples": ["income-statement", "grants"]},
    }


# ---------------------------------------------------------------------------------------------------- the operations


def _operations() -> Part:
    operations = {
        "takeMessage": _operation("receive", "in", "Take a message in; answer it when it is durable.")
        | {"reply": _answered_on("receipts")},
        "answerMessage": _operation("send", "receipts", "Answer a message: a receipt or a refusal."),
        "keepDeadLetter": _operation("send", "dead", "Keep a message that was refused until it is redriven."),
        "publishEvent": _operation("send", "events", "Publish what is in the book, in order."),
        "putReport": _operation("send", "reports", "Put the latest reports after each batch of events."),
        "putReportsPosition": _operation("send", "reportsPosition", "Say which position the reports reflect."),
    }
    for name in QUESTIONS:
        asked = _operation("receive", _ask(name), purpose_of(f"question.{name}"))
        operations[f"answer{name.capitalize()}"] = asked | {
            "reply": _answered_on(_reply(name)),
            "bindings": {"nats": {"queue": subjects.QUERY_GROUP, "bindingVersion": BINDING_VERSION}},
        }
    return operations


def _operation(action: str, channel: str, summary: str) -> Part:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary}


def _answered_on(channel: str) -> Part:
    return {"channel": {"$ref": f"#/channels/{channel}"}}


def _ask(question: str) -> str:
    return f"ask{question.capitalize()}"


def _reply(question: str) -> str:
    return f"{question}Reply"


# ------------------------------------------------------------------------------------------------------ the messages


def _messages() -> Part:
    messages = {name: _message(TYPE_PREFIX + name, name, CLOUD_EVENT) for name in MESSAGES}
    messages |= {name: _message(EVENT_PREFIX + tag, name, CLOUD_EVENT) for name, tag in EVENT_NAMES.items()}
    messages |= {name: _message(name, name, JSON) for name in (*QUESTION_NAMES, *REPLIES, *ANSWERS, *SHOWN)}
    for name, (content_type, summary) in TEXTS.items():
        messages[name] = {
            "name": name,
            "summary": summary,
            "contentType": content_type,
            "payload": {"type": "string"},
        }
    for name in MESSAGES:
        messages[name]["headers"] = _headers({MESSAGE_ID: _SENDER_ID})
    messages["receipt"]["headers"] = _headers({subjects.SEQUENCE_HEADER: _SEQUENCE}, subjects.SEQUENCE_HEADER)
    messages["refused"]["headers"] = messages["receipt"]["headers"]
    messages["question.refused"] = _message("question.refused", "refused", JSON) | {
        "summary": "A question that was refused: why, in code, in words and in facts.",
        "headers": _headers(_REFUSAL, *_REFUSAL),
    }
    messages["dead"] = _dead()
    return messages


_SENDER_ID = "Chosen by the sender, such as source and id; the same again within two minutes is kept once."
_SEQUENCE = "The sequence of the message in its stream."
_REFUSAL = {
    subjects.REFUSAL_CODE: "The code of the refusal; only a refusal has it, whatever kind of text was asked for.",
    subjects.REFUSAL_TEXT: "The reason in English.",
}


def _message(name: str, schema: str, content_type: str) -> Part:
    return {
        "name": name,
        "summary": purpose_of(schema),
        "contentType": content_type,
        "payload": _ref("schemas", type_of(schema).__name__),
    }


def _dead() -> Part:
    said = {
        subjects.SEQUENCE_HEADER: _SEQUENCE,
        subjects.MADE_HEADER: "Which making of the stream the sequence belongs to.",
        subjects.CODE_HEADER: "The code of the refusal.",
        subjects.FIELD_HEADER: "The field that was refused; empty where it is the message as a whole.",
        subjects.REASON_HEADER: "The reason in Swedish, on one line.",
    }
    some_have = {
        subjects.REASON_EN_HEADER: "The reason in English, on one line; letters of older programs lack it.",
        f"{subjects.KEPT_PREFIX}{MESSAGE_ID}": "The Nats-Msg-Id that the message had, if it had one.",
    }
    return {
        "name": "dead",
        "summary": "A message as it was sent, whatever it was, with its headers and why it was refused.",
        "payload": {"description": "The bytes that were sent; they need not be JSON."},
        "headers": _headers(said | some_have, *said),
    }


def _headers(described: Mapping[str, str], *required: str) -> Part:
    return {
        "type": "object",
        "properties": {name: {"type": "string", "description": text} for name, text in described.items()},
        "required": sorted(required),
    }


# ------------------------------------------------------------------------------------------------------- the schemas


def _schemas() -> Part:
    _, schemas = msgspec.json.schema_components(
        [type_of(name) for name in SCHEMAS], ref_template="#/components/schemas/{name}"
    )
    found: Part = unindented(schemas)
    return found


def _ref(kind: str, name: str) -> Part:
    return {"$ref": f"#/components/{kind}/{name}"}
