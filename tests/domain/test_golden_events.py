"""Stored events are read for ever: each tag has a file of bytes that decodes, and encodes to the same bytes again.

`--update-golden` adds the file of a new tag. It never changes one: a new shape is a new tag.
"""

from pathlib import Path

import msgspec
import pytest

from domain.catalogue import AnyEvent
from tests.domain.every_event import EVENTS, every_event, tag_of

GOLDEN = Path(__file__).parent.parent / "golden" / "events"
DECODER: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)
TAGS = sorted(tag_of(kind) for kind in EVENTS)


@pytest.fixture(scope="module", autouse=True)
def added(update_golden: bool) -> None:  # noqa: FBT001 - a fixture
    """Add the files of tags that have none, when asked to."""
    if update_golden:
        for tag, event in every_event().items():
            file = GOLDEN / f"{tag}.json"
            if not file.exists():
                file.write_bytes(msgspec.json.encode(event))


@pytest.mark.parametrize("tag", TAGS)
def test_reads_a_stored_event_and_would_store_it_the_same(tag: str) -> None:
    stored = (GOLDEN / f"{tag}.json").read_bytes()

    event = DECODER.decode(stored)

    assert tag_of(type(event)) == tag
    assert msgspec.json.encode(event) == stored


def test_has_a_file_for_every_event_and_an_event_for_every_file() -> None:
    assert sorted(file.stem for file in GOLDEN.iterdir()) == TAGS


@pytest.mark.parametrize(
    "damage",
    [
        (b'"registered_on":"2023-06-30"', b'"registered_on":"2023-02-30"'),
        (b'"registered_on"', b'"invented":1,"registered_on"'),
        (b'"project.opened"', b'"project.reopened"'),
        (b'"name":"Stegen"', b'"name":7'),
        (b'"name":"Stegen",', b""),
        (b'"project":"stegen"', b'"project":"stegen\\n"'),
    ],
)
def test_refuses_to_read_a_damaged_event(damage: tuple[bytes, bytes]) -> None:
    stored = (GOLDEN / "project.opened.json").read_bytes()
    damaged = stored.replace(*damage)

    assert damaged != stored
    with pytest.raises(msgspec.ValidationError):
        DECODER.decode(damaged)
