"""Refusals and warnings: a code, a sentence in Swedish or English, and the facts behind it.

One class per rule, in the module that raises it. The sentence is a template over the facts, so that a machine never
has to parse a sentence and a bookkeeper never has to read a code.
"""

from typing import ClassVar, Literal

import msgspec

Fact = str | int | tuple[str, ...] | tuple[int, ...]
Language = Literal["sv", "en"]


class Warned(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Something the book accepted but a bookkeeper should look at; part of the receipt."""

    code: str
    facts: dict[str, str | int] = {}


class Refusal(Exception):  # noqa: N818 - a refusal is an expected answer, not an error
    """A rule said no; nothing was recorded."""

    code: ClassVar[str]
    sv: ClassVar[str]
    en: ClassVar[str]

    def __init__(self, **facts: Fact) -> None:
        self.facts = facts
        super().__init__(self.sentence("en"))

    def sentence(self, language: Language = "sv") -> str:
        """Return the reason in words."""
        return say(self.sv if language == "sv" else self.en, self.facts | self.words(language))

    def words(self, language: Language) -> dict[str, Fact]:  # noqa: ARG002 - what is refused may have words
        """Return the facts that a sentence shows as words of its language."""
        return {}


class InvariantBroken(Exception):  # noqa: N818 - named by what is broken
    """The program, not the request, is wrong: stop and keep the evidence."""


def ensure(condition: bool, message: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Stop unless the condition holds; alive under `python -O`."""
    if not condition:
        raise InvariantBroken(message)


def say(template: str, facts: "dict[str, Fact] | dict[str, str | int]") -> str:
    """Fill a sentence with facts; names ending in `_ore` become kronor with two decimals."""
    return template.format_map({name: _shown(name, fact) for name, fact in facts.items()})


def quoted(text: str, language: Language) -> str:
    """Return what the system or a library said, introduced as theirs: it is in their language, whatever ours is."""
    return f"{'systemets besked' if language == 'sv' else 'the system says'}: {text}"


def _shown(name: str, fact: Fact) -> str:
    if name.endswith("_ore") and isinstance(fact, int):
        return kronor(fact)
    if isinstance(fact, tuple):
        return ", ".join(str(item) for item in fact)
    return str(fact)


def kronor(amount_ore: int) -> str:
    """Return an amount in öre as kronor in Swedish notation, e.g. 123456 -> '1 234,56'."""
    whole, part = divmod(abs(amount_ore), 100)
    return f"{'-' if amount_ore < 0 else ''}{whole:,}".replace(",", " ") + f",{part:02d}"
