"""Flipped bits in a book: an event that no longer decodes is named at its place, the others are named or counted."""

import json
import random
from collections import Counter
from typing import Any

import msgspec
import pytest

from domain.catalogue import AnyEvent
from services.application import verify as proving
from services.application.proof import Fault
from services.application.writer import BookWriter
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.failures import StoreFailure
from services.event_store.positioned import Identity, StoredRow
from services.event_store.store import BookStore
from tests.builders import (
    FOUNDING,
    a_budget,
    a_claim,
    a_contribution,
    a_contribution_invoice,
    a_contribution_payment,
    a_correction,
    a_delegation,
    a_grant,
    a_payment,
    a_supplier_invoice,
    a_voucher,
    an_accrual,
    an_attestation,
    lines,
    opening_balances,
    salaries,
)
from tests.services.messages import a_message, codes

pytestmark = pytest.mark.slow

FLIPS = 2000


class Altered:
    """A book with one row changed on its way to whoever proves it."""

    name = "prov"

    def __init__(self, rows: list[StoredRow], identities: list[Identity], stream: str) -> None:
        self._rows, self._identities, self._stream = rows, identities, stream

    def stream(self) -> str:
        """Return the name of the stream."""
        return self._stream

    def rows(self, after: int, limit: int) -> list[StoredRow]:
        """Return the rows, one of them changed."""
        return [row for row in self._rows if row.position > after][:limit]

    def all_identities(self) -> list[Identity]:
        """Return the identities as they are."""
        return self._identities

    def troubles(self) -> list[str]:
        """Return nothing: the database is sound."""
        return []


def faults_of(rows: list[StoredRow], store: BookStore[AnyEvent]) -> tuple[Fault, ...]:
    altered: Any = Altered(rows, store.all_identities(), store.stream())
    return proving.verify(altered, catalogue_mapper()).faults


@pytest.fixture
def small(store: BookStore[AnyEvent], writer: BookWriter) -> BookStore[AnyEvent]:
    """Return a book of every common kind of event."""
    rows = lines((6550, 100_00), (1930, -100_00))
    commands = (
        *FOUNDING, opening_balances(), a_delegation(), a_supplier_invoice(), an_attestation(), a_payment(), a_voucher(),
        a_correction(lines=rows), a_contribution(), a_contribution_invoice(), a_contribution_payment(), a_grant(),
        a_claim(), salaries(), a_budget(), an_accrual(),
    )  # fmt: skip
    answers = writer.write([a_message(command, f"m-{number}") for number, command in enumerate(commands)])
    assert not [code for code in codes(answers) if "_" in code]
    return store


def where(before: object, after: object, path: str = "") -> str:
    """Return the name of the field in which two events differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        if before.keys() != after.keys():
            return path.rpartition(".")[2] or "fields"
        return next(
            (where(before[key], after[key], f"{path}.{key}") for key in before if before[key] != after[key]), ""
        )
    return path.rpartition(".")[2]


def test_any_single_flipped_bit_is_named_or_counted(
    small: BookStore[AnyEvent], capsys: pytest.CaptureFixture[str]
) -> None:
    """An event that no longer decodes is named at its place; one that still does may be a book as good as the other."""
    chance = random.Random(2017)
    rows = small.rows(0, 1000)
    assert faults_of(rows, small) == ()
    mapper, came = catalogue_mapper(), Counter[str]()
    unseen = Counter[str]()
    for _ in range(FLIPS):
        at = chance.randrange(len(rows))
        row, state = rows[at], bytearray(rows[at].state)
        bit = chance.randrange(8 * len(state))
        state[bit // 8] ^= 1 << bit % 8
        faults = faults_of([*rows[:at], row._replace(state=bytes(state)), *rows[at + 1 :]], small)
        places = {fault.position for fault in faults}
        try:
            mapper.decode("prov", row.position, bytes(state))
        except StoreFailure:
            came["not decoded, named"] += 1
            assert row.position in places, state
            continue
        came["decoded, named" if faults else "decoded, undetectable by structure"] += 1
        if not faults:
            unseen[where(json.loads(row.state), json.loads(bytes(state)))] += 1
    with capsys.disabled():
        print(f"\n{FLIPS} flipped bits: {dict(came)}; undetectable in {dict(unseen)}")  # noqa: T201 - a figure to read
    never = {
        "amounts_ore",
        "event",
        "source",
        "message_id",
        "number",
        "series",
        "registered_on",
        "organisation_number",
    }
    assert not never & set(unseen)
    assert came["not decoded, named"] > came["decoded, undetectable by structure"] / 2


def test_any_flipped_bit_of_a_topic_is_named(small: BookStore[AnyEvent]) -> None:
    rows = small.rows(0, 1000)
    for at, row in enumerate(rows):
        topic = chr(ord(row.topic[0]) ^ 1) + row.topic[1:]
        assert (row.position, "topic_wrong") in [
            (fault.position, fault.code)
            for fault in faults_of([*rows[:at], row._replace(topic=topic), *rows[at + 1 :]], small)
        ]


def test_facts_of_a_fault_are_plain(small: BookStore[AnyEvent]) -> None:
    rows = small.rows(0, 1000)
    faults = faults_of(rows[1:], small)

    assert faults
    assert all(fault.sentence("sv") and fault.sentence("en") for fault in faults)
    assert msgspec.json.decode(msgspec.json.encode(faults))
