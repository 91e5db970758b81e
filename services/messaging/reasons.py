"""Why something did not go well with the bus: our own reasons in both languages, what NATS said quoted as its."""

import re

from domain.kernel.refusal import Fact, Language, quoted
from services.event_store.failures import own_words, worded

REASONS = {
    "{stream}: allow_atomic": "strömmen {stream} är gjord utan allow_atomic",
    "the message is larger than the server allows": "meddelandet är större än servern tillåter",
    "the connection was lost before the answer came": "förbindelsen bröts innan svaret kom",
    "JetStream or the stream is not there": "JetStream eller strömmen finns inte",
    "{stream}: the connection was lost": "{stream}: förbindelsen bröts",
    "{stream}: no heartbeat": "{stream}: inget livstecken kom",
    "{stream}: delivery {before} was followed by {after}": "{stream}: leverans {before} följdes av {after}",
    "{stream}: answers given before are gone": "{stream}: svar som redan har getts är borta",
    "{places}: the server offers no TLS": "{places}: servern erbjuder inte TLS",
    "{package}: not installed": "{package} är inte installerat",
    "{package}: no {program} in it": "{package} innehåller ingen {program}",
    "not the public key of a user": "den är inte en användares publika nyckel",
    "not the public key of {seed}": "den är inte den publika nyckeln till {seed}",
    "not a seed": "den är inget frö (seed)",
    "not the seed of a user": "den är inte en användares frö (seed)",
}
"""Reasons that are our own, as the fact `reason` states them, and in Swedish; any other is what NATS said."""

_OURS = worded(REASONS)

_NO_WORDS = re.compile(r"[^a-z]*|(\w+:/)?/(?!.*: ).*", re.DOTALL | re.IGNORECASE)
"""A version or an address, or where something is; nobody said anything."""


def bus_reason(language: Language, reason: str) -> str:
    """Return a reason in a language; one that is not ours is quoted as what NATS said: server, library or both."""
    own = own_words(language, reason, _OURS)
    if own is not None or _NO_WORDS.fullmatch(reason):
        return reason if own is None else own
    return f"{'besked från NATS' if language == 'sv' else 'NATS says'}: {reason}"


def program_wrong(language: Language, error: Exception) -> str:
    """Return what is said of an error that no request can cause; its own words are for who mends the program."""
    beginning = "Programmet är fel, inte begäran" if language == "sv" else "The program, not the request, is wrong"
    return f"{beginning}; {quoted(str(error), language)}"


class WithReason:
    """A refusal with a fact `reason`, of ours or of NATS."""

    facts: dict[str, Fact]

    def words(self, language: Language) -> dict[str, Fact]:
        """Return the reason in a language."""
        return {"reason": bus_reason(language, str(self.facts["reason"]))}
