"""Reading a message: every fault has its code and its place, and what was understood has one canonical form."""

import json
from typing import Any

import pytest

from domain.kernel.event import Command
from services.contract import unreadable
from services.contract.envelope import (
    TYPE_PREFIX,
    canonical,
    content_digest,
    content_of,
    hint_of,
    read_message,
)
from services.contract.unreadable import NotJson, Unreadable
from tests.builders import OURS, a_grant, a_party, a_report, a_supplier_invoice, a_voucher
from tests.services.messages import TYPES, a_message, envelope, line_of

VOUCHER = line_of(envelope(a_voucher(), "v-1"))


def fault(line: bytes) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read_message(line)
    assert caught.value.sentence("sv")
    assert caught.value.sentence("en")
    return caught.value


def changed(command: Command | None = None, *, data: dict[str, Any] | None = None, **attributes: Any) -> bytes:
    """Return a line in which some attributes, or fields of the data, are other than they should be."""
    message = envelope(command or a_voucher(), "v-1")
    message |= attributes
    message["data"] = message["data"] | (data or {})
    return line_of(message)


def with_amount(literal: str) -> bytes:
    line = line_of(envelope(a_voucher(), "v-1"))
    amount = json.dumps(json.loads(line)["data"]["lines"][0]["amount_ore"]).encode()
    return line.replace(b'"amount_ore":' + amount, b'"amount_ore":' + literal.encode(), 1)


AMOUNT = "data.lines[0].amount_ore"


def test_understands_a_message() -> None:
    message = a_message(a_voucher(), "v-1", registrationdate="2023-01-31", actor="ekonomi", time="2023-02-01T08:00:00Z")

    assert (message.id, message.source, message.subject) == ("v-1", "/ekonomi", OURS)
    assert message.type == TYPE_PREFIX + "voucher.post"
    assert message.command == a_voucher()
    assert str(message.registered_on) == "2023-01-31"
    assert message.actor == "ekonomi"


def test_the_actor_is_the_source_unless_it_is_stated() -> None:
    assert a_message(a_voucher(), "v-1").actor == "/ekonomi"
    assert a_message(a_voucher(), "v-1", actor="/ekonomi").digest == a_message(a_voucher(), "v-1").digest


@pytest.mark.parametrize(
    ("line", "code", "field"),
    [
        (b"", "not_json", ""),
        (b"hej", "not_json", ""),
        (b"[]", "not_an_object", ""),
        (b"17", "not_an_object", ""),
        (b'"text"', "not_an_object", ""),
        (b"null", "not_an_object", ""),
        (VOUCHER[:-1], "not_json", ""),
        (VOUCHER + b"x", "not_json", ""),
        (VOUCHER + VOUCHER, "not_json", ""),
        (VOUCHER.replace(b"/ekonomi", b"\xff\xfe"), "invalid_utf8", ""),
        (VOUCHER.replace(b'"text":"', b'"text":"\xe5'), "invalid_utf8", ""),
        (VOUCHER.replace(b'"text":"', b'"text":"\\ud800'), "not_json", ""),
        (VOUCHER.replace(b'"text":"', b'"text":"\\u0000'), "control_character", "data.text"),
        (VOUCHER.replace(b'"text":"', b'"text":"\\u0007'), "control_character", "data.text"),
        (VOUCHER.replace(b'"data":{', b'"data":' + b"[" * 5000), "nested_too_deeply", ""),
        (changed(specversion="0.3"), "specversion_wrong", "specversion"),
        (changed(specversion=1.0), "wrong_type", "specversion"),
        (changed(type="se.grundbok.voucher.pots"), "type_unknown", "type"),
        (changed(type=""), "type_unknown", "type"),
        (changed(id=""), "length_wrong", "id"),
        (changed(id=17), "wrong_type", "id"),
        (changed(id="x" * 251), "length_wrong", "id"),
        (changed(id="a\nb"), "control_character", "id"),
        (changed(source="a\u0000b"), "control_character", "source"),
        (changed(actor="\u202ea"), "control_character", "actor"),
        (changed(time="i går"), "invalid_time", "time"),
        (changed(time="2023-01-01T08:00:00"), "invalid_time", "time"),
        (changed(registrationdate="2017-02-30"), "invalid_date", "registrationdate"),
        (changed(datacontenttype="text/xml"), "datacontenttype_wrong", "datacontenttype"),
        (changed(registrationdat="2023-01-01"), "field_unknown", "registrationdat"),
        (changed(data_base64="AA=="), "field_unknown", "data_base64"),
        (changed(traceparent=[1]), "wrong_type", "traceparent"),
        (changed(data={"extra": 1}), "field_unknown", "data.extra"),
        (changed(data={"text": ""}), "length_wrong", "data.text"),
        (changed(data={"text": "x" * 501}), "length_wrong", "data.text"),
        (changed(data={"text": None}), "wrong_type", "data.text"),
        (changed(data={"lines": {}}), "wrong_type", "data.lines"),
        (changed(data={"lines": [{"account": 1930, "amount_ore": 1}] * 10_001}), "length_wrong", "data.lines"),
        (changed(data={"lines": [{"account": 1930}]}), "field_missing", AMOUNT),
        (changed(data={"lines": [{"account": "1930", "amount_ore": 1}]}), "wrong_type", "data.lines[0].account"),
        (changed(data={"series": "a"}), "pattern_wrong", "data.series"),
        (changed(data={"accounting_date": "2017-02-30"}), "invalid_date", "data.accounting_date"),
        (changed(data={"accounting_date": "2017-2-3"}), "invalid_date", "data.accounting_date"),
        (changed(data={"accounting_date": 20170203}), "wrong_type", "data.accounting_date"),
        (changed(a_grant(), data={"form": "half"}), "value_unknown", "data.form"),
        (changed(a_party(), data={"party": "Å B"}), "pattern_wrong", "data.party"),
        (changed(a_supplier_invoice(), data={"vat_ore": -1}), "out_of_range", "data.vat_ore"),
        (changed(a_report(), data={"position": 0}), "out_of_range", "data.position"),
        (with_amount("12.5"), "amount_not_whole", AMOUNT),
        (with_amount("100.0"), "amount_not_whole", AMOUNT),
        (with_amount("1e3"), "amount_not_whole", AMOUNT),
        (with_amount('"100"'), "amount_not_whole", AMOUNT),
        (with_amount("true"), "wrong_type", AMOUNT),
        (with_amount("1e999"), "out_of_range", AMOUNT),
        (with_amount("NaN"), "not_a_number", AMOUNT),
        (with_amount("-Infinity"), "not_a_number", AMOUNT),
        (with_amount(str(10**15 + 1)), "out_of_range", AMOUNT),
        (with_amount(str(-(10**15) - 1)), "out_of_range", AMOUNT),
        (with_amount(str(2**63)), "out_of_range", AMOUNT),
        (with_amount(str(2**64)), "out_of_range", AMOUNT),
        (with_amount("9" * 6000), "out_of_range", AMOUNT),
        (with_amount("01"), "not_json", ""),
    ],
)
def test_says_what_is_wrong_and_where(line: bytes, code: str, field: str) -> None:
    found = fault(line)

    assert (found.code, found.field) == (code, field)
    assert "Expected" not in found.sentence("en"), "a sentence of ours, not the decoder's"


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type", "subject", "data"])
def test_asks_for_what_is_required(name: str) -> None:
    message = envelope(a_voucher(), "v-1")
    del message[name]

    assert (fault(line_of(message)).code, fault(line_of(message)).field) == ("field_missing", name)


def test_names_the_value_and_the_limit() -> None:
    assert fault(with_amount("12.5")).facts["value"] == "12.5"
    assert fault(with_amount(str(2**63))).facts == {
        "field": AMOUNT,
        "value": "9223372036854775808",
        "limit": "<= 1000000000000000",
    }
    assert fault(changed(data={"accounting_date": "2017-02-30"})).sentence("sv").startswith('"2017-02-30" i fältet')
    assert (
        fault(changed(data={"lines": 7})).sentence("sv") == "Fältet data.lines ska vara en lista men är ett heltal: 7."
    )


def test_names_the_nearest_types() -> None:
    nearest = fault(changed(type="se.grundbok.voucher.pots")).facts["nearest"]

    assert isinstance(nearest, tuple)
    assert nearest[0] == "se.grundbok.voucher.post"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        (b'"id":"v-1"', b'"id":"v-2","id":"v-1"', "id"),
        (b'"id":"v-1"', b'"id":"v-1","\\u0069d":"v-1"', "id"),
        (b'"text":', b'"text":"a","text":', "data.text"),
        (b'"text":', b'"text"  :  "a", "text":', "data.text"),
        (b'"text":', b'"series":"A","series":"A","text":', "data.series"),
        (b'"account":', b'"account":1,"account":', "data.lines[0].account"),
        (b'"id":"v-1"', b'"id":"v-1","time":"2023-01-01T08:00:00+0100","time":"2023-01-01T08:00:00+0100"', "time"),
        (b'"id":"v-1"', b'"id":"v-1","traceparent":"a\\u003ab","traceparent":"a:b"', "traceparent"),
    ],
)
def test_refuses_a_key_that_is_stated_twice(old: bytes, new: bytes, field: str) -> None:
    line = VOUCHER.replace(old, new, 1)
    assert line != VOUCHER

    assert (fault(line).code, fault(line).field) == ("key_repeated", field)


def test_ignores_what_cloudevents_documents() -> None:
    plain = a_message(a_voucher(), "v-1")
    adorned = a_message(
        a_voucher(),
        "v-1",
        time="2023-01-01T08:00:00+01:00",
        datacontenttype="application/json; charset=utf-8",
        dataschema="urn:grundbok:schema:voucher.post",
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        tracestate="a=b",
        partitionkey="k",
        sequence="7",
        sampledrate=1,
    )

    assert adorned.digest == plain.digest


def test_the_content_is_what_is_said_not_how() -> None:
    plain = a_message(a_voucher(), "v-1")
    spaced = read_message(json.dumps(envelope(a_voucher(), "v-9"), indent=1).replace("\n", " ").encode())
    reordered = read_message(line_of(dict(reversed(envelope(a_voucher(), "v-1").items()))))
    with_default = read_message(changed(data={"series": "A", "reference": ""}))

    assert spaced.digest == reordered.digest == with_default.digest == plain.digest


@pytest.mark.parametrize(
    "other",
    [
        changed(data={"text": "annat"}),
        changed(actor="annan"),
        changed(subject="222000-1347"),
        changed(registrationdate="2023-01-01"),
    ],
)
def test_other_content_is_seen(other: bytes) -> None:
    assert read_message(other).digest != read_message(VOUCHER).digest


def test_the_content_does_not_change_with_the_program() -> None:
    # The digest of what is in old books must stay: change this text only with a way to read both.
    message = a_message(a_voucher(), "v-1", registrationdate="2023-01-31", actor="ekonomi")
    content = content_of(
        message.type, message.subject, message.registered_on, message.actor, canonical(message.command)
    )

    assert content.startswith(b'["se.grundbok.voucher.post","222000-2733","2023-01-31","ekonomi"]{"accounting_date":')
    assert b'"lines":[{"account":' in content
    assert message.digest == content_digest(content)


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        (changed(data={"text": ""}), ("/ekonomi", "v-1")),
        (changed(id=17), ("/ekonomi", "")),
        (b"[]", ("", "")),
        (b"{", ("", "")),
        (b"[" * 100_000, ("", "")),
    ],
)
def test_makes_out_the_identity_of_what_cannot_be_read(line: bytes, hint: tuple[str, str]) -> None:
    assert hint_of(line) == hint


def test_every_kind_of_message_has_a_type() -> None:
    assert len(TYPES) == len(set(TYPES.values()))


def test_every_reason_is_worded_with_facts_it_is_given() -> None:
    reasons = [
        value for value in vars(unreadable).values() if isinstance(value, type) and issubclass(value, Unreadable)
    ]

    assert len({reason.code for reason in reasons}) == len(reasons)
    assert all(reason.sv.endswith((".", "}.")) and reason.en.endswith((".", "}.")) for reason in reasons)


@pytest.mark.parametrize("line", [b'{"a":', b'{"a":\n', b'{"specversion":1', b'{"foo": 1, "bar": [1, 2'])
def test_what_is_no_json_is_not_blamed_on_its_fields(line: bytes) -> None:
    with pytest.raises(NotJson):
        read_message(line)
