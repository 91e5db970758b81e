"""Events become bytes once, and bytes become the event of today."""

from typing import cast, get_args

import msgspec
import pytest
from eventsourcing.persistence import StoredEvent

from domain.catalogue import AnyEvent
from domain.kernel.event import Value
from domain.kernel.refusal import InvariantBroken
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.failures import DamagedEvent, NewerThanProgram
from services.event_store.mapper import EncodedEvents, TaggedMapper
from services.event_store.positioned import Positioned
from services.event_store.upcasters import Upcaster
from tests.contracts.events import AnyTestEvent, Noted, mapper


class PaidOre(Value, frozen=True, kw_only=True, tag_field="event", tag="test.paid.v3"):
    """The shape of today."""

    amount_ore: int
    currency: str


class PaidKronor(Value, frozen=True, kw_only=True, tag_field="event", tag="test.paid.v2"):
    """The shape before: kronor and a currency."""

    kronor: int
    currency: str


class PaidPlain(Value, frozen=True, kw_only=True, tag_field="event", tag="test.paid"):
    """The first shape: kronor only."""

    kronor: int


def with_currency(old: PaidPlain) -> PaidKronor:
    return PaidKronor(kronor=old.kronor, currency="SEK")


def in_ore(old: PaidKronor) -> PaidOre:
    return PaidOre(amount_ore=old.kronor * 100, currency=old.currency)


UPCASTERS: dict[str, Upcaster] = {"test.paid": with_currency, "test.paid.v2": in_ore}
RETIRED = (PaidPlain, PaidKronor)


def paying() -> TaggedMapper[PaidOre]:
    return TaggedMapper(PaidOre, retired=RETIRED, upcasters=UPCASTERS)


@pytest.mark.parametrize(
    ("state", "event"),
    [
        (b'{"event":"test.paid","kronor":3}', PaidOre(amount_ore=300, currency="SEK")),
        (b'{"event":"test.paid.v2","kronor":3,"currency":"EUR"}', PaidOre(amount_ore=300, currency="EUR")),
        (b'{"event":"test.paid.v3","amount_ore":5,"currency":"SEK"}', PaidOre(amount_ore=5, currency="SEK")),
    ],
)
def test_reads_every_shape_that_ever_was(state: bytes, event: PaidOre) -> None:
    assert paying().decode("varend", 1, state) == event


def test_does_not_write_a_retired_shape() -> None:
    with pytest.raises(InvariantBroken, match="not in the catalogue"):
        paying().to_stored_events("varend", 0, [cast("PaidOre", PaidPlain(kronor=1))])


def test_demands_an_upcaster_for_every_retired_shape() -> None:
    with pytest.raises(InvariantBroken):
        TaggedMapper(PaidOre, retired=RETIRED, upcasters={"test.paid": with_currency})
    with pytest.raises(InvariantBroken):
        TaggedMapper(PaidOre, upcasters={"test.paid": with_currency})


def test_stores_equal_events_as_equal_bytes() -> None:
    one = Noted(text="a", facts={"b": 1, "a": 2})
    other = Noted(text="a", facts={"a": 2, "b": 1})

    assert mapper().encode(one) == mapper().encode(other)


def test_names_the_topic_by_the_tag() -> None:
    stored = mapper().to_stored_event(Positioned[AnyTestEvent]("varend", 7, Noted(text="a")))

    assert stored == StoredEvent("varend", 7, "test.noted", b'{"event":"test.noted","text":"a"}')
    assert mapper().to_domain_event(stored) == Positioned("varend", 7, Noted(text="a"))


def test_distrusts_a_topic_that_differs_from_the_tag() -> None:
    state = mapper().encode(Noted(text="a"))

    with pytest.raises(DamagedEvent, match=r"the topic says test\.counted"):
        mapper().to_domain_event(StoredEvent("varend", 1, "test.counted", state))


def test_tells_a_newer_event_from_a_damaged_one() -> None:
    with pytest.raises(NewerThanProgram) as newer:
        mapper().decode("varend", 9, b'{"event":"test.later","more":[1]}')
    assert "test.later" in newer.value.sentence("sv")
    assert "9" in newer.value.sentence("en")
    with pytest.raises(DamagedEvent):
        mapper().decode("varend", 9, b'{"event":"test.noted","text":"a","invented":1}')


@pytest.mark.parametrize("depth", [2_000, 200_000])
def test_survives_deeply_nested_bytes(depth: int) -> None:
    with pytest.raises(DamagedEvent):
        mapper().decode("varend", 1, b'{"event":"test.noted","text":' + b"[" * depth)


def test_takes_only_what_is_positioned() -> None:
    with pytest.raises(InvariantBroken):
        mapper().to_stored_event(cast("Positioned[AnyTestEvent]", Noted(text="a")))
    with pytest.raises(InvariantBroken):
        mapper().transcoder.encode(1)
    with pytest.raises(InvariantBroken):
        mapper().transcoder.decode(b"")


def test_takes_a_catalogue_of_one() -> None:
    class Only(msgspec.Struct, frozen=True, tag_field="event", tag="test.only"):
        pass

    alone: TaggedMapper[Only] = TaggedMapper(Only)
    assert alone.decode("varend", 1, alone.encode(Only())) == Only()


def test_knows_the_whole_catalogue() -> None:
    assert set(catalogue_mapper().tags) == set(get_args(AnyEvent))
    with pytest.raises(NewerThanProgram):
        catalogue_mapper().decode("varend", 1, b'{"event":"test.later"}')


def test_what_is_encoded_already_is_read_back_and_stored_as_it_is() -> None:
    events = [Noted(text="one"), Noted(text="two"), Noted(text="three")]
    encoded = EncodedEvents(mapper(), events[:2])
    encoded.add(events[2])

    assert (len(encoded), encoded[1], encoded[-1], encoded[1:]) == (3, events[1], events[2], events[1:])
    assert list(encoded) == events
    topics, states = mapper().to_columns(events)
    assert mapper().to_columns(encoded) == (topics, states)
    assert mapper().to_columns(encoded)[1][0] is encoded.states[0]


def test_an_event_of_no_catalogue_is_not_encoded() -> None:
    encoded = EncodedEvents(mapper())
    with pytest.raises(InvariantBroken, match="not in the catalogue"):
        encoded.add(cast("AnyTestEvent", PaidPlain(kronor=1)))
    assert (encoded.topics, encoded.states) == ([], [])
