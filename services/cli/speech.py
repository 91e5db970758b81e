"""How the command line speaks aside: in which language, and to whom."""

import os
import sys

from domain.kernel.refusal import Language


def language_of(arguments: list[str]) -> Language:
    """Return the language for sentences about a run that may have failed before its options were read."""
    asked = os.environ.get("GRUNDBOK_LANG")
    for place, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name == "--lang":
            asked = value if equals else (arguments[place + 1 : place + 2] or [""])[0]
    return "en" if asked == "en" else "sv"


def say_aside(text: str) -> None:
    """Write a line to standard error."""
    sys.stderr.write(f"{text}\n")
