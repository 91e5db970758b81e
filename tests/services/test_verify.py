"""A book is proved from its bytes; a damaged copy is named with the position of its damage, where that can be told."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from projections.ledger import Key, Ledger
from services.application.proof import SENTENCES, Fault, Proof
from services.cli.verify import proof_text
from services.contract.envelope import identity_key
from tests.services.console import Said, build, copied, forged, proved, runner


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("examples"), "varend")


@pytest.fixture
def book(made: Path, tmp_path: Path) -> Path:
    return copied(made, tmp_path / "data")


@pytest.fixture
def grundbok(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Said]:
    return runner(tmp_path / "data", capsysbinary, monkeypatch)


def found(file: Path) -> list[tuple[int, str]]:
    return [(fault.position, fault.code) for fault in proved(file).faults]


def change(file: Path, position: int, do: Callable[[dict[str, Any]], object]) -> None:
    """Change the fields of an event and write it as the program would."""
    with forged(file) as connection:
        (state,) = connection.execute(
            "SELECT state FROM stored_events WHERE originator_version = ?", (position,)
        ).fetchone()
        event = json.loads(state)
        do(event)
        changed = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        connection.execute("UPDATE stored_events SET state = ? WHERE originator_version = ?", (changed, position))


def position_of(file: Path, **wanted: object) -> int:
    """Return the position of the first event with a voucher (or itself) that has these values."""
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute("SELECT originator_version, state FROM stored_events ORDER BY 1")
        for position, state in rows:
            event = json.loads(state)
            known = event | event.get("voucher", {})
            if all(known.get(name) == value for name, value in wanted.items()):
                return int(position)
    raise KeyError(wanted)


# ------------------------------------------------------------------------------------------------- a book that is right


def test_proves_a_real_book(book: Path) -> None:
    proof = proved(book)

    assert proof.faults == ()
    assert (proof.book, proof.events > 300, proof.vouchers > 200) == ("varend", True, True)
    assert proof.postings > 2 * proof.vouchers - 1
    assert proof.series["R/2017"] == 4


def test_every_fault_speaks_both_languages() -> None:
    for code, said in SENTENCES.items():
        assert set(said) == {"sv", "en"}, code


def test_says_so_and_leaves_with_zero(book: Path, grundbok: Callable[..., Said]) -> None:
    text, machine = grundbok("verify", "--book", "varend"), grundbok("verify", "--book", "varend", "-O", "json")

    assert (text.code, machine.code) == (0, 0)
    assert text.out.endswith("boken stämmer\n")
    assert json.loads(machine.out)["faults"] == []
    assert book.is_file()


# ------------------------------------------------------------------------------------------------------- damaged rows


def test_names_a_missing_row(book: Path) -> None:
    with forged(book) as connection:
        connection.execute("DELETE FROM stored_events WHERE originator_version = 100")

    assert (100, "position_missing") in found(book)
    assert min(found(book))[0] == 100


def test_names_swapped_rows(book: Path) -> None:
    with forged(book) as connection:
        for before, after in ((100, -1), (150, 100), (-1, 150)):
            connection.execute(
                "UPDATE stored_events SET originator_version = ? WHERE originator_version = ?", (after, before)
            )

    assert {100, 150} <= {position for position, code in found(book) if code == "identity_elsewhere"}


def test_names_an_inserted_row(book: Path) -> None:
    with forged(book) as connection:
        connection.execute("UPDATE stored_events SET originator_version = -originator_version - 1 WHERE "
                           "originator_version > 120")  # fmt: skip
        connection.execute("UPDATE stored_events SET originator_version = -originator_version WHERE "
                           "originator_version < 0")  # fmt: skip
        connection.execute("INSERT INTO stored_events SELECT originator_id, 121, topic, state FROM stored_events "
                           "WHERE originator_version = 120")  # fmt: skip

    assert min(found(book))[0] in (120, 121)
    assert (122, "identity_elsewhere") in found(book)


def test_names_a_row_where_no_row_belongs(book: Path) -> None:
    with forged(book) as connection:
        connection.execute("INSERT INTO stored_events SELECT originator_id, -7, topic, state FROM stored_events "
                           "WHERE originator_version = 120")  # fmt: skip

    assert found(book) == [(-7, "position_stray")]


def test_names_a_gap_in_one_sentence_however_long(book: Path) -> None:
    with forged(book) as connection:
        connection.execute("INSERT INTO stored_events SELECT originator_id, 4000000000000, topic, state FROM "
                           "stored_events WHERE originator_version = 1")  # fmt: skip

    assert [fault.code for fault in proved(book).faults].count("position_missing") == 1


def test_names_a_changed_amount(book: Path) -> None:
    place = position_of(book, series="L", number=9)

    def by_an_ore(event: dict[str, Any]) -> None:
        event["voucher"]["amounts_ore"][0] += 1

    change(book, place, by_an_ore)

    assert (place, "voucher_not_balanced") in found(book)


def test_names_an_amount_that_the_voucher_does_not_post(book: Path) -> None:
    place = position_of(book, event="supplier_invoice.paid")
    change(book, place, lambda event: event.update(amount_ore=event["amount_ore"] - 1))

    assert (place, "amount_not_posted") in found(book)


def test_names_a_changed_number(book: Path) -> None:
    place = position_of(book, series="L", number=9)
    change(book, place, lambda event: event["voucher"].update(number=19))

    assert min(found(book)) == (place, "number_out_of_sequence")


@pytest.mark.parametrize(
    ("day", "code"), [("2016-12-31", "date_outside_year"), ("2017-01-09", "date_in_closed_period")]
)
def test_names_a_changed_date(book: Path, day: str, code: str) -> None:
    place = position_of(book, event="supplier_invoice.received", accounting_date="2017-06-30")
    change(book, place, lambda event: event["voucher"].update(accounting_date=day))

    assert (place, code) in found(book)


def test_names_a_registration_date_that_goes_back_or_ahead(book: Path) -> None:
    change(book, 200, lambda event: event["recorded"].update(registered_on="2017-01-01"))
    assert (200, "registration_goes_back") in found(book)

    change(book, 200, lambda event: event["recorded"].update(registered_on="2031-01-01"))
    assert (200, "registration_ahead") in found(book)
    assert (201, "registration_goes_back") in found(book)


def test_names_bytes_that_are_cut_or_written_otherwise(book: Path) -> None:
    with forged(book) as connection:
        (cut,) = connection.execute("SELECT state FROM stored_events WHERE originator_version = 90").fetchone()
        (turned,) = connection.execute("SELECT state FROM stored_events WHERE originator_version = 91").fetchone()
        turned = json.dumps(dict(reversed(json.loads(turned).items())), ensure_ascii=False).encode()
        connection.execute("UPDATE stored_events SET state = ? WHERE originator_version = 90", (cut[:-9],))
        connection.execute("UPDATE stored_events SET state = ? WHERE originator_version = 91", (turned,))

    assert {(90, "event_damaged"), (91, "bytes_changed")} <= set(found(book))


def test_names_a_changed_topic_or_stream_even_one_that_is_no_text(book: Path) -> None:
    with forged(book) as connection:
        connection.execute("UPDATE stored_events SET topic = 'voucher.corrected' WHERE originator_version = 70")
        connection.execute("UPDATE stored_events SET topic = CAST(x'ff61' AS TEXT) WHERE originator_version = 71")
        connection.execute("UPDATE stored_events SET originator_id = 'annan' WHERE originator_version = 72")

    assert found(book) == [(70, "topic_wrong"), (71, "topic_wrong"), (72, "stream_wrong")]


# ------------------------------------------------------------------------------------------- identities, tails, links


def key_at(file: Path, position: int) -> bytes:
    with closing(sqlite3.connect(file)) as connection:
        (state,) = connection.execute(
            "SELECT state FROM stored_events WHERE originator_version = ?", (position,)
        ).fetchone()
    recorded = json.loads(state)["recorded"]
    return identity_key(recorded["source"], recorded["message_id"])


@pytest.mark.parametrize(
    ("sql", "codes"),
    [
        ("DELETE FROM message_identities WHERE key = ?", [(60, "identity_missing")]),
        ("UPDATE message_identities SET position = 7 WHERE key = ?", [(60, "identity_elsewhere")]),
        ("UPDATE message_identities SET count = 2 WHERE key = ?", [(60, "identity_elsewhere")]),
        (
            "UPDATE message_identities SET key = x'00' WHERE key = ?",
            [(60, "identity_missing"), (60, "identity_stray")],
        ),
    ],
)
def test_names_an_identity_that_is_missing_or_points_elsewhere(
    book: Path, sql: str, codes: list[tuple[int, str]]
) -> None:
    key = key_at(book, 60)
    with forged(book) as connection:
        connection.execute(sql, (key,))

    assert found(book) == codes


def test_a_tail_that_is_cut_is_seen_by_its_identities_and_not_at_all_without_them(book: Path) -> None:
    """What structure cannot tell: an older copy of a book is a book. An outside record of the head tells."""
    with forged(book) as connection:
        (first,) = connection.execute("SELECT max(position) FROM message_identities").fetchone()
        connection.execute("DELETE FROM stored_events WHERE originator_version >= ?", (first,))
    assert found(book) == [(first, "identity_stray")]

    with forged(book) as connection:
        connection.execute("DELETE FROM message_identities WHERE position = ?", (first,))
    assert found(book) == []


def test_a_message_that_is_cut_in_two_is_named(book: Path) -> None:
    with forged(book) as connection:
        (first,) = connection.execute("SELECT max(position) FROM message_identities WHERE count > 1").fetchone()
        connection.execute("DELETE FROM stored_events WHERE originator_version > ?", (first,))

    assert (first, "identity_elsewhere") in found(book)


def test_names_corrections_whose_links_are_broken(book: Path) -> None:
    place = position_of(book, event="voucher.corrected")
    with closing(sqlite3.connect(book)) as connection:
        (state,) = connection.execute(
            "SELECT state FROM stored_events WHERE originator_version = ?", (place,)
        ).fetchone()
    reference = json.loads(state)["voucher"]["reference"]

    change(book, place, lambda event: event.update(number=2))
    assert {(place, "link_broken"), (place, "not_the_reverse"), (place + 1, "link_broken")} <= set(found(book))

    change(book, place, lambda event: (event.update(json.loads(state)), event["voucher"].update(reference="A1/2017")))
    assert found(book) == [(place, "link_broken")]

    change(book, place, lambda event: event["voucher"].update(reference=reference))
    assert found(book) == []

    change(book, place + 1, lambda event: event.update(correction_number=2))
    assert found(book) == [(place + 1, "link_broken")]


def test_names_a_correction_without_the_right_voucher_after_it(book: Path) -> None:
    place = position_of(book, event="voucher.replaced")
    with forged(book) as connection:
        connection.execute("DELETE FROM stored_events WHERE originator_version = ?", (place,))

    assert (place - 1, "replacement_missing") in found(book)


def test_names_a_reversal_that_is_not_the_opposite(book: Path) -> None:
    place = position_of(book, event="accrual.reversed")

    def doubled(event: dict[str, Any]) -> None:
        event["voucher"]["amounts_ore"] = [2 * amount for amount in event["voucher"]["amounts_ore"]]

    change(book, place, doubled)

    assert found(book) == [(place, "not_the_reverse")]


def test_names_what_reports_are_made_from_when_it_is_not_the_sum(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add = Ledger._add

    def forgetful(ledger: Ledger, ordinal: int, key: Key, amount_ore: int) -> None:
        add(ledger, ordinal, key, amount_ore if key.account != 1930 else amount_ore + 1)

    monkeypatch.setattr(Ledger, "_add", forgetful)
    faults = proved(book).faults

    assert {(fault.code, fault.facts["account"]) for fault in faults} == {("ledger_differs", 1930)}


def test_names_a_trigger_that_is_gone(book: Path) -> None:
    with closing(sqlite3.connect(book)) as connection:
        connection.execute("DROP TRIGGER stored_events_no_update")
        connection.execute("CREATE TABLE extra (a)")
        connection.commit()

    reasons = [fault.facts["reason"] for fault in proved(book).faults]

    assert reasons == ["table extra was added", "trigger stored_events_no_update is missing"]


# ------------------------------------------------------------------------------------------------------ command line


def test_leaves_with_six_and_the_position(book: Path, grundbok: Callable[..., Said]) -> None:
    place = position_of(book, series="L", number=9)
    change(book, place, lambda event: event["voucher"].update(number=90))

    text = grundbok("verify", "--book", "varend", "--lang", "en")
    machine = json.loads(grundbok("verify", "--book", "varend", "-O", "json").out)

    assert text.code == 6
    assert f"position {place}: voucher L90/2017 should have number 9" in text.out
    assert text.out.endswith("faults\n")
    assert machine["faults"][0] == {
        "position": place,
        "code": "number_out_of_sequence",
        "facts": {"voucher": "L90/2017", "expected": 9},
    }


def test_counts_one_and_many_and_names_a_position_where_there_is_one() -> None:
    whole = Fault(position=0, code="store_changed", facts={"reason": "table book was changed: UNLOGGED"})
    stray = Fault(position=0, code="position_stray")
    one = Proof(book="prov", events=1, vouchers=1, postings=1, series={}, faults=(whole,))
    more = msgspec.structs.replace(one, events=0, vouchers=2, postings=4, faults=(whole, stray))

    assert proof_text(one, "sv").splitlines() == [
        "prov: 1 händelse, 1 verifikation, 1 kontering",
        "  bokens fil eller tabeller är inte som de gjordes; tabellen book har ändrats: UNLOGGED",
        "1 fel",
    ]
    assert proof_text(one, "en").splitlines()[::2] == ["prov: 1 event, 1 voucher, 1 posting", "1 fault"]
    assert proof_text(more, "sv").startswith("prov: 0 händelser, 2 verifikationer, 4 konteringar\n")
    assert proof_text(more, "en").splitlines() == [
        "prov: 0 events, 2 vouchers, 4 postings",
        "  the file or tables of the book are not as they were made; table book was changed: UNLOGGED",
        "  position 0: a row outside the positions of the book",
        "2 faults",
    ]


def test_a_damaged_page_leaves_with_six(book: Path, grundbok: Callable[..., Said]) -> None:
    content = bytearray(book.read_bytes())
    size = int.from_bytes(content[16:18], "big")
    for page in range(3, len(content) // size):
        content[page * size : page * size + 16] = b"\xff" * 16
    book.write_bytes(content)

    done = grundbok("verify", "--book", "varend")

    assert done.code == 6
    assert "damaged_book" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0 but no more", b"hej" * 9000])
def test_a_file_that_is_no_book_leaves_with_six(book: Path, grundbok: Callable[..., Said], content: bytes) -> None:
    book.write_bytes(content)

    assert grundbok("verify", "--book", "varend").code == 6
