"""What came of a comparison, in words and for machines."""

import json

import pytest

from domain.kernel.refusal import Language
from projections.compare import ClaimChecked, Comparison, Deviation, Finding
from services.formats.as_comparison import comparison_json, comparison_text, summary

FINDING = Finding(check="kostnader", column="Budget", published="10", computed="11", comment="avrundning")
FOUND = Comparison(
    document="Delårsrapport 2023",
    figures=5,
    matched=3,
    deviations=(
        Deviation(table="rr", line="kost", column="Budget", published="10", computed="11", explained_by=FINDING),
        Deviation(table="br", line="bank", column="2023", published="7", computed="", explained_by=None),
    ),
    findings=(FINDING,),
    claims=(
        ClaimChecked(text="43 % av budgeten", value="43", unit="%", computed="43", verdict="agrees"),
        ClaimChecked(text="ökade med 5 tkr", value="5", unit="tkr", computed="4", verdict="contradicted"),
    ),
    claims_unchecked=("ett gott år",),
)
SWEDISH = """\
Delårsrapport 2023

Avvikelser
  rr.kost, Budget: tryckt 10, boken ger 11
    förklaring: kostnader: avrundning
  br.bank, 2023: tryckt 7, boken ger –
    oförklarad

Ställen där det tryckta inte följer av sig självt: 1
  kostnader, Budget: tryckt 10, summerar till 11

Påståenden i texten
  stämmer: ”43 % av budgeten” – texten anger 43 %, boken ger 43
  motsägs: ”ökade med 5 tkr” – texten anger 5 tkr, boken ger 4
  prövas inte: ”ett gott år”

5 belopp, 3 stämmer, 1 avvikelser förklarade, 1 oförklarade
"""


def test_tells_deviations_findings_claims_and_a_summary() -> None:
    assert comparison_text(FOUND) == SWEDISH


def test_tells_only_what_there_is() -> None:
    good = Comparison(
        document="Bokslut", figures=2, matched=2, deviations=(), findings=(), claims=(), claims_unchecked=()
    )

    assert comparison_text(good, "en") == ("Bokslut\n\n2 figures, 2 matched, 0 deviations explained, 0 unexplained\n")


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_last_line_is_the_summary(language: Language) -> None:
    text = comparison_text(FOUND, language)

    assert text.splitlines()[-1] == summary(FOUND, language)
    assert "{" not in text


def test_json_has_the_same_and_says_what_explains_it() -> None:
    found = json.loads(comparison_json(FOUND))

    assert (found["figures"], found["matched"]) == (5, 3)
    assert [row["explained_by"] and row["explained_by"]["comment"] for row in found["deviations"]] == [
        "avrundning", None,
    ]  # fmt: skip
    assert comparison_json(FOUND).endswith(b"}\n")
