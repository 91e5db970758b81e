"""What came of comparing a published document with a book, as text or JSON."""

import msgspec

from domain.kernel.refusal import Language
from projections.compare import ClaimChecked, Comparison, Deviation

WORDS: dict[Language, dict[str, str]] = {
    "sv": {
        "summary": "{figures} belopp, {matched} stämmer, {explained} avvikelser förklarade, {unexplained} oförklarade",
        "deviation": "{place}, {column}: tryckt {published}, boken ger {computed}",
        "explained": "    förklaring: {check}: {comment}",
        "unexplained": "    oförklarad",
        "agrees": "stämmer",
        "contradicted": "motsägs",
        "claim": "{verdict}: ”{text}” – texten anger {value} {unit}, boken ger {computed}",
        "unchecked": "prövas inte: ”{text}”",
        "claims": "Påståenden i texten",
        "deviations": "Avvikelser",
        "footing": "Ställen där det tryckta inte följer av sig självt: {count}",
        "finding": "{check}, {column}: tryckt {published}, summerar till {computed}",
    },
    "en": {
        "summary": "{figures} figures, {matched} matched, {explained} deviations explained, {unexplained} unexplained",
        "deviation": "{place}, {column}: printed {published}, the book gives {computed}",
        "explained": "    explanation: {check}: {comment}",
        "unexplained": "    unexplained",
        "agrees": "agrees",
        "contradicted": "contradicted",
        "claim": "{verdict}: “{text}” – the text says {value} {unit}, the book gives {computed}",
        "unchecked": "not checked: “{text}”",
        "claims": "Claims in the text",
        "deviations": "Deviations",
        "footing": "Places where the print does not follow from itself: {count}",
        "finding": "{check}, {column}: printed {published}, adds up to {computed}",
    },
}


def comparison_text(found: Comparison, language: Language = "sv") -> str:
    """Return a comparison as text: deviations, findings, claims, and a summary in the last line."""
    words = WORDS[language]
    out = [found.document, ""]
    if found.deviations:
        out.append(words["deviations"])
        for deviation in found.deviations:
            out += _deviation(deviation, words)
        out.append("")
    if found.findings:
        out.append(words["footing"].format(count=len(found.findings)))
        out += ["  " + words["finding"].format(**msgspec.structs.asdict(finding)) for finding in found.findings]
        out.append("")
    if found.claims or found.claims_unchecked:
        out.append(words["claims"])
        out += ["  " + _claim(claim, words) for claim in found.claims]
        out += ["  " + words["unchecked"].format(text=text) for text in found.claims_unchecked]
        out.append("")
    return "\n".join((*out, summary(found, language))) + "\n"


def summary(found: Comparison, language: Language = "sv") -> str:
    """Return a comparison in one line."""
    return WORDS[language]["summary"].format(
        figures=found.figures,
        matched=found.matched,
        explained=len(found.deviations) - len(found.unexplained),
        unexplained=len(found.unexplained),
    )


def comparison_json(found: Comparison) -> bytes:
    """Return a comparison as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n"


def _deviation(deviation: Deviation, words: dict[str, str]) -> list[str]:
    place = f"{deviation.table}.{deviation.line}"
    shown = words["deviation"].format(
        place=place,
        column=deviation.column,
        published=deviation.published or "–",
        computed=deviation.computed or "–",
    )
    finding = deviation.explained_by
    if finding is None:
        return ["  " + shown, words["unexplained"]]
    return ["  " + shown, words["explained"].format(check=finding.check, comment=finding.comment)]


def _claim(claim: ClaimChecked, words: dict[str, str]) -> str:
    return words["claim"].format(
        verdict=words[claim.verdict], text=claim.text, value=claim.value, unit=claim.unit, computed=claim.computed
    )
