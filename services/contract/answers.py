"""Answers: each message gets a receipt or a refusal, for machines (codes, facts) and for people (sentences)."""

from collections.abc import Iterator
from datetime import date
from typing import cast

import msgspec

from domain.kernel.event import Command
from domain.kernel.refusal import Language, Refusal, Warned
from services.contract.envelope import NOWHERE, Message, Place
from services.contract.warnings import warning_sentence

Facts = dict[str, str | int | tuple[str | int, ...]]
"""What a refusal is about, by name: amounts in öre under names that end in `_ore`."""

PARTIES = frozenset({"party", "supplier", "owner", "customer"})
"""Fields that name a party."""


class WarningGiven(msgspec.Struct, frozen=True, kw_only=True):
    """Something the book accepted but a bookkeeper should look at: its code, sentences and facts."""

    code: str
    sv: str
    en: str
    facts: dict[str, str | int]


class Receipt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="answer", tag="receipt"):
    """The message is in the book, durably: at `position`, and up to `last_position` when it became several events.

    `duplicate` says that it already was: this is the receipt it had the first time. A voucher is named as printed,
    series and number, a slash and the fiscal year.
    """

    id: str
    source: str
    type: str
    position: int
    last_position: int
    vouchers: tuple[str, ...]
    warnings: tuple[WarningGiven, ...]
    duplicate: bool
    file: str = ""
    line: int = 0


class Refused(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="answer", tag="refused"):
    """Nothing of the message is in the book: why, in code, in words and in facts, and in which field.

    Identity and place are left out where they are not known.
    """

    code: str
    sv: str
    en: str
    facts: Facts
    field: str = ""
    id: str = ""
    source: str = ""
    type: str = ""
    file: str = ""
    line: int = 0

    def sentence(self, language: Language) -> str:
        """Return the reason in words."""
        return self.sv if language == "sv" else self.en


Answer = Receipt | Refused


def given(warning: Warned) -> WarningGiven:
    """Return a warning with its sentences."""
    return WarningGiven(
        code=warning.code,
        sv=warning_sentence(warning, "sv"),
        en=warning_sentence(warning, "en"),
        facts=warning.facts,
    )


def refused(refusal: Refusal, message: Message) -> Refused:
    """Return the refusal of a message that was understood."""
    return Refused(
        code=refusal.code,
        sv=refusal.sentence("sv"),
        en=refusal.sentence("en"),
        facts=cast("Facts", refusal.facts),
        field=field_of(refusal, message),
        id=message.id,
        source=message.source,
        type=message.type,
        file=message.place.file,
        line=message.place.line,
    )


def field_of(refusal: Refusal, message: Message) -> str:
    """Return the field that a rule refused: the one that holds the last of the refusal's facts that is in the message.

    Facts go from what is named to what is wrong with it: a supplier, its invoice, the amount.

    Empty where the rule is about the message as a whole, as when a voucher does not balance.
    """
    found = ""
    for name, fact in refusal.facts.items():
        if name == "subject":
            return name
        for field, value in _fields(message.command):
            if _is_called(name, field.rpartition(".")[2], value) and fact in (value, str(value)):
                found = f"data.{field}"
                break
    return found


def _is_called(name: str, field: str, value: object) -> bool:
    """Tell whether a fact goes by the name of a field; dates and parties have several."""
    if name == "party":
        return field in PARTIES
    return name == field or (name == "accounting_date" and isinstance(value, date))


def _fields(command: Command) -> Iterator[tuple[str, object]]:
    """Iterate over the fields of a command, and of the rows in it, with their paths."""
    for name in command.__struct_fields__:
        value = getattr(command, name)
        yield name, value
        if isinstance(value, tuple):
            for place, row in enumerate(value):
                yield from (
                    (f"{name}[{place}].{part}", getattr(row, part)) for part in getattr(row, "__struct_fields__", ())
                )


def refused_at(refusal: Refusal, place: Place = NOWHERE, *, source: str = "", message_id: str = "") -> Refused:
    """Return the refusal of something that was not understood, with what is known of its identity."""
    return Refused(
        code=refusal.code,
        sv=refusal.sentence("sv"),
        en=refusal.sentence("en"),
        facts=cast("Facts", refusal.facts),
        field=str(refusal.facts.get("field", "")),
        id=message_id,
        source=source,
        file=place.file,
        line=place.line,
    )
