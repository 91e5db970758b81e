"""How serious a finding in a SIE file is, as words to write sentences with."""

from typing import Literal, NamedTuple

Severity = Literal["info", "warning", "error"]


class Sentence(NamedTuple):
    """A severity, and the sentence in Swedish and in English."""

    severity: Severity
    sv: str
    en: str


def info(sv: str, en: str) -> Sentence:
    """Return a sentence about what was understood although it is unusual."""
    return Sentence("info", sv, en)


def warning(sv: str, en: str) -> Sentence:
    """Return a sentence about what a bookkeeper should look at."""
    return Sentence("warning", sv, en)


def error(sv: str, en: str) -> Sentence:
    """Return a sentence about why a file is not imported."""
    return Sentence("error", sv, en)
