"""The catalogue: every event frozen, strict and named `thing.fact`; every command named `thing.act` and decidable."""

import inspect
import re
from typing import get_args

import msgspec
import pytest

from domain.books.manual import (
    CorrectVoucher,
    EnterOpeningBalances,
    OpeningBalancesEntered,
    PostVoucher,
    VoucherPosted,
    VoucherReplaced,
)
from domain.catalogue import COMMANDS, AnyEvent, voucher_of
from domain.decisions import DECISIONS, SEQUENCES
from domain.kernel.event import Command, Recorded, Value
from tests.domain.every_event import EVENTS, STORY, every_event, tag_of, told

SAID_BY_VOUCHER: dict[type[AnyEvent], type[Command]] = {
    OpeningBalancesEntered: EnterOpeningBalances,
    VoucherPosted: PostVoucher,
}
"""Events that do not keep their command a second time: every word of it is in the voucher."""

ASKED_FOR = [kind for kind in get_args(AnyEvent) if kind is not VoucherReplaced]
"""The events that a command asks for; the replacement of a voucher follows from its correction."""

COMMAND_CLASSES = list(COMMANDS.values())


def values(kind: type[Value]) -> list[type[Value]]:
    """Return every value class below one."""
    below = kind.__subclasses__()
    return below + [value for child in below for value in values(child)]


DOMAIN_VALUES = sorted(
    {value for value in values(Value) if value.__module__.startswith("domain.")}, key=lambda value: value.__qualname__
)


def command_of(event: type[AnyEvent]) -> type[Command]:
    """Return the command that an event accepts: the class it extends, or the one its voucher says all of."""
    (base,) = event.__bases__
    assert issubclass(base, Command)
    return SAID_BY_VOUCHER.get(event, base)


@pytest.mark.parametrize("kind", DOMAIN_VALUES, ids=lambda kind: kind.__qualname__)
def test_freezes_every_value_and_refuses_what_it_does_not_know(kind: type[Value]) -> None:
    config = kind.__struct_config__
    parameters = inspect.signature(kind).parameters.values()

    assert config.frozen
    assert config.forbid_unknown_fields
    assert config.omit_defaults
    assert {parameter.kind for parameter in parameters} <= {inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__qualname__)
def test_names_every_event_by_its_thing_and_its_fact(kind: type[AnyEvent]) -> None:
    assert kind.__struct_config__.tag_field == "event"
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*", tag_of(kind))


def test_gives_every_event_a_name_of_its_own() -> None:
    assert len({tag_of(kind) for kind in EVENTS}) == len(EVENTS)


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__qualname__)
def test_keeps_in_the_event_what_the_command_said_and_who_said_it(kind: type[AnyEvent]) -> None:
    said = {field.name: field for field in msgspec.structs.fields(kind.__bases__[0])}
    kept = {field.name: field for field in msgspec.structs.fields(kind)}

    assert {name: kept[name].type for name in said} == {name: field.type for name, field in said.items()}
    assert said or kind in {*SAID_BY_VOUCHER, VoucherReplaced}
    assert kept["recorded"].type is Recorded
    assert kept["recorded"].required
    assert not {"recorded", "voucher"} & set(said)


def test_has_an_event_for_every_command_and_a_command_for_every_event() -> None:
    accepted = [command_of(kind) for kind in ASKED_FOR]

    assert len(accepted) == len(set(accepted)) == len(COMMAND_CLASSES)
    assert set(accepted) == set(COMMAND_CLASSES)


@pytest.mark.parametrize("name", COMMANDS)
def test_names_every_command_by_its_thing_and_its_act(name: str) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*", name)


@pytest.mark.parametrize("kind", ASKED_FOR, ids=lambda kind: kind.__qualname__)
def test_names_a_command_and_its_event_by_the_same_thing(kind: type[AnyEvent]) -> None:
    (name,) = [name for name, command in COMMANDS.items() if command is command_of(kind)]

    assert name.split(".")[0] == tag_of(kind).split(".")[0]


def test_can_decide_every_command() -> None:
    decidable = [*DECISIONS, *SEQUENCES, CorrectVoucher]

    assert set(decidable) == set(COMMAND_CLASSES)
    assert len(decidable) == len(set(decidable))


def test_lets_everything_happen_in_one_book() -> None:
    assert set(every_event()) == {tag_of(kind) for kind in EVENTS}
    assert {type(command) for command in STORY} == set(COMMAND_CLASSES)


def test_keeps_what_each_command_said_in_its_event() -> None:
    for command, events in told():
        (event,) = [event for event in events if command_of(type(event)) is type(command)]
        said = msgspec.structs.asdict(command)
        kept = msgspec.structs.asdict(event)
        if type(event) in SAID_BY_VOUCHER:
            continue
        if said.get("recognition", "") is None:
            said["recognition"] = "linear"  # the association's, decided once and for all
        assert {name: kept[name] for name in said} == said


def test_says_in_the_voucher_all_that_a_worded_voucher_asked_for() -> None:
    for command, (event, *_) in told():
        if isinstance(command, PostVoucher | EnterOpeningBalances):
            voucher = voucher_of(event)
            assert voucher is not None
            said = msgspec.structs.asdict(command)
            rows = tuple((line.account, line.amount_ore, line.project, line.party) for line in said.pop("lines"))
            assert voucher.postings == rows
            assert {name: getattr(voucher, name) for name in said} == said


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__qualname__)
def test_types_the_voucher_of_an_event(kind: type[AnyEvent]) -> None:
    types = {field.name: field.type for field in msgspec.structs.fields(kind)}
    event = every_event()[tag_of(kind)]

    assert (voucher_of(event) is not None) == ("voucher" in types)


@pytest.mark.parametrize("name", COMMANDS)
def test_documents_every_command_and_its_event(name: str) -> None:
    kinds = [COMMANDS[name], *(kind for kind in ASKED_FOR if command_of(kind) is COMMANDS[name])]

    assert all((kind.__doc__ or "").splitlines()[0].endswith(".") for kind in kinds)
    assert len(kinds) == 2


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("voucher.post", b'{"accounting_date":"2017-02-30","text":"a","lines":[]}'),
        ("voucher.post", b'{"accounting_date":"2017-02-28","text":"","lines":[]}'),
        ("voucher.post", b'{"accounting_date":"2017-02-28","text":"a","lines":[],"extra":1}'),
        ("voucher.post", b'{"accounting_date":"2017-02-28","text":"a","lines":[{"account":1930,"amount_ore":1.5}]}'),
        ("voucher.post", b'{"accounting_date":"2017-02-28","text":"a","lines":[{"account":1930,"amount_ore":"1"}]}'),
        ("voucher.post", b'{"accounting_date":"2017-02-28","text":"a","lines":[{"account":1930,"amount_ore":true}]}'),
        (
            "voucher.post",
            b'{"accounting_date":"2017-02-28","text":"a","lines":[{"account":1930,"amount_ore":9300000000000000000}]}',
        ),
        ("voucher.post", b'{"accounting_date":"2017-02-28","text":"a","lines":[],"series":"A\\n"}'),
        ("voucher.post", b'{"accounting_date":"2017-02-28","text":"a","lines":[],"series":"a"}'),
        ("project.open", b'{"project":"A","name":"A"}'),
        ("project.open", b'{"project":"a\\n","name":"A"}'),
        ("association.register", b'{"organisation_number":"222000-2733\\n","name":"A"}'),
        ("association.register", '{"organisation_number":"٢٢٢٠٠٠-٢٧٣٣","name":"A"}'.encode()),
        ("contribution.receive", b'{"invoice":"1","received_on":"2023-01-01","amount_ore":0}'),
        ("grant.decide", b'{"grant":"a","project":"a","owner":"a","form":"whole","amounts":[]}'),
    ],
)
def test_refuses_to_read_a_message_that_is_not_as_agreed(name: str, data: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(data, type=COMMANDS[name])


def test_lists_each_event_once() -> None:
    assert len(set(get_args(AnyEvent))) == len(EVENTS)
