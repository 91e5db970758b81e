"""Events on the bus: every event of the catalogue as a CloudEvent, made of its stored bytes, and read back strictly."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.books.register import ProjectOpened
from domain.catalogue import AnyEvent
from domain.kernel.event import Recorded
from domain.kernel.refusal import InvariantBroken, Refusal
from services.contract.outgoing import EVENTS, EventContradicts, EventEncoder, EventTypeUnknown, owner_of, read_event
from services.contract.schemas import type_of
from services.contract.unreadable import FieldMissing, FieldUnknown, InvalidUtf8, NotJson, SpecVersionWrong, WrongType
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.failures import DamagedEvent, NewerThanProgram
from services.event_store.mapper import TaggedMapper
from tests.builders import OURS, recorded

STORED = Path(__file__).parents[1] / "golden" / "events"
MAPPER = catalogue_mapper()


def encoder(book: str = "prov") -> EventEncoder:
    return EventEncoder(book, OURS, MAPPER.decode)


def stored(tag: str) -> bytes:
    return (STORED / f"{tag}.json").read_bytes()


def published(tag: str, position: int = 17) -> bytes:
    return encoder().encode(position, stored(tag))[1]


def changed(tag: str = "project.opened", **attributes: Any) -> bytes:
    """Return an event on the bus with attributes set to something else, or left out where that is None."""
    message = json.loads(published(tag)) | attributes
    return json.dumps({name: value for name, value in message.items() if value is not None}).encode()


@pytest.mark.parametrize("tag", EVENTS)
def test_an_event_is_published_as_it_is_stored_and_read_back(tag: str) -> None:
    event = MAPPER.decode("prov", 17, stored(tag))

    named, data = encoder().encode(17, stored(tag))
    message = json.loads(data)
    read = read_event(data)

    assert named == tag
    assert stored(tag) in data
    assert message.pop("data") == json.loads(stored(tag))
    assert message == {
        "specversion": "1.0",
        "id": "prov/17",
        "source": "urn:grundbok:prov",
        "type": f"se.grundbok.event.{tag}",
        "subject": OURS,
        "time": json.loads(stored(tag))["recorded"]["recorded_at"],
        "datacontenttype": "application/json",
        "position": 17,
    }
    assert (read.book, read.position, read.organisation_number) == ("prov", 17, OURS)
    assert (read.event, read.recorded_at, read.type) == (event, event.recorded.recorded_at, f"se.grundbok.event.{tag}")
    assert read_event(data, MAPPER.decode) == read


@pytest.mark.parametrize("tag", EVENTS)
def test_an_event_is_what_its_schema_says(tag: str) -> None:
    kind: Any = type_of(f"event.{tag}")

    message = msgspec.json.decode(published(tag), type=kind)

    assert message.data == MAPPER.decode("prov", 17, stored(tag))


def test_names_that_look_like_formats_are_only_names() -> None:
    _, data = EventEncoder("100%d", '%b"%', MAPPER.decode).encode(3, stored("project.opened"))

    assert json.loads(data)["id"] == "100%d/3"
    assert json.loads(data)["subject"] == '%b"%'


class OldProjectOpened(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="project.began"):
    """A shape that books may still hold."""

    id: str
    recorded: Recorded


OLD = OldProjectOpened(id="stegen", recorded=recorded())


def old_mapper() -> TaggedMapper[AnyEvent]:
    def upcast(old: OldProjectOpened) -> ProjectOpened:
        return ProjectOpened(project=old.id, name=old.id.title(), recorded=old.recorded)

    return TaggedMapper(AnyEvent, retired=(OldProjectOpened,), upcasters={"project.began": upcast})


def test_an_event_of_an_older_shape_goes_out_in_the_shape_of_today() -> None:
    tag, data = EventEncoder("prov", OURS, old_mapper().decode).encode(5, msgspec.json.encode(OLD))

    assert tag == "project.opened"
    assert read_event(data).event == ProjectOpened(project="stegen", name="Stegen", recorded=recorded())


def test_an_event_that_was_published_in_an_older_shape_is_read_with_the_mapper() -> None:
    data = changed(type="se.grundbok.event.project.began", data=msgspec.to_builtins(OLD))

    assert read_event(data, old_mapper().decode).event == ProjectOpened(
        project="stegen", name="Stegen", recorded=recorded()
    )
    with pytest.raises(EventTypeUnknown):
        read_event(data)


def test_bytes_that_are_no_event_are_not_published() -> None:
    with pytest.raises(NewerThanProgram):
        encoder().encode(1, stored("project.opened").replace(b"project.opened", b"project.renamed"))
    for damaged in (b"", b"{}", b"\xff", stored("project.opened")[:-1]):
        with pytest.raises(DamagedEvent):
            encoder().encode(1, damaged)


def test_a_book_belongs_to_who_its_first_event_registered() -> None:
    assert owner_of("prov", stored("association.registered"), MAPPER.decode) == OURS
    with pytest.raises(InvariantBroken):
        owner_of("prov", stored("project.opened"), MAPPER.decode)


@pytest.mark.parametrize(
    ("data", "refusal", "facts"),
    [
        (b"{", NotJson, {}),
        (published("project.opened").replace(b"Stegen", b"\xff"), InvalidUtf8, {}),
        (changed(position=None), FieldMissing, {"field": "position"}),
        (changed(position="17"), WrongType, {"field": "position"}),
        (changed(specversion="0.3"), SpecVersionWrong, {"field": "specversion"}),
        (changed(data={"event": "project.opened"}), FieldMissing, {"field": "data.recorded"}),
        (changed(data=json.loads(stored("project.opened")) | {"x": 1}), FieldUnknown, {"field": "data.x"}),
        (changed(data=json.loads(stored("project.opened")) | {"name": 7}), WrongType, {"field": "data.name"}),
        (changed(position=18), EventContradicts, {"field": "id", "value": "prov/17", "expected": "prov/18"}),
        (changed(source="prov"), EventContradicts, {"field": "source", "expected": "urn:grundbok:prov"}),
        (changed(type="se.grundbok.event.project.closed"), EventContradicts, {"field": "type"}),
        (changed(time="2023-06-30T12:00:01Z"), EventContradicts, {"field": "time"}),
        (
            changed(type="se.grundbok.event.x", data=json.loads(stored("project.opened")) | {"event": "x"}),
            EventTypeUnknown,
            {"value": "se.grundbok.event.x"},
        ),
    ],
)
def test_what_is_no_event_is_refused(data: bytes, refusal: type[Refusal], facts: dict[str, object]) -> None:
    with pytest.raises(refusal) as said:
        read_event(data)

    assert said.value.facts.items() >= facts.items()
    for language in ("sv", "en"):
        assert all(str(fact) in said.value.sentence(language) for fact in facts.values() if refusal is EventContradicts)


def test_attributes_that_others_add_do_no_harm() -> None:
    assert read_event(changed(traceparent="00-1-2-03")).position == 17
