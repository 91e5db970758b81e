"""A writer that somebody overtakes without its lock, as the one who makes a book does with the first events."""

from collections.abc import Sequence
from contextlib import nullcontext

import pytest

from domain.catalogue import AnyEvent
from services.application.writer import BookWriter
from services.clock import FixedClock
from services.event_store.positioned import Identity
from services.event_store.store import BookStore
from tests.services.messages import NOON, codes, founding, read, vouchers


def test_decides_anew_when_a_message_was_recorded_after_the_state_was_read(
    store: BookStore[AnyEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = BookWriter(store, FixedClock(NOON))
    identities = store.identities

    def overtaken(keys: Sequence[bytes]) -> dict[bytes, Identity]:
        monkeypatch.setattr(store, "identities", identities)
        first.write(read(*founding()))
        return identities(keys)

    second = BookWriter(store, FixedClock(NOON))
    monkeypatch.setattr(store, "identities", overtaken)
    monkeypatch.setattr(store, "writing", nullcontext)

    answers = second.write(read(*founding(), *vouchers(1)))

    assert codes(answers) == ["again"] * 4 + ["A1/2023"]
