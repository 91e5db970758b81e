"""Placeholders in titles and labels of a layout: those that reports fill in, and no others."""

import re
from collections.abc import Callable, Iterator

from projections.layout import TableLayout
from projections.layout_fault import Facts, Found

YEARS_BESIDE = 5
"""How many years before and after its own a report can name."""

PLACEHOLDERS = (
    "{as_of}", "{day}", "{prior_day}", "{year}",
    *(f"{{year{offset:+d}}}" for offset in range(-YEARS_BESIDE, YEARS_BESIDE + 1)),
)  # fmt: skip
"""What `projections.periods.filled` fills in."""

KNOWN = f"{{as_of}}, {{day}}, {{prior_day}}, {{year}}, {{year-{YEARS_BESIDE}}}…{{year+{YEARS_BESIDE}}}"
"""The same, in short."""

BRACED = re.compile(r"\{[^{}]*\}?|\}")
"""A placeholder, or a brace that begins or ends none: printed as it stands it would be a mistake in a report."""


def unknown_placeholders(table: TableLayout, place_of: Callable[[str], str]) -> Found:
    """Find placeholders that are not filled in, in the title and in the labels of columns and lines.

    `place_of` says where in the table a title or the label of a column stands.
    """
    for placeholder in _unknown(table.title):
        yield place_of(table.title), "placeholder_in_title", _facts(table, placeholder)
    for column in table.columns:
        for placeholder in _unknown(column.label):
            facts = {**_facts(table, placeholder), "label": column.label}
            yield place_of(column.label), "placeholder_in_column", facts
    for line in table.lines:
        for placeholder in _unknown(line.label):
            name = line.id or f"'{line.label}'"
            yield line.place, "placeholder_in_line", {**_facts(table, placeholder), "line": name}


def _unknown(text: str) -> Iterator[str]:
    return (found for found in BRACED.findall(text) if found not in PLACEHOLDERS)


def _facts(table: TableLayout, placeholder: str) -> Facts:
    return {"table": table.id, "placeholder": placeholder, "known": KNOWN}
