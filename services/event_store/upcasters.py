"""Old shapes of events, and how each becomes the event of today.

The bytes in a book are never rewritten. A new shape is a new tag; the struct of the old one moves into `RETIRED`,
where it stays for ever, and a function in `UPCASTERS` turns it into the next shape when it is read.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

Upcaster = Callable[[Any], msgspec.Struct]
"""Takes the struct of a retired tag and returns the event that replaced it, maybe itself retired later."""

RETIRED: tuple[type[msgspec.Struct], ...] = ()
"""The structs of retired tags; they only need to decode."""

UPCASTERS: Mapping[str, Upcaster] = {}
"""Retired tag -> upcaster."""


def tag_of(shape: type[msgspec.Struct]) -> str:
    """Return the tag of an event class, which is the topic it is stored under."""
    return str(shape.__struct_config__.tag)


def upcast(event: msgspec.Struct, upcasters: Mapping[str, Upcaster] = UPCASTERS) -> msgspec.Struct:
    """Return the event in the shape of today, by as many steps as its shape is old."""
    while (step := upcasters.get(tag_of(type(event)))) is not None:
        event = step(event)
    return event
