"""Character sets of SIE files: IBM codepage 437 is the only one allowed (SIE 4B 5.2), and not the only one met.

Reading: what was declared is not trusted; UTF-8, ISO 8859-1, ISO 8859-15 and Windows-1252 are recognised. Writing:
what codepage 437 lacks is written with characters it has.
"""

import unicodedata

SIE = "cp437"
BOM_8, BOM_16 = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")

SWEDISH = "åäöÅÄÖéÉüÜ"
IN_437 = frozenset(SWEDISH.encode(SIE))
IN_LATIN = frozenset(SWEDISH.encode("latin-1"))
EURO_SIGN_IN_LATIN_9 = 0xA4

REPLACEMENTS = str.maketrans(
    {
        "\N{EN DASH}": "-", "\N{EM DASH}": "-", "\N{NON-BREAKING HYPHEN}": "-", "\N{HYPHEN}": "-",
        "\N{MINUS SIGN}": "-", "\N{LEFT SINGLE QUOTATION MARK}": "'", "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT DOUBLE QUOTATION MARK}": '"', "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
        "\N{DOUBLE LOW-9 QUOTATION MARK}": '"', "\N{NO-BREAK SPACE}": " ", "\N{SOFT HYPHEN}": "", "…": "...",
        "€": "EUR", "§": "par", "¶": "", "•": "*", "\N{MULTIPLICATION SIGN}": "x", "©": "(c)", "®": "(r)", "™": "(tm)",
        "ø": "o", "Ø": "O", "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "þ": "th", "ð": "d",
        "¾": "3/4", "¹": "1", "³": "3", "‰": "o/oo",
    }
)  # fmt: skip
"""What is written in place of characters that codepage 437 lacks."""


def detect(data: bytes) -> str:
    """Return the name of the charset a file is most likely written in; plain ASCII counts as codepage 437."""
    high = [byte for byte in data if byte > 127] if not data.isascii() else []
    if not high:
        return SIE
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _single_byte(data, high)
    return "utf-8"


def _single_byte(data: bytes, high: list[int]) -> str:
    """Tell codepage 437, Latin and damaged UTF-8 apart by the Swedish letters they would give."""
    in_437 = sum(byte in IN_437 for byte in high)
    in_latin = sum(byte in IN_LATIN for byte in high)
    in_utf8 = 2 * sum(data.count(letter.encode()) for letter in SWEDISH)
    if in_utf8 > max(in_437, in_latin):
        return "utf-8"
    if in_latin <= in_437:
        return SIE
    if any(byte < 0xA0 for byte in high):
        return "cp1252"
    return "iso-8859-15" if EURO_SIGN_IN_LATIN_9 in high else "iso-8859-1"


def as_bytes_per_character(data: bytes) -> tuple[bytes, str]:
    """Return a file with its byte order mark removed, and the mark's charset or an empty text.

    UTF-16 becomes UTF-8, so that the signs of the format can be found in every file as single bytes.
    """
    if data.startswith(BOM_8):
        return data[len(BOM_8) :], "utf-8"
    if data.startswith(BOM_16):
        return data.decode("utf-16", "replace").encode("utf-8", "replace"), "utf-16"
    return data, ""


def transliterate(text: str) -> str:
    """Return a text that codepage 437 can hold: look-alikes, base letters, or a question mark; no control signs."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_written(sign) for sign in text)


def _written(sign: str) -> str:
    if sign < " " or "\x7f" <= sign < "\xa0":
        return " "
    if _has(sign) and sign != "\xa0":
        return sign
    plain = sign.translate(REPLACEMENTS)
    if plain == sign:
        plain = "".join(part for part in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(part))
    return "".join(part if _has(part) and part >= " " else "?" for part in plain)


def _has(sign: str) -> bool:
    try:
        sign.encode(SIE)
    except UnicodeEncodeError:
        return False
    return True
