"""`grundbok issue`: hands a report over, and keeps in the book what was handed over."""

import os
from typing import Annotated

from cyclopts import Parameter

from projections.report import Question
from services.application.issuing import message_id, number_at, prepare
from services.application.moments import as_of_date, known_at_moment
from services.application.queries import Layouts
from services.bootstrap import running
from services.cli.exits import exit_code
from services.cli.options import AsOf, Book, Data, KnownAtOption, Lang, LayoutFile, OutFile, Output
from services.cli.report import UnitOption, say_remarks, write_out
from services.cli.speech import say_aside
from services.contract.answers import Receipt
from services.contract.envelope import message_of
from services.formats.as_bytes import report_bytes
from services.settings import read_settings

SOURCE = "urn:grundbok:issue"

SAID = {
    "sv": "avlämnad rapport {number}, position {position}, sha256 {digest}",
    "en": "issued report {number}, position {position}, sha256 {digest}",
}


def issue(  # noqa: PLR0913 - one parameter for each option
    name: Annotated[str, Parameter(help="A pack or a table.")],
    /,
    *,
    book: Book,
    as_of: AsOf,
    recipient: Annotated[str, Parameter(name="--to", help="Who it is handed over to.")],
    actor: Annotated[str, Parameter(name="--by", help="Who hands it over.")],
    known_at: KnownAtOption = None,
    unit: UnitOption = None,
    output: Output = "text",
    file: OutFile = None,
    layout: LayoutFile = None,
    data: Data = None,
    lang: Lang = None,
) -> int:
    """Print a report and record that it was handed over: which, for when, at which position, with its digest."""
    settings = read_settings(os.environ, data=data, language=lang)
    question = Question(name=name, as_of=as_of_date(as_of), unit=unit, language=settings.language)
    moment, layouts = known_at_moment(known_at), Layouts(settings.data, layout)
    with running(settings) as program:
        writer = program.writer(book)
        store = program.book(book)
        command, subject, made, content = prepare(store, question, moment, layouts, (output, recipient), report_bytes)
        message = message_of(
            command, message_id=message_id(command, actor), source=SOURCE, subject=subject, actor=actor
        )
        if file is not None:
            # First the file: a report is not recorded as handed over when there is nothing to hand over.
            write_out(content, file)
        (answer,) = writer.write([message])
        if not isinstance(answer, Receipt):
            if file is not None and file.is_file():
                file.unlink()
            say_aside(f"grundbok: {answer.code}: {answer.sentence(settings.language)}")
            return exit_code(answer.code)
        number = number_at(store, answer.position)
    if file is None:
        write_out(content, None)
    say_remarks(made, settings.language)
    say_aside(SAID[settings.language].format(number=number, position=answer.position, digest=command.digest))
    return 0
