"""`grundbok ingest`: messages in, a receipt or a refusal for each."""

import os
import sys
from contextlib import suppress
from typing import Annotated

import msgspec
from cyclopts import Parameter

from domain.kernel.refusal import Language
from services.application.ingest import begins_a_book, check_files
from services.application.ingest import ingest as ingest_files
from services.bootstrap import Program, running
from services.cli.exits import exit_code_for
from services.cli.options import Book, Data, Lang, TextOrJson
from services.cli.progress import progress as shown_progress
from services.cli.speech import say_aside
from services.contract.answers import Answer, Receipt, Refused
from services.event_store.failures import BookNotFound
from services.settings import read_settings

WORDS = {
    "sv": ("rad", "redan i boken", "varning", "{} bokförda, {} redan kända, {} avvisade"),
    "en": ("line", "already in the book", "warning", "{} accepted, {} already known, {} refused"),
}


def ingest(
    files: Annotated[list[str], Parameter(name="FILE", negative=(), help="Files of messages; /dev/stdin is one.")],
    /,
    *,
    book: Book,
    create: Annotated[
        bool | None,
        Parameter(help="Make the book if there is none. By default when the first message registers an association."),
    ] = None,
    output: TextOrJson = "text",
    progress: Annotated[bool | None, Parameter(help="Show a progress bar. By default on a terminal.")] = None,
    data: Data = None,
    lang: Lang = None,
) -> int:
    """Record messages from files, a CloudEvents 1.0 JSON object on each line, in the order of the files.

    Messages are recorded 1000 at a time, each with its own answer: a refused message holds nobody up. A message that
    is in the book already gets its first receipt again, so a file may be ingested twice, or again after Ctrl-C.
    """
    settings = read_settings(os.environ, data=data, language=lang)
    check_files(files)
    bar = sys.stderr.isatty() if progress is None else progress
    with running(settings) as program:
        writer = program.writer(book, create=_may_create(program, book, files[0], create=create))
        tally = Tally(settings.language, as_json=output == "json", several=len(files) > 1)
        try:
            with shown_progress(bar=bar) as show:
                for answers in ingest_files(writer, files, progress=show):
                    tally.take(answers)
        finally:
            # Also after Ctrl-C or a full disk: what is counted here is in the book.
            with suppress(BrokenPipeError):
                sys.stdout.flush()
            say_aside(tally.summary())
    return exit_code_for(tally.codes)


def _may_create(program: Program, book: str, first: str, *, create: bool | None) -> bool:
    if create is not None:
        return create
    if not program.shelf.exists(book) and not begins_a_book(first):
        raise BookNotFound(book=book)
    return True


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
