"""`grundbok report` and `grundbok compare`: what a book says, and whether that is what was published."""

import os
import sys
import tomllib
from dataclasses import dataclass, fields
from datetime import date
from errno import ENOSPC
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter

from domain.kernel.refusal import Language, Refusal
from projections.compare import Published
from projections.narrowing import Narrowing
from projections.report import Question, told_aside
from projections.table import Report
from services.application import queries
from services.application.issuing import issued_again
from services.application.live_book import LiveBook
from services.application.moments import as_of_date, known_at_moment
from services.application.narrowed import narrowing
from services.application.read_models import model_file
from services.application.reading import not_readable
from services.bootstrap import running
from services.cli.options import AsOf, Book, Data, KnownAtOption, Lang, LayoutFile, OutFile, OutputOrOwn
from services.cli.speech import say_aside
from services.formats.as_bytes import report_bytes
from services.formats.as_comparison import comparison_json, comparison_text
from services.settings import read_settings

UnitOption = Annotated[
    Literal["kr", "tkr", "mnkr"] | None, Parameter(name="--unit", help="Unit of amounts. Default: the report's own.")
]
Format = Literal["text", "json", "csv"]


class FileNotWritten(Refusal):
    """What is asked for is written where it can be written."""

    code = "file_not_written"
    sv = "{path} kan inte skrivas; systemets besked: {reason}."
    en = "{path} cannot be written; the system says: {reason}."


class OutputFull(Refusal):
    """There is room for what is written."""

    code = "output_full"
    sv = "Det finns inte plats att skriva {path}; systemets besked: {reason}."
    en = "There is no room to write {path}; the system says: {reason}."


@Parameter(name="*", group="Journal and general ledger")
@dataclass(frozen=True)
class Only:
    """What a journal or a general ledger is narrowed to."""

    account: Annotated[str | None, Parameter(name="--account", help='Accounts, e.g. "1500-1599 2440".')] = None
    project: Annotated[str | None, Parameter(name="--project", help="A project.")] = None
    party: Annotated[str | None, Parameter(name="--party", help="A party.")] = None
    series: Annotated[str | None, Parameter(name="--series", help="A voucher series.")] = None
    text: Annotated[str | None, Parameter(name="--text", help="A text in vouchers.")] = None

    def narrowing(self) -> Narrowing:
        """Return what to narrow to; raises AccountsWrong."""
        return narrowing(self.account, self.project, self.party, self.series, self.text)


class PublishedWrong(Refusal):
    """A published document is a TOML file of tables, see examples/*/published.toml."""

    code = "published_wrong"
    sv = "{path} kan inte läsas som ett publicerat dokument; systemets besked: {reason}."
    en = "{path} cannot be read as a published document; the system says: {reason}."


class IssuedAsItWas(Refusal):
    """A report that was issued is printed as it was issued; its number says which, and nothing changes it."""

    code = "issued_as_it_was"
    sv = (
        "Med --issued säger numret vilken rapport som skrivs ut, med samma byte som när den lämnades."
        " Här står också {stated}: utelämna det, eller utelämna --issued."
    )
    en = (
        "With --issued the number says which report is printed, with the bytes it was issued with."
        " Also stated is {stated}: leave that out, or leave out --issued."
    )


class ReportIncomplete(Refusal):
    """A report is asked for by its name and its accounting date, or by the number it was issued with."""

    code = "report_incomplete"
    sv = "{missing} saknas: skriv grundbok report NAME --book BOOK --as-of DATE, eller --issued N för en avlämnad."
    en = "{missing} is missing: write grundbok report NAME --book BOOK --as-of DATE, or --issued N for an issued one."


def report(  # noqa: PLR0913 - one parameter for each option
    name: Annotated[
        str, Parameter(help="A pack (annual, interim, budget) or a table (balance-sheet, journal, …).")
    ] = "",
    /,
    *,
    book: Book,
    as_of: AsOf = "",
    issued: Annotated[
        int | None, Parameter(name="--issued", help="Make the issued report of this number again.")
    ] = None,
    known_at: KnownAtOption = None,
    unit: UnitOption = None,
    output: OutputOrOwn = None,
    file: OutFile = None,
    layout: LayoutFile = None,
    replay: Annotated[
        bool, Parameter(name="--replay", help="Read every event anew, not what is kept of them.")
    ] = False,
    only: Only = Only(),
    data: Data = None,
    lang: Lang = None,
) -> int:
    """Print a report of a book, as of an accounting date, as the book was known."""
    settings = read_settings(os.environ, data=data, language=lang)
    if issued is not None:
        stated = {"--as-of": as_of, "--known-at": known_at, "--unit": unit, "--output": output, "--layout": layout}
        _check_alone(name, stated | {"--replay": replay}, only)
        with running(settings) as program:
            write_out(issued_again(program.book(book), issued, report_bytes), file)
        return 0
    day = _day(name, as_of)
    question = Question(name=name, as_of=day, unit=unit, language=settings.language, only=only.narrowing())
    moment = known_at_moment(known_at)
    with running(settings) as program:
        store, layouts = program.book(book), queries.Layouts(settings.data, layout)
        ask = partial(queries.report, store) if replay else LiveBook(store, model_file(settings, book)).report
        made = ask(question, moment, layouts)
    write_out(rendered(made, output or "text", question.language), file)
    say_remarks(made, question.language)
    return 0


def compare(
    published: Annotated[Path, Parameter(help="A published document as TOML.")],
    /,
    *,
    book: Book,
    known_at: KnownAtOption = None,
    output: Annotated[Literal["text", "json"], Parameter(name=["--output", "-O"], help="Format.")] = "text",
    layout: LayoutFile = None,
    data: Data = None,
    lang: Lang = None,
) -> int:
    """Compare a published document with a book, figure by figure; 0 only when every deviation is explained."""
    settings = read_settings(os.environ, data=data, language=lang)
    document = read_published(published)
    moment = known_at_moment(known_at)
    with running(settings) as program:
        layouts = queries.Layouts(settings.data, layout)
        made, found = queries.comparison(program.book(book), document, moment, layouts)
    shown = comparison_json(found) if output == "json" else comparison_text(found, settings.language).encode()
    write_out(shown, None)
    say_remarks(made, settings.language)
    return 1 if found.unexplained else 0


def _day(name: str, as_of: str) -> date:
    """Return the day of a report that is not an issued one; raises ReportIncomplete or DateWrong."""
    missing = tuple(what for what, value in (("NAME", name), ("--as-of", as_of)) if not value)
    if missing:
        raise ReportIncomplete(missing=missing)
    return as_of_date(as_of)


def _check_alone(name: str, stated: dict[str, object], only: Only) -> None:
    """Check that nothing is stated that an issued report cannot honour, or raise IssuedAsItWas."""
    narrowed = {f"--{field.name}": getattr(only, field.name) for field in fields(only)}
    options = [option for option, value in (stated | narrowed).items() if value not in (None, "", False)]
    if name or options:
        raise IssuedAsItWas(stated=(*([name] if name else []), *options))


def say_remarks(made: Report, language: Language) -> None:
    """Say aside why a report may be empty, as when its day is outside the fiscal years; CSV has no room for it."""
    for remark in told_aside(made):
        say_aside(f"grundbok: {remark.code}: {remark.sentence(language)}")


def read_published(path: Path) -> Published:
    """Return a published document; raises PublishedWrong, or FileMissing or FileLocked as `ingest` does."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Published)
    except OSError as error:
        raise not_readable(str(path), error) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise PublishedWrong(path=str(path), reason=str(error)) from error


def rendered(made: Report, output: Format, language: Language) -> bytes:
    """Return a report's bytes in a format."""
    return report_bytes(made, output, language)


def write_out(content: bytes, file: Path | None) -> None:
    """Write to a file, or to standard output; raises FileNotWritten or OutputFull."""
    try:
        if file is not None:
            file.write_bytes(content)
            return
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        kind = OutputFull if error.errno == ENOSPC else FileNotWritten
        raise kind(path=str(file or "-"), reason=error.strerror or str(error)) from error
