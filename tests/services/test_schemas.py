"""Schemas: everything that goes in and out has its committed schema, named as it will stay."""

import json
from pathlib import Path

import pytest

from domain.catalogue import COMMANDS
from services.cli.schemas import FOLDER, listed
from services.contract.outgoing import EVENTS
from services.contract.questions import QUESTIONS
from services.contract.schemas import (
    GROUPS,
    SCHEMAS,
    MessageTypeUnknown,
    purpose_of,
    schema,
    schema_bytes,
    schema_path,
    write_schemas,
)


@pytest.fixture(scope="module", autouse=True)
def written(update_golden: bool) -> None:  # noqa: FBT001 - a fixture
    """Write the schemas anew, when asked to."""
    if update_golden:
        write_schemas(FOLDER)


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_committed_schema_is_the_type(name: str) -> None:
    assert (FOLDER / schema_path(name)).read_bytes() == schema_bytes(name)


def files(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


def test_no_schema_is_left_over(tmp_path: Path) -> None:
    assert files(FOLDER) == {schema_path(name) for name in SCHEMAS}

    (tmp_path / "events").mkdir()
    for gone in ("gone.json", "events/gone.json"):
        (tmp_path / gone).write_text("{}")
    write_schemas(tmp_path)
    assert files(tmp_path) == files(FOLDER)


def test_everything_that_goes_in_and_out_has_a_schema() -> None:
    assert len(set(SCHEMAS)) == len(SCHEMAS) == len({schema_path(name) for name in SCHEMAS})
    assert set(SCHEMAS) == {
        *COMMANDS,
        *(f"event.{tag}" for tag in EVENTS),
        *(f"question.{name}" for name in QUESTIONS),
        *GROUPS["answers"],
        *GROUPS["replies"],
        *GROUPS["bucket"],
    }


def test_a_schema_names_its_type_and_is_strict() -> None:
    described = schema("voucher.post")
    message = described["$defs"]["PostVoucherMessage"]

    assert described["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert message["properties"]["type"] == {"enum": ["se.grundbok.voucher.post"]}
    assert message["properties"]["specversion"] == {"enum": ["1.0"]}
    assert set(message["required"]) == {"specversion", "id", "source", "type", "subject", "data"}
    assert message["additionalProperties"] is False
    assert message["properties"]["data"] == {"$ref": "#/$defs/PostVoucher"}
    assert described["$defs"]["PostVoucher"]["additionalProperties"] is False
    with pytest.raises(MessageTypeUnknown):
        schema("voucher.pots")


def test_the_schema_of_an_event_is_its_envelope_with_its_data() -> None:
    described = schema("event.voucher.posted")
    message = described["$defs"]["VoucherPostedEvent"]

    assert described["$id"] == "urn:grundbok:schema:event.voucher.posted"
    assert message["properties"]["type"] == {"enum": ["se.grundbok.event.voucher.posted"]}
    assert message["properties"]["datacontenttype"] == {"enum": ["application/json"]}
    assert message["properties"]["position"] == {"type": "integer", "minimum": 1}
    assert set(message["required"]) == set(message["properties"])
    assert "additionalProperties" not in message
    assert message["properties"]["data"] == {"$ref": "#/$defs/VoucherPosted"}
    assert described["$defs"]["VoucherPosted"]["properties"]["event"] == {"enum": ["voucher.posted"]}


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_reference_in_a_schema_leads_somewhere(name: str) -> None:
    described = schema(name)

    found = [place for place in _references(described) if place.removeprefix("#/$defs/") not in described["$defs"]]

    assert found == []


def _references(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for value in part.values() for found in _references(value)]
    return [found for value in part for found in _references(value)] if isinstance(part, list) else []


def test_lists_them_by_group_with_a_purpose() -> None:
    lines = listed().splitlines()

    assert [line.removeprefix("# ") for line in lines if line.startswith("# ")] == list(GROUPS)
    assert [line.split()[0] for line in lines if line and not line.startswith("#")] == list(SCHEMAS)
    assert all(purpose_of(name) for name in SCHEMAS)
    json.loads(schema_bytes("question.report"))
