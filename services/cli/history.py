"""`grundbok history`: every step of a voucher, in the order the book learned of them."""

import os
from typing import Annotated

from cyclopts import Parameter

from services.application.asking import Spoken, voucher_history
from services.application.moments import known_at_moment
from services.bootstrap import running
from services.cli.options import Book, Data, KnownAtOption, Lang, OutFile, TextOrJson
from services.cli.report import write_out
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
        shown = voucher_history(program.book(book), voucher, moment, Spoken(output, settings.language))
    write_out(shown, file)
    return 0
