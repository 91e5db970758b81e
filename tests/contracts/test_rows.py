"""What a proof of a book reads: rows as they stand, every identity, the stream, and the state of the tables."""

from services.event_store.recorder import BEFORE_ALL
from services.event_store.shelf import BookShelf
from tests.contracts.events import AnyTestEvent, identity, mapper, notes


def test_a_proof_reads_rows_identities_stream_and_tables(shelf: BookShelf[AnyTestEvent]) -> None:
    store = shelf.create("bevis")
    wanted = [identity("a", 1, count=3)]
    store.append(notes(3), after=0, identities=wanted)

    rows = store.rows(BEFORE_ALL, 2)

    assert [(row.position, row.stream, row.state) for row in rows + store.rows(2, 2)] == [
        (position, store.stream(), mapper().encode(note)) for position, note in enumerate(notes(3), 1)
    ]
    assert {row.topic for row in rows} == {mapper().to_stored_events("s", 0, notes(1))[0].topic}
    assert store.rows(3, 2) == []
    assert store.all_identities() == wanted
    assert store.troubles() == []
