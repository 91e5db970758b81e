"""A report in the format and language that were asked for."""

from typing import TYPE_CHECKING

from projections.table import Report
from services.formats.as_csv import report_csv
from services.formats.as_json import report_json
from services.formats.as_text import text_rows
from services.formats.in_utf_8 import in_utf_8

if TYPE_CHECKING:
    from domain.kernel.refusal import Language


def report_bytes(made: Report, output: str, language: str) -> bytes:
    """Return a report's bytes in a format and a language that are named as an issued report has them."""
    spoken: Language = "en" if language == "en" else "sv"
    match output:
        case "json":
            return report_json(made, spoken)
        case "csv":
            return report_csv(made)
        case _:
            return in_utf_8(lambda out: out.writelines(text_rows(made, spoken)))
