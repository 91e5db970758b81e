"""Placeholders of titles and labels: those there are, all filled in; any other is refused with its place."""

from datetime import date

import pytest

from projections.history import History
from projections.layout_labels import PLACEHOLDERS
from projections.layout_reader import read_layout
from projections.periods import filled
from tests.projections.tables import faults_of

SOUND = """\
name = "prov"
[[table]]
id = "rr"
title = "RR {year}"
columns = [
  { label = "{day}" },
  { label = "{prior_day} {year-1}", year = -1 },
]
lines = [
  { id = "int", label = "Intäkter {as_of}", accounts = "3000-3999" },
]
"""
KNOWN = "{as_of}, {day}, {prior_day}, {year}, {year-5}…{year+5}"


def test_those_there_are_may_stand_anywhere() -> None:
    assert faults_of(SOUND) == []
    assert faults_of(SOUND.replace("RR {year}", " ".join(PLACEHOLDERS))) == []


@pytest.mark.parametrize("placeholder", PLACEHOLDERS)
def test_each_of_them_is_filled_in(placeholder: str) -> None:
    shown = filled(placeholder, History(), date(2017, 8, 31))

    assert shown
    assert not set(shown) & set("{}")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("RR {year}", "RR {yaer}", "prov.toml:4: table rr, title: {yaer} "),
        ("RR {year}", "RR {YEAR}", "prov.toml:4: table rr, title: {YEAR} "),
        ("RR {year}", "RR {year+6}", "prov.toml:4: table rr, title: {year+6} "),
        ("RR {year}", "RR {year", "prov.toml:4: table rr, title: {year "),
        ("RR {year}", "RR year}", "prov.toml:4: table rr, title: } "),
        ("RR {year}", "RR {}", "prov.toml:4: table rr, title: {} "),
        ("{day}", "{dag}", "prov.toml:6: table rr, column '{dag}': {dag} "),
        ("{year-1}", "{year -1}", "prov.toml:7: table rr, column '{prior_day} {year -1}': {year -1} "),
        ("{as_of}", "{asof}", "prov.toml:10: table rr, line int: {asof} "),
    ],
)
def test_any_other_is_refused_with_file_line_and_what_there_is(old: str, new: str, said: str) -> None:
    assert old in SOUND

    ((place, sentence),) = faults_of(SOUND.replace(old, new))

    assert f"{place}: {sentence}" == f"{said}cannot be filled in; there are {KNOWN}"


def test_each_that_is_unknown_is_named() -> None:
    wrong = SOUND.replace("RR {year}", "RR {yaer} {mouth}").replace("{as_of}", "{asof}")

    assert [place for place, _ in faults_of(wrong)] == ["prov.toml:4", "prov.toml:4", "prov.toml:10"]


def test_the_layout_of_an_issued_report_is_read_as_it_was() -> None:
    layout = read_layout(SOUND.replace("{year}", "{yaer}", 1), "prov.toml", issued=True)

    assert layout.tables[0].title == "RR {yaer}"


def test_the_line_is_that_of_the_right_table_and_else_that_of_its_id() -> None:
    second = SOUND.partition("\n")[2].replace('"rr"', '"br"')
    twice = SOUND + second.replace("{day}", "{dag}")
    inline = 'name = "x"\ntable = [{ id = "t", title = "{x}", columns = [{ label = "" }], lines = [] }]\n'

    assert [place for place, _ in faults_of(twice)] == ["prov.toml:16"]
    assert [place for place, _ in faults_of(SOUND + second.replace("RR {year}", "\\u007Bx}"))] == ["prov.toml:13"]
    assert [place for place, _ in faults_of(inline)] == ["prov.toml"]
