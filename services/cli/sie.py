"""`grundbok sie export` and `grundbok sie import`: a fiscal year as a SIE file, and files of other programs."""

import importlib.metadata
import os
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import App, Parameter

from domain.kernel.refusal import Language
from services.application.ingest import check_files
from services.application.moments import known_at_moment
from services.application.sie import Imported, export_file, import_file
from services.bootstrap import running
from services.cli.exits import exit_code_for
from services.cli.options import Book, Data, KnownAtOption, Lang, OutFile, TextOrJson
from services.cli.report import write_out
from services.cli.speech import say_aside
from services.clock import swedish_day
from services.formats.sie4_findings import Finding
from services.formats.sie4_import import ImportOptions
from services.settings import read_settings

WORDS = {
    "sv": {
        "done": "{written} poster bokförda ({vouchers} verifikationer), {known} fanns redan",
        "none": "Ingenting är bokfört: {errors} fel",
        "info": "upplysning: ",
        "warning": "varning: ",
        "error": "",
    },
    "en": {
        "done": "{written} entries recorded ({vouchers} vouchers), {known} were there already",
        "none": "Nothing was recorded: {errors} errors",
        "info": "info: ",
        "warning": "warning: ",
        "error": "",
    },
}

sie = App(name="sie", help="Export a fiscal year as a SIE 4 file, or import one.", help_format="plaintext")


@sie.command(name="export")
def export_year(
    *,
    book: Book,
    year: Annotated[int, Parameter(help="The fiscal year, named by the calendar year in which it ends.")],
    file: OutFile = None,
    known_at: KnownAtOption = None,
    generated: Annotated[
        date | None, Parameter(help="#GEN date. Default: the last registration date, so that bytes repeat.")
    ] = None,
    data: Data = None,
    lang: Lang = None,
) -> int:
    """Write a fiscal year of a book as a SIE file of type 4E, in codepage 437."""
    settings = read_settings(os.environ, data=data, language=lang)
    moment = known_at_moment(known_at)
    with running(settings) as program:
        version = importlib.metadata.version("grundbok")
        store = program.book(book)
        made = export_file(store, year, version=version, known_at=moment, generated_on=generated)
        write_out(made.data, file)
    _say(made.findings, str(file or "-"), settings.language)
    return 0


@sie.command(name="import")
def import_year(  # noqa: PLR0913 - one parameter for each option
    file: Annotated[str, Parameter(help="A SIE file of type 4E or 4I.")],
    /,
    *,
    book: Book,
    create: Annotated[bool, Parameter(negative=(), help="Make the book if there is none.")] = False,
    organisation_number: Annotated[
        str, Parameter(help="Whose book a new one is. Default: the organisation number of the file.")
    ] = "",
    name: Annotated[str, Parameter(help="The association's name in a new book. Default: the name in the file.")] = "",
    chart: Annotated[
        Literal["bas", "kommun-bas"], Parameter(help="The chart of accounts a new book begins with.")
    ] = "bas",
    opening_difference: Annotated[
        int | None, Parameter(help="Account that takes what opening balances lack, where they do not cancel out.")
    ] = None,
    output: TextOrJson = "text",
    data: Data = None,
    lang: Lang = None,
) -> int:
    """Import a SIE file: all of it, or nothing when a finding is an error. Importing it again gives nothing new.

    Findings are written as file:line: code: sentence. Balances that differ from the file's own are named.
    """
    settings = read_settings(os.environ, data=data, language=lang)
    check_files([file])
    asked = ImportOptions(
        organisation_number=organisation_number, name=name, chart=chart, opening_difference=opening_difference
    )
    with running(settings) as program:
        made = import_file(
            Path(file).read_bytes(),
            file,
            find=lambda: program.book(book) if program.shelf.exists(book) else None,
            writer=program.writer(book, create=create),
            today=swedish_day(program.clock.now()),
            options=asked,
        )
    if output == "json":
        sys.stdout.write(f"{msgspec.json.encode(made).decode()}\n")
    else:
        _say(made.findings, file, settings.language)
        sys.stdout.write(f"{_summary(made, settings.language)}\n")
    return exit_code_for({finding.code for finding in made.errors})


def _summary(made: Imported, language: Language) -> str:
    words = WORDS[language]
    if made.errors:
        return words["none"].format(errors=len(made.errors))
    return words["done"].format(written=made.written, vouchers=made.vouchers, known=made.known)


def _say(findings: Iterable[Finding], file: str, language: Language) -> None:
    for finding in findings:
        place = f"{file}:{finding.line}" if finding.line else file
        say_aside(f"{place}: {WORDS[language][finding.severity]}{finding.code}: {finding.sentence(language)}")
