"""`grundbok bridge` and `grundbok trace`: what changed, and where a figure comes from."""

import os
from typing import Annotated

from cyclopts import Parameter

from services.application import audit
from services.application.asking import Figure, traced
from services.application.moments import as_of_date, known_at_moment, known_at_range
from services.application.queries import Layouts
from services.bootstrap import running
from services.cli.options import AsOf, Book, Data, KnownAtOption, Lang, LayoutFile, OutFile, Output, TextOrJson
from services.cli.report import write_out
from services.formats.as_bridge import bridge_csv, bridge_json, bridge_text
from services.settings import read_settings


def bridge(  # noqa: PLR0913 - one parameter for each option
    name: Annotated[
        str, Parameter(help="The report or table, by default what the layout's interim or annual has.")
    ] = "",
    /,
    *,
    book: Book,
    as_of: AsOf,
    known_at: Annotated[
        str, Parameter(name="--known-at", help="A..B: from what was known then to what was known later.")
    ],
    output: Output = "text",
    file: OutFile = None,
    layout: LayoutFile = None,
    data: Data = None,
    lang: Lang = None,
) -> int:
    """Explain each line's difference between two knowledge dates, voucher by voucher."""
    settings = read_settings(os.environ, data=data, language=lang)
    moments = known_at_range(known_at)
    with running(settings) as program:
        store = program.book(book)
        layouts = Layouts(settings.data, layout)
        found = audit.difference(store, name or audit.statements(store, layouts), as_of_date(as_of), moments, layouts)
    match output:
        case "json":
            write_out(bridge_json(book, known_at, found), file)
        case "csv":
            write_out(bridge_csv(found), file)
        case "text":
            write_out(bridge_text(book, found, settings.language).encode(), file)
    return 0


def trace(  # noqa: PLR0913 - one parameter for each option
    figure: Annotated[str, Parameter(help="The figure as table.line or table.line@column, e.g. br.kassa@1.")] = "",
    /,
    *,
    book: Book,
    as_of: AsOf,
    message: Annotated[str, Parameter(name="--message", help="Trace back: the id of a message.")] = "",
    known_at: KnownAtOption = None,
    output: TextOrJson = "text",
    file: OutFile = None,
    layout: LayoutFile = None,
    data: Data = None,
    lang: Lang = None,
) -> int:
    """Show where a figure comes from, down to the messages; or which lines a message touched."""
    settings = read_settings(os.environ, data=data, language=lang)
    day, moment, layouts = as_of_date(as_of), known_at_moment(known_at), Layouts(settings.data, layout)
    with running(settings) as program:
        shown = traced(program.book(book), Figure(figure, message, day, moment, layouts), output, settings.language)
    write_out(shown, file)
    return 0
