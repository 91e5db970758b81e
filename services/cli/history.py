"""`grundbok history`: every step of a voucher, in the order the book learned of them."""

import os
from typing import Annotated

from cyclopts import Parameter

from services.application.processing import history_of_voucher
from services.bootstrap import running
from services.cli.moments import known_at_moment
from services.cli.options import Book, Data, KnownAtOption, Lang, OutFile, TextOrJson
from services.cli.report import write_out
from services.formats.as_processing import processing_json, processing_text
from services.settings import read_settings


def history(
    voucher: Annotated[str, Parameter(help="The voucher as printed: series and number, a slash, the year: A7/2017.")],
    /,
    *,
    book: Book,
    known_at: KnownAtOption = None,
    output: TextOrJson = "text",
    file: OutFile = None,
    data: Data = None,
    lang: Lang = None,
) -> int:
    """Show a voucher's processing history: who registered, attested, paid, corrected and closed, when, from what."""
    settings = read_settings(os.environ, data=data, language=lang)
    moment = known_at_moment(known_at)
    with running(settings) as program:
        found = history_of_voucher(program.book(book), voucher, moment)
    if output == "json":
        shown = processing_json(book, found.known, str(found.voucher), found.steps)
    else:
        shown = processing_text(book, str(found.voucher), found.steps, settings.language).encode()
    write_out(shown, file)
    return 0
