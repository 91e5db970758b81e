"""The sentences of warnings: the domain gives a code and facts, a receipt also says them in words."""

from domain.kernel.refusal import Language, Warned, say

SENTENCES: dict[str, tuple[str, str]] = {
    "contribution_shares": (
        (
            "Insatserna för {year} följer inte fördelningen hälften, en fjärdedel, en fjärdedel (lag 2003:1210, 5 §):"
            " {kind} betalar {agreed_ore} kr men skulle betala {expected_ore} kr."
        ),
        (
            "The contributions for {year} are not shared as half, a quarter, a quarter (lag 2003:1210, 5 §):"
            " {kind} pays {agreed_ore} kr but would pay {expected_ore} kr."
        ),
    ),
    "claim_above_granted": (
        (
            "Rekvisitionen på {amount_ore} kr går över det som återstår av {grant} för {year} ({left_ore} kr);"
            " bokförd enligt beslut {override}."
        ),
        (
            "The claim of {amount_ore} kr exceeds what is left of {grant} for {year} ({left_ore} kr);"
            " recorded by decision {override}."
        ),
    ),
    "correction_touches_subledger": (
        (
            "Verifikation {voucher} rör en reskontra: rättelsen ändrar kontot men inte vad som står öppet i reskontran."
            " Kontrollera avstämningen."
        ),
        (
            "Voucher {voucher} touches a sub-ledger: the correction changes the account but not what is open in the"
            " sub-ledger. Check the reconciliation."
        ),
    ),
    "correction_touches_accrual": (
        (
            "Verifikation {voucher} hör till en periodisering. Väntade den på återföring är den nu upphävd och återförs"
            " inte; var den redan återförd behöver även återföringen rättas."
        ),
        (
            "Voucher {voucher} belongs to an accrual. If it waited for its reversal it is now undone and will not be"
            " reversed; if it was reversed already, the reversal needs correcting too."
        ),
    ),
    "budget_deficit": (
        "Budgeten för {year} går med underskott ({result_ore} kr) utan att skäl anges (kommunallagen 11:5).",
        "The budget for {year} has a deficit ({result_ore} kr) and states no reason for it (kommunallagen 11:5).",
    ),
}
"""By code: the sentence in Swedish and in English, over the facts of the warning."""


def warning_sentence(warning: Warned, language: Language = "sv") -> str:
    """Return a warning in words; a code without a sentence is shown as it is, for old books outlive old codes."""
    sentences = SENTENCES.get(warning.code)
    if sentences is None:
        return warning.code
    return say(sentences[language == "en"], warning.facts)
