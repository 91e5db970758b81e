"""A snapshot and what came after it give the state that a replay of everything gives, whatever the history."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalogue import AnyEvent
from services.application.snapshots import Snapshot, decode, encode, program
from services.application.state import Known, VoucherPlaces, follow
from tests.properties.test_any_history import WITH_FEW, History, histories

pytestmark = pytest.mark.slow


def replay(known: Known, places: VoucherPlaces, events: list[AnyEvent]) -> Known:
    """Return what is known after the events, having noted where their vouchers stand."""
    for event in events:
        known = follow(known, event)
        places.note(known.position, event)
    return known


@WITH_FEW
@given(histories, st.data())
def test_continues_from_a_snapshot_as_from_a_replay(history: History, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(history.events)))
    places, all_places = VoucherPlaces(), VoucherPlaces()
    known = replay(Known(), places, history.events[:position])

    stored = encode(Snapshot(program(), "prov", b"", known, places.positions))
    snapshot = decode(stored)

    assert snapshot is not None
    assert repr(snapshot.known) == repr(known)  # the same types, where equal values could be of others
    assert encode(snapshot) == stored
    restored = VoucherPlaces(snapshot.places)
    after = replay(snapshot.known, restored, history.events[position:])
    assert after == replay(Known(), all_places, history.events)
    assert after.book == history.states[-1]
    assert restored.positions == all_places.positions


@WITH_FEW
@given(histories, st.data())
def test_refuses_a_snapshot_with_any_byte_changed(history: History, data: st.DataObject) -> None:
    known = replay(Known(), VoucherPlaces(), history.events)
    stored = bytearray(encode(Snapshot(program(), "prov", b"", known, {})))

    stored[data.draw(st.integers(0, len(stored) - 1))] ^= data.draw(st.integers(1, 255))

    assert decode(bytes(stored)) is None
