"""Layouts: what is refused when they are loaded, and on which line of the file."""

import tomllib
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

import pytest

from projections.layout import LayoutWrong
from projections.layout_fault import FAULTS
from projections.layout_reader import read_layout
from tests.projections.tables import faults_of, layout_of

if TYPE_CHECKING:
    from domain.kernel.refusal import Language

LANGUAGES: "tuple[Language, Language]" = ("sv", "en")
ROOT = Path(__file__).parents[2]

SOUND = """\
name = "prov"
[packs]
annual = ["rr"]
[sets]
income = "3000-3999"
[[table]]
id = "rr"
title = "RR"
columns = [{ label = "A" }]
lines = [
  { id = "int", label = "Intäkter", accounts = "income", sign = "-" },
  { id = "kost", label = "Kostnader", accounts = "4000-4999" },
  { id = "res", label = "Resultat", kind = "result", sum = "int - kost" },
]
checks = ["res = int - kost"]
[[claim]]
about = "resultat"
value = "rr.res / agreed"
unit = "%"
"""


def test_a_sound_layout_has_no_faults() -> None:
    assert faults_of(SOUND) == []


WRONG = [
    ('name = "prov"', "", "prov.toml", "missing required field `name`"),
    ('name = "prov"', 'name = "prov"\ncolour = 1', "prov.toml", "unknown field `colour`"),
    ('name = "prov"', 'name = "prov"\ntable = 5', "prov.toml:7", "Cannot overwrite a value"),
    ('title = "RR"', 'titel = "RR"', "prov.toml:7", "field"),
    ('title = "RR"', 'title = "RR"\nunit = "öre"', "prov.toml:7", "Invalid enum value 'öre'"),
    ('title = "RR"', 'title = "RR"\ndecimals = -1', "prov.toml:7", "Expected `int` >= 0 - at `$.decimals`"),
    ('[{ label = "A" }]', '[{ label = "A", source = "guess" }]', "prov.toml:7", "Invalid enum value 'guess'"),
    ('[{ label = "A" }]', '[{ label = "A", year = 99 }]', "prov.toml:7", "Expected `int` <= 5"),
    ('[{ label = "A" }]', "[]", "prov.toml:7", "Expected `array` of length >= 1"),
    ('[{ label = "A" }]', '[{ label = "A", years = "all" }]', "prov.toml:7", "column 'A': years is for what is"),
    ('sign = "-"', 'sign = "minus"', "prov.toml:11", "Invalid enum value 'minus'"),
    ('sign = "-"', "sing = 1", "prov.toml:11", "unknown field `sing`"),
    ('label = "Kostnader"', "label = 5", "prov.toml:12", "Expected `str`, got `int`"),
    ('accounts = "4000-4999"', 'accounts = "4000-499x"', "prov.toml:12", "cannot read '4000-499x'"),
    ('accounts = "4000-4999"', 'accounts = "costs"', "prov.toml:12", "cannot read 'costs'"),
    ('"3000-3999"', '"3000-"', "prov.toml:5", "cannot read '3000-'"),
    ('"3000-3999"', '"income"', "prov.toml:5", "cannot read 'income'"),
    ('sum = "int - kost"', 'sum = "int -"', "prov.toml:13", "a formula ends too early"),
    ('sum = "int - kost"', 'sum = "int - cost"', "prov.toml:13", "names rr.cost, which does not exist"),
    ('sum = "int - kost"', 'sum = "br.int"', "prov.toml:13", "names br.int, which does not exist"),
    ('sum = "int - kost"', 'sum = "int@1"', "prov.toml:13", "names column 1, which rr does not have"),
    ('sum = "int - kost"', 'sum = "int - res"', "prov.toml:13", "the sum of res goes in a circle"),
    ('sum = "int - kost"', 'sum = "int", sign = "-"', "prov.toml:13", "line res has both a sum and sign"),
    ('sum = "int - kost"', 'sum = "int", terms = [{}]', "prov.toml:13", "line res has both a sum and terms"),
    ('sum = "int - kost"', 'sum = "int", each = "party"', "prov.toml:13", "line res has both a sum and each"),
    ('accounts = "4000-4999"', 'accounts = "1", at_least = 0', "prov.toml:12", "at_least without a sum"),
    ('accounts = "4000-4999"', 'accounts = "1", terms = [{}]', "prov.toml:12", "both terms and accounts"),
    ('accounts = "4000-4999"', 'accounts = "1", kind = "heading"', "prov.toml:12", "is a heading and has no"),
    ('accounts = "4000-4999"', 'kind = "heading"', "prov.toml:13", "names rr.kost, a heading without amounts"),
    ('{ id = "kost", ', "{ ", "prov.toml:7", "a line needs an id"),
    ('id = "kost"', 'id = "int"', "prov.toml:12", "line int is there twice"),
    ('"res = int - kost"', '"res"', "prov.toml:7", "check 'res' needs a '='"),
    ('"res = int - kost"', '"res = cost"', "prov.toml:7", "'cost' names rr.cost, which does not exist"),
    ('annual = ["rr"]', 'annual = ["rr", "br"]', "prov.toml:3", "pack annual names table br, which does not"),
    ('annual = ["rr"]', "annual = []", "prov.toml:3", "pack annual names no table"),
    ('title = "RR"', 'title = "RR"\ncovers = "3000-5000"', "prov.toml:7", "accounts 5000 fall on no line of rr"),
    ("rr.res / agreed", "rr.sum", "prov.toml:16", "names rr.sum, which does not exist"),
    ("rr.res / agreed", "granted", "prov.toml:16", "'granted' names granted, which does not exist"),
    ("rr.res / agreed", "rr.res /", "prov.toml:16", "a formula ends too early"),
    ('about = "resultat"', "about = 7", "prov.toml:16", "Expected `str`, got `int`"),
    ("[[claim]]", "[[claim", "prov.toml:16", "(at line 16"),
    ('unit = "%"', 'unit = "%', "prov.toml:19", "Illegal character"),
    ('unit = "%"', 'unit = ["%"', "prov.toml:19", "Unclosed array"),
]


@pytest.mark.parametrize(("old", "new", "place", "what"), WRONG)
def test_says_what_is_wrong_and_where(old: str, new: str, place: str, what: str) -> None:
    assert old in SOUND

    faults = faults_of(SOUND.replace(old, new, 1))

    assert place in {found for found, sentence in faults if what in sentence}, faults


@pytest.mark.parametrize(("old", "new", "place", "what"), WRONG)
def test_says_it_in_swedish_too(old: str, new: str, place: str, what: str) -> None:
    with pytest.raises(LayoutWrong) as raised:
        read_layout(SOUND.replace(old, new, 1), "prov.toml")

    swedish, english = (raised.value.sentence(language).splitlines() for language in LANGUAGES)
    assert [row.partition(": ")[0] for row in swedish] == [row.partition(": ")[0] for row in english]
    assert any(row.startswith(place) and what in row for row in english)
    assert all(row != other for row, other in zip(swedish, english, strict=True))
    assert raised.value.facts == {"faults": "\n".join(english)}


@pytest.mark.parametrize("code", FAULTS)
def test_a_fault_has_the_same_facts_in_both_languages(code: str) -> None:
    named = [{name for _, name, _, _ in Formatter().parse(FAULTS[code][language]) if name} for language in LANGUAGES]

    assert named[0] == named[1]


@pytest.mark.parametrize(
    ("old", "new", "swedish"),
    [
        ('title = "RR"', 'titel = "RR"', "okänt fält `titel`"),
        ('sign = "-"', "terms = [{ sing = 1 }]", "okänt fält `sing` ($.terms[0])"),
        ('label = "Kostnader"', "label = 5", "väntade `str`, fick `int` ($.label)"),
        ('unit = "%"', 'unit = "sek"', "'sek' är inget av de värden som kan stå här ($.unit)"),
        ("[[claim]]", "[[claim", "filen är inte TOML; systemets besked: "),
        (
            '[{ label = "A" }]',
            "[]",
            "ett värde kan inte stå här; systemets besked: Expected `array` of length >= 1 - at `$.columns`",
        ),
    ],
)
def test_quotes_only_what_it_has_no_words_for(old: str, new: str, swedish: str) -> None:
    with pytest.raises(LayoutWrong) as raised:
        read_layout(SOUND.replace(old, new, 1), "prov.toml")

    assert swedish in raised.value.sentence("sv")


def test_reports_every_fault_at_once() -> None:
    wrong = (
        SOUND.replace("int - kost", "int - cost")
        .replace('"rr"]', '"br"]')
        .replace("4000-4999", "4000-")
        .replace("rr.res", "rr.sum")
    )

    assert [place for place, _ in faults_of(wrong)] == [
        "prov.toml:12", "prov.toml:13", "prov.toml:7", "prov.toml:16", "prov.toml:3",
    ]  # fmt: skip


def test_reports_every_part_that_has_the_wrong_shape_at_once() -> None:
    wrong = SOUND.replace('label = "Intäkter"', "label = 1").replace('kind = "result"', 'kind = "total"')
    wrong = wrong.replace('title = "RR"', "title = 2").replace('unit = "%"', 'unit = "sek"')

    assert [place for place, _ in faults_of(wrong)] == ["prov.toml:7", "prov.toml:11", "prov.toml:13", "prov.toml:16"]


@pytest.mark.parametrize(
    "text",
    [
        'name = "x"\ntable = 5\n',
        'name = "x"\ntable = [5]\n',
        'name = "x"\n[[table]]\nid = 5\ntitle = "T"\ncolumns = [{label = "A"}]\nlines = [5]\n',
        'name = "x"\n[[table]]\ncolumns = 5\nlines = "none"\n',
        'name = "x"\nclaim = [[]]\n',
        "name = " + "[" * 5000,
        "\x00",
        "",
    ],
)
def test_refuses_anything_else_with_a_place(text: str) -> None:
    faults = faults_of(text)

    assert faults
    assert all(place.startswith("prov.toml") for place, _ in faults)


def two(first: str, second: str, covers: str = "4000-4999") -> str:
    return (
        f'name = "x"\n[[table]]\nid = "t"\ntitle = "T"\ncovers = "{covers}"\ncolumns = [{{ label = "A" }}]\n'
        f'lines = [\n  {{ label = "", {first} }},\n  {{ label = "", {second} }},\n]\n'
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('id = "a", accounts = "4000-4499"', 'id = "b", accounts = "4500-4999"'),
        ('id = "a", accounts = "4000-4999", project = "p"', 'id = "b", accounts = "4000-4999", project = ["q", ""]'),
        ('id = "a", accounts = "4000-4999", party = "p"', 'id = "b", accounts = "4000-4999", party = ""'),
        ('each = "project", accounts = "4000-4999"', 'id = "b", accounts = "4000-4999", project = ""'),
        ('each = "party", accounts = "4000-4999"', 'id = "b", accounts = "4000-4999", party = ""'),
        ('id = "a", accounts = "4000-4999"', 'id = "b", accounts = "1000-3999"'),
        ('id = "a", terms = [{ accounts = "4000-4999" }, { accounts = "4000-4999" }]', 'id = "b", sum = "a"'),
    ],
)
def test_lines_that_share_no_posting_may_cover_the_same_accounts(first: str, second: str) -> None:
    assert faults_of(two(first, second)) == []


@pytest.mark.parametrize(
    ("first", "second", "twice"),
    [
        ('id = "a", accounts = "4000-4999"', 'id = "b", accounts = "4500"', "accounts 4500 fall on both a and b"),
        ('id = "a", accounts = "4000-4999"', 'id = "b", accounts = "4000-4999", project = "p"', "both a and b"),
        (
            'id = "a", accounts = "4000-4999", project = ["p", "q"]',
            'id = "b", accounts = "4000-4999", project = "q"',
            "accounts 4000-4999 fall on both a and b",
        ),
        (
            'each = "project", accounts = "4000-4999"',
            'id = "b", accounts = "4010", project = "p"',
            "each project and b",
        ),
        ('each = "project", accounts = "4000-4999"', 'id = "b", accounts = "4010"', "both each project and b"),
        ('id = "a", each = "party", accounts = "4000-4999"', 'each = "party", accounts = "4010"', "a and each party"),
    ],
)
def test_accounts_on_two_lines_of_a_covered_table_are_refused(first: str, second: str, twice: str) -> None:
    (fault,) = faults_of(two(first, second))

    assert fault[0] in {"prov.toml:9", "prov.toml:3"}
    assert twice in fault[1]


def test_two_lines_for_each_need_ids_to_tell_their_rows_apart() -> None:
    (fault,) = faults_of(two('each = "project", accounts = "4000"', 'each = "project", accounts = "4001"', ""))

    assert fault == ("prov.toml:3", "two lines for each need an id")


def test_two_tables_of_one_id_are_refused_at_the_second() -> None:
    table = '[[table]]\nid = "t"\ntitle = "T"\ncolumns = [{ label = "A" }]\nlines = []\n'

    assert faults_of(f'name = "x"\n{table}{table}') == [("prov.toml:7", "table t is there twice")]


TWO_TABLES = """\
name = "x"
[[table]]
id = "wide"
title = ""
columns = [{ label = "A" }, { label = "B" }]
lines = [{ id = "a", sum = "%s" }]
[[table]]
id = "narrow"
title = ""
columns = [{ label = "A" }]
lines = [{ id = "n", accounts = "1000" }, { id = "m", sum = "%s" }]
"""


def test_a_line_of_a_table_with_fewer_columns_is_named_with_its_column() -> None:
    (fault,) = faults_of(TWO_TABLES % ("narrow.n", "n"))

    assert fault == (
        "prov.toml:6",
        "'narrow.n' names narrow.n in 2 columns, but narrow has 1: say which, as in narrow.n@0",
    )
    assert faults_of(TWO_TABLES % ("narrow.n@0", "n")) == []
    assert faults_of(TWO_TABLES % ("1", "wide.a")) == []


def test_finds_a_circle_through_tables_but_not_what_merely_leads_to_one() -> None:
    text = TWO_TABLES % ("narrow.m@0", "wide.a@1") + 'checks = ["m = n"]\n'

    assert sorted(faults_of(text)) == [
        ("prov.toml:11", "the sum of m goes in a circle"),
        ("prov.toml:6", "the sum of a goes in a circle"),
    ]


def test_a_long_ladder_of_sums_is_checked_without_delay() -> None:
    rungs = "".join(f'  {{ id = "l{n}", sum = "l{n - 1} + l{n - 1}" }},\n' for n in range(1, 200))
    text = 'name = "x"\n[[table]]\nid = "t"\ntitle = ""\ncolumns = [{ label = "" }]\nlines = [\n'

    assert faults_of(text + '  { id = "l0", accounts = "1" },\n' + rungs + "]\n") == []


def test_places_are_found_in_other_ways_of_writing_toml() -> None:
    text = (
        'name = "x"\n\n[[ table ]] # first\ntitle = "T"\nid = \'t\'\n[[table.columns]]\nlabel = "A"\n'
        "[[table.lines]]\nid = 'a'\naccounts = 'x'\n[[table.lines]]\nid = 'b'\nsum = 'c'\n"
    )

    assert [place for place, _ in faults_of(text)] == ["prov.toml:9", "prov.toml:12"]
    one_row = (
        'name = "x"\n[[table]]\nid = "t"\ntitle = ""\ncolumns = [{ label = "" }]\nlines = [{ id = "a" }, { id = "a" }]'
    )
    assert faults_of(one_row) == [("prov.toml:6", "line a is there twice")]


def test_the_error_is_every_fault_with_its_place() -> None:
    with pytest.raises(LayoutWrong, match=r"^prov.toml:13: 'int - cost' names rr.cost, which does not exist"):
        read_layout(SOUND.replace("int - kost", "int - cost"), "prov.toml")


def test_a_pack_a_role_or_an_id_chooses_tables() -> None:
    layout = layout_of(
        """
        [packs]
        annual = ["b", "a"]
        [[table]]
        id = "a"
        title = ""
        is = "notes"
        columns = [{ label = "" }]
        lines = []
        [[table]]
        id = "b"
        title = ""
        is = "notes"
        columns = [{ label = "" }]
        lines = []
        """
    )

    def chosen(name: str) -> list[str]:
        return [table.id for table in layout.choose(name)]

    assert chosen("annual") == ["b", "a"]
    assert chosen("notes") == ["a", "b"]
    assert chosen("b") == ["b"]
    assert chosen("c") == []


def test_tables_and_lines_inherit_what_they_do_not_say() -> None:
    layout = layout_of(
        """
        name = "x"
        unit = "tkr"
        decimals = 1
        zero = "-"
        minus = "trailing"
        [[table]]
        id = "a"
        title = ""
        columns = [{ label = "" }]
        lines = [{ id = "l", zero = "" }, { id = "m" }]
        [[table]]
        id = "b"
        title = ""
        unit = "kr"
        decimals = 0
        zero = "0"
        minus = "leading"
        measure = "closing"
        columns = [{ label = "" }]
        lines = [{ id = "l", accounts = "1" }, { id = "m", measure = "opening" }]
        """
    )
    a, b = layout.tables

    assert (a.unit, a.decimals, a.minus, [line.zero for line in a.lines]) == ("tkr", 1, "trailing", ["", "-"])
    assert (b.unit, b.decimals, b.minus, [line.zero for line in b.lines]) == ("kr", 0, "leading", ["0", "0"])
    assert [line.terms[0].measure for line in b.lines] == ["closing", "opening"]


def test_the_first_example_of_the_documentation_loads() -> None:
    example = (ROOT / "docs" / "layouts.md").read_text("utf-8").split("```toml\n")[1].split("```")[0]

    layout = read_layout(example, "docs/layouts.md")

    assert [line.id for line in layout.tables[0].lines] == ["int", "kost", "fore_fin"]


@pytest.mark.parametrize("file", sorted((ROOT / "projections" / "layouts").glob("*.toml")), ids=lambda file: file.name)
def test_every_shipped_layout_loads(file: Path) -> None:
    text = file.read_text("utf-8")

    assert read_layout(text, file.name).name == tomllib.loads(text)["name"]
