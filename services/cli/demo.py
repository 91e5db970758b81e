"""`grundbok demo`: builds the five books from their messages and compares each with what was published."""

import os
from datetime import date
from pathlib import Path
from typing import Annotated, NamedTuple

from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from domain.kernel.refusal import Language, Refusal
from projections.compare import Comparison, Published
from services.application.audit import difference
from services.application.ingest import ingest
from services.application.queries import Layouts, comparison
from services.bootstrap import Program, running
from services.cli.options import Data, Lang
from services.cli.report import read_published, write_out
from services.cli.speech import say_aside
from services.contract.answers import Refused
from services.formats.as_bridge import bridge_text
from services.formats.as_comparison import comparison_text
from services.formats.as_text import report_text
from services.settings import read_settings

PUBLISHED = "published.toml"

INGESTED: dict[Language, str] = {
    "sv": "{book}: {new} händelser inlästa, {known} fanns redan, {refused} avvisade",
    "en": "{book}: {new} events ingested, {known} known before, {refused} refused",
}
LAST = (
    "reproduced {good} of {all} documents: {figures} figures, {matched} matched, "
    "{explained} deviations explained, {unexplained} unexplained"
)
"""The same in every language, so that scripts may look for it."""


SIGNED = {"varend": date(2017, 10, 20)}
"""When a report was signed that has been corrected since: the demo explains what changed."""


class ExamplesMissing(Refusal):
    """The demo needs the folder of examples that comes with the source."""

    code = "examples_missing"
    sv = "Det finns inga exempel i {path}. Kör från källkodens katalog, eller ange --examples."
    en = "There are no examples in {path}. Run in the source directory, or state --examples."


class Counted(NamedTuple):
    """How the messages of a book were answered."""

    new: int
    known: int
    refused: tuple[Refused, ...]


def demo(
    *,
    examples: Annotated[Path, Parameter(name="--examples", help="Folder of the examples.")] = Path("examples"),
    data: Data = None,
    lang: Lang = None,
) -> int:
    """Build the five books from their messages, print their reports, and compare them with what was published."""
    settings = read_settings(os.environ, data=data, language=lang)
    language = settings.language
    folders = sorted(path.parent for path in examples.glob(f"*/{PUBLISHED}"))
    if not folders:
        raise ExamplesMissing(path=str(examples))
    found: list[tuple[str, Comparison]] = []
    refused = 0
    with running(settings) as program:
        for folder, counted in zip(folders, _ingest(program, folders), strict=True):
            said = INGESTED[language].format(
                book=folder.name, new=counted.new, known=counted.known, refused=len(counted.refused)
            )
            say_aside(said)
            for refusal in counted.refused:
                say_aside(f"{refusal.file}:{refusal.line}: {refusal.code}: {refusal.sentence(language)}")
            refused += len(counted.refused)
        for folder in folders:
            document = read_published(folder / PUBLISHED)
            made, compared = comparison(program.book(folder.name), document, None, Layouts(settings.data))
            found.append((folder.name, compared))
            text = report_text(made, language) + "\n" + comparison_text(compared, language)
            if folder.name in SIGNED:
                text += "\n" + _since_signed(program, folder.name, document, Layouts(settings.data), language)
            write_out(f"{'=' * 100}\n{text}\n".encode(), None)
    write_out(_table(found, language).encode(), None)
    good = sum(1 for _, compared in found if not compared.unexplained)
    return 0 if good == len(folders) and not refused else 1


def _since_signed(program: Program, book: str, document: Published, layouts: Layouts, language: Language) -> str:
    """Return what has changed in a document's report since it was signed, voucher by voucher."""
    as_of = date.fromisoformat(document.period[1])
    found = difference(program.book(book), document.kind, as_of, (SIGNED[book], None), layouts)
    return bridge_text(book, found, language)


def _ingest(program: Program, folders: list[Path]) -> list[Counted]:
    counts: list[Counted] = []
    columns = (TextColumn("{task.description:<18}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        for folder in folders:
            files = sorted(str(path) for path in folder.glob("*.jsonl"))
            total = sum(Path(file).read_bytes().count(b"\n") for file in files)
            task = progress.add_task(folder.name, total=total)
            new = known = 0
            refused: list[Refused] = []
            for answers in ingest(program.writer(folder.name, create=True), files, batch_messages=100):
                progress.advance(task, len(answers))
                for answer in answers:
                    if isinstance(answer, Refused):
                        refused.append(answer)
                    elif answer.duplicate:
                        known += 1
                    else:
                        new += answer.last_position - answer.position + 1
            counts.append(Counted(new, known, tuple(refused)))
    return counts


def _table(found: list[tuple[str, Comparison]], language: Language) -> str:
    """Return the figures of every document, a sum, and the last line that says whether all came out."""
    heading = {
        "sv": ("Dokument", "belopp", "stämmer", "förklarade", "oförklarade"),
        "en": ("Document", "figures", "matched", "explained", "unexplained"),
    }[language]
    rows = {
        book: (
            compared.figures,
            compared.matched,
            len(compared.deviations) - len(compared.unexplained),
            len(compared.unexplained),
        )
        for book, compared in found
    }
    sums = [sum(column) for column in zip(*rows.values(), strict=True)]
    lines = [f"{heading[0]:<20}" + "".join(f"{word:>13}" for word in heading[1:]), "-" * 72]
    lines += [f"{name:<20}" + "".join(f"{figure:>13}" for figure in figures) for name, figures in rows.items()]
    lines += ["-" * 72, f"{'':<20}" + "".join(f"{figure:>13}" for figure in sums), ""]
    good = sum(1 for _, compared in found if not compared.unexplained)
    last = LAST.format(
        good=good, all=len(found), figures=sums[0], matched=sums[1], explained=sums[2], unexplained=sums[3]
    )
    return "\n".join((*lines, last)) + "\n"
