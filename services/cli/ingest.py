"""`grundbok ingest`: messages in, a receipt or a refusal for each."""

import os
import sys
from contextlib import suppress
from typing import Annotated

from cyclopts import Parameter

from services.application.ingest import begins_a_book, check_files
from services.application.ingest import ingest as ingest_files
from services.bootstrap import Program, running
from services.cli.exits import exit_code_for
from services.cli.options import Book, Data, Lang, TextOrJson
from services.cli.progress import progress as shown_progress
from services.cli.speech import say_aside
from services.cli.tally import Tally
from services.event_store.failures import BookNotFound
from services.settings import read_settings


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
