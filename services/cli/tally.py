"""Answers as they come, for people or for machines, and how many there were."""

import sys

import msgspec

from domain.kernel.refusal import Language
from services.contract.answers import Answer, Receipt, Refused

WORDS = {
    "sv": ("rad", "redan i boken", "varning", "{} bokförda, {} redan kända, {} avvisade"),
    "en": ("line", "already in the book", "warning", "{} accepted, {} already known, {} refused"),
}


class Tally:
    """Writes answers as they come, and counts them."""

    def __init__(self, language: Language, *, as_json: bool, several: bool) -> None:
        self.codes: set[str] = set()
        self._counts = [0, 0, 0]
        self._json = as_json
        self._language: Language = language
        self._several = several
        self._line, self._known, self._warning, self._summary = WORDS[language]
        self._encode = msgspec.json.Encoder().encode

    def take(self, answers: list[Answer]) -> None:
        """Write the answers of a batch: data on standard output, what somebody should look at on standard error."""
        for answer in answers:
            if isinstance(answer, Refused):
                self.codes.add(answer.code)
                self._counts[2] += 1
            else:
                self._counts[answer.duplicate] += 1
        if self._json:
            sys.stdout.write("".join([f"{self._encode(answer).decode()}\n" for answer in answers]))
        else:
            receipts = [self._receipt(answer) for answer in answers if isinstance(answer, Receipt)]
            sys.stdout.write("".join(receipts))
            sys.stderr.write("".join([self._aside(answer) for answer in answers]))

    def summary(self) -> str:
        """Return how many messages were accepted, known already, and refused."""
        return self._summary.format(*self._counts)

    def _receipt(self, receipt: Receipt) -> str:
        place = f"{receipt.file} " if self._several else ""
        vouchers = " ".join(receipt.vouchers) or "-"
        last = "" if receipt.last_position == receipt.position else f"-{receipt.last_position}"
        known = f"  ({self._known})" if receipt.duplicate else ""
        return f"{place}{self._line} {receipt.line}  {vouchers}  position {receipt.position}{last}{known}\n"

    def _aside(self, answer: Answer) -> str:
        if isinstance(answer, Receipt):
            return "".join(
                f"{answer.file}:{answer.line}: {self._warning}: {warning.code}: "
                f"{warning.sv if self._language == 'sv' else warning.en}\n"
                for warning in answer.warnings
            )
        place = ":".join([str(part) for part in (answer.file, answer.line, answer.field) if part])
        return f"{place}: {answer.code}: {answer.sentence(self._language)}\n"
