"""The AsyncAPI document: committed as it is generated, whole, and about every name on the bus."""

import ast
import inspect
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from nats.micro.request import ERROR_CODE_HEADER, ERROR_HEADER
from nats.micro.service import DEFAULT_QUEUE_GROUP

from domain.catalogue import COMMANDS
from services.cli.schemas import ASYNCAPI_FILE
from services.contract import subjects
from services.contract.answers import Refused
from services.contract.asyncapi import ANSWERED_BY, asyncapi, asyncapi_bytes
from services.contract.outgoing import EVENTS
from services.contract.questions import QUESTIONS
from services.contract.schemas import SCHEMAS, schema
from services.messaging.inbound import dead_letter
from services.messaging.port import Stored

DOCUMENT: dict[str, Any] = json.loads(asyncapi_bytes())
CHANNELS: dict[str, dict[str, Any]] = DOCUMENT["channels"]
OPERATIONS: dict[str, dict[str, Any]] = DOCUMENT["operations"]
MESSAGES: dict[str, dict[str, Any]] = DOCUMENT["components"]["messages"]

INTERNAL = {"cursor_key", "receipts_stream", "events_stream", "bucket_stream", "events_subjects", "book_of"}
"""Functions of `subjects` that name no subject of the contract: streams, patterns, and what only Grundbok reads."""


@pytest.fixture(scope="module", autouse=True)
def written(update_golden: bool) -> None:  # noqa: FBT001 - a fixture
    """Write the document anew, when asked to."""
    if update_golden:
        ASYNCAPI_FILE.write_bytes(asyncapi_bytes())


def test_the_committed_document_is_the_generated_one() -> None:
    assert ASYNCAPI_FILE.read_bytes() == asyncapi_bytes()


def references(part: object) -> list[str]:
    """Return every reference in a part of the document."""
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for value in part.values() for found in references(value)]
    return [found for value in part for found in references(value)] if isinstance(part, list) else []


def at(reference: str) -> Any:  # noqa: ANN401 - any JSON there is
    """Return what a reference leads to; KeyError if it leads nowhere."""
    found: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found


def test_every_reference_leads_somewhere() -> None:
    found = references(DOCUMENT)

    assert len(found) > len(SCHEMAS)
    assert all(at(reference) for reference in found)
    with pytest.raises(KeyError):
        at("#/components/messages/voucher.pots")


def test_every_schema_and_message_is_used() -> None:
    used = set(references(DOCUMENT))

    for kind in ("messages", "schemas", "parameters", "securitySchemes"):
        names = DOCUMENT["components"][kind]
        assert [name for name in names if f"#/components/{kind}/{name}" not in used] == []


def test_every_channel_has_an_operation_and_every_operation_a_channel() -> None:
    spoken = {operation["channel"]["$ref"] for operation in OPERATIONS.values()}
    replied = {operation["reply"]["channel"]["$ref"] for operation in OPERATIONS.values() if "reply" in operation}

    assert spoken | replied == {f"#/channels/{name}" for name in CHANNELS}


def subject_patterns() -> set[str]:
    """Return every subject that `subjects` can word, with its parameters in braces."""
    patterns = set()
    for name, function in inspect.getmembers(subjects, inspect.isfunction):
        if name in INTERNAL:
            continue
        named = [f"{{{parameter}}}" for parameter in inspect.signature(function).parameters]
        match name:
            case "query_subject":
                patterns |= {function("{book}", question) for question in QUESTIONS}
            case "events_subject":
                patterns.add(function("{book}", "{type}"))
            case "report_key":
                keys = {function(*named), function("{book}", subjects.POSITION_KEY)}
                patterns |= {subjects.bucket_subject(subjects.REPORTS_BUCKET, key) for key in keys}
            case "bucket_subject":
                pass
            case _:
                patterns.add(function(*named))
    return patterns


def test_every_subject_is_a_channel() -> None:
    addresses = {channel["address"] for channel in CHANNELS.values()}

    assert addresses - {None} == subject_patterns()


def test_the_parameters_of_an_address_are_described() -> None:
    for channel in CHANNELS.values():
        named = {part[1:-1] for part in (channel["address"] or "").split(".") if part.startswith("{")}
        assert named == set(channel.get("parameters", {}))


def test_every_command_event_question_and_answer_is_a_message_with_its_payload() -> None:
    assert set(SCHEMAS) <= set(MESSAGES)
    assert set(CHANNELS["in"]["messages"]) == set(COMMANDS)
    assert set(CHANNELS["events"]["messages"]) == {f"event.{tag}" for tag in EVENTS}
    assert set(CHANNELS["events"]["parameters"]) == {"book", "type"}
    assert DOCUMENT["components"]["parameters"]["type"]["enum"] == list(EVENTS)
    for name in SCHEMAS:
        payload = at(MESSAGES[name]["payload"]["$ref"])
        described = schema(name)
        same = described["$defs"][described["$ref"].rpartition("/")[2]]
        assert set(payload["properties"]) == set(same["properties"])


def test_every_question_has_its_answers_and_may_be_refused() -> None:
    assert set(ANSWERED_BY) == set(QUESTIONS)
    for name in QUESTIONS:
        operation = OPERATIONS[f"answer{name.capitalize()}"]
        replies = at(operation["reply"]["channel"]["$ref"])["messages"]
        assert operation["action"] == "receive"
        assert set(replies) == {*ANSWERED_BY[name], "question.refused"}
        assert operation["bindings"]["nats"]["queue"] == subjects.QUERY_GROUP


def test_a_refused_question_is_told_as_nats_services_do() -> None:
    headers = MESSAGES["question.refused"]["headers"]

    assert set(headers["required"]) == {ERROR_CODE_HEADER, ERROR_HEADER}
    assert subjects.QUERY_GROUP == DEFAULT_QUEUE_GROUP
    assert MESSAGES["question.refused"]["payload"] == MESSAGES["refused"]["payload"]
    assert set(at(MESSAGES["refused"]["payload"]["$ref"])["properties"]) == {"answer", *Refused.__struct_fields__}


def test_a_dead_letter_has_the_headers_that_are_said() -> None:
    refused = Refused(code="c", sv="sv", en="en", facts={})
    at_noon = datetime(2023, 6, 30, 12, 0, tzinfo=UTC)
    stored = Stored(7, subjects.in_subject("prov"), b"{}", {"Nats-Msg-Id": "1"}, at_noon)

    letter = dead_letter("prov", "made", stored, refused)

    said = MESSAGES["dead"]["headers"]
    assert set(letter.headers) == set(said["properties"])
    assert set(said["required"]) == set(letter.headers) - {"Grundbok-Had-Nats-Msg-Id", "Grundbok-Reason-En"}
    assert letter.subject == subjects.dead_subject("prov")


def test_nothing_else_spells_out_a_subject() -> None:
    spelt = []
    for file in (Path(__file__).parents[2] / "services").rglob("*.py"):
        if file.name == "subjects.py":
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            match node:
                case ast.JoinedStr(values=[ast.Constant(value=str() as text), *_]) if text.startswith(
                    ("grundbok.in.", "grundbok.receipts.", "grundbok.dead.", "grundbok.events.", "grundbok.query.")
                ):
                    spelt.append(f"{file.name}:{node.lineno}")
                case _:
                    pass

    assert spelt == []


def test_is_generated_the_same_every_time() -> None:
    assert asyncapi() == asyncapi()
    assert asyncapi()["asyncapi"] == "3.0.0"
