"""Findings of a SIE file: what is odd about it, where, and how serious; values, never exceptions.

`info` says what was understood although it is unusual, `warning` what a bookkeeper should look at, `error` why the
file is not imported. The sentences stand in `sie4_sentences`.
"""

from collections import Counter

import msgspec

from domain.kernel.refusal import Fact, Language, say
from services.formats.sie4_sentences import SENTENCES
from services.formats.sie4_severity import Severity

SAME_MAX = 50
"""Findings of one kind that are listed; of more there is only the number."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What was found on a line of the file (0: of the file as a whole)."""

    severity: Severity
    line: int
    code: str
    sv: str
    en: str

    def sentence(self, language: Language = "sv") -> str:
        """Return the finding in words."""
        return self.sv if language == "sv" else self.en


class Findings:
    """Collects findings; a flood of one kind is counted rather than kept."""

    def __init__(self) -> None:
        self._kept: list[Finding] = []
        self._counts: Counter[str] = Counter()
        self.errors = 0

    def add(self, code: str, line: int = 0, **facts: Fact) -> None:
        """Add a finding."""
        self.errors += SENTENCES[code].severity == "error"
        self._counts[code] += 1
        if self._counts[code] <= SAME_MAX:
            self._kept.append(finding(code, line, **facts))

    def once(self, code: str, line: int = 0, **facts: Fact) -> None:
        """Add a finding unless there is one of its kind."""
        if not self._counts[code]:
            self.add(code, line, **facts)

    def all(self) -> tuple[Finding, ...]:
        """Return the findings in the order they were made, and how many more there were of each kind."""
        more = [
            finding("more_of_the_same", kind=code, count=count - SAME_MAX)
            for code, count in self._counts.items()
            if count > SAME_MAX
        ]
        return (*self._kept, *more)


def finding(code: str, line: int = 0, **facts: Fact) -> Finding:
    """Return a finding with its sentences filled in."""
    severity, sv, en = SENTENCES[code]
    return Finding(severity=severity, line=line, code=code, sv=say(sv, facts), en=say(en, facts))
