"""Commands, events and the values in them: frozen, strict, tagged.

A *command* is the data of a message: what somebody asks the book to record. An *event* is a command that was
accepted, together with what the decision added: who and when (`Recorded`), and the voucher if it has one. An event
class therefore extends its command class. Its tag is the stored topic and never changes; a new shape is a new tag.
"""

from datetime import date, datetime
from typing import Any, TypeVar

import msgspec

from domain.kernel.refusal import Warned


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A frozen value; decoding is strict, defaults are left out of the stored bytes.

    What never changes cannot come to refer to itself, so the garbage collector need not look at it.
    """


class Command(Value, frozen=True, kw_only=True):
    """The data of a message: a request to record one fact."""


class Recorded(Value, frozen=True, kw_only=True):
    """Who told the book, and when it learned it (the registration date, LKBR 3:7 and 3:9)."""

    registered_on: date
    recorded_at: datetime
    source: str
    message_id: str
    actor: str
    warnings: tuple[Warned, ...] = ()

    def warn(self, *warnings: Warned) -> "Recorded":
        """Return the same record with more warnings for the receipt."""
        return msgspec.structs.replace(self, warnings=self.warnings + warnings)


E = TypeVar("E", bound=Command)


def accept(kind: type[E], command: Command, **decided: Any) -> E:
    """Build the event that accepts a command: its fields, and what the decision added."""
    return kind(**{name: getattr(command, name) for name in command.__struct_fields__}, **decided)
