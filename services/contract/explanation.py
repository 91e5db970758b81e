"""From msgspec's errors to reasons a bookkeeper understands: which field, what it holds, what it should hold.

This runs only for messages that are refused, so it may be slow: it reads the line again, as plain JSON.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from services.contract.unreadable import (
    AmountNotWhole,
    FieldMissing,
    FieldUnknown,
    InvalidDate,
    InvalidTime,
    InvalidUtf8,
    LengthWrong,
    NestedTooDeeply,
    NotAnObject,
    NotANumber,
    NotJson,
    OutOfRange,
    PatternWrong,
    Unreadable,
    ValueUnknown,
    WrongType,
)

READING_ERRORS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What a msgspec decoder raises about its input."""

SHOWN_MAX = 60
"""Characters of a value that a sentence shows."""

_KINDS = {"int": "integer", "float": "number", "str": "string", "bool": "boolean", "datetime": "date-time"}
_PATH = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_CONSTANT = re.compile(r"-?Infinity|NaN")


class Number(str):
    """A number as it was written."""

    __slots__ = ()


class Twice(NamedTuple):
    """Stands in an object for a key that was stated twice."""

    key: str


def plain(line: bytes) -> Any:  # noqa: ANN401 - any JSON there is
    """Return the line as plain JSON, numbers as written; `Twice` stands in objects with a repeated key.

    Raises `ValueError` or `RecursionError` when it is none.
    """
    return json.loads(line, object_pairs_hook=_object, parse_float=Number, parse_int=Number, parse_constant=_constant)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        found[key] = Twice(key) if key in found else value
    return found


def _constant(name: str) -> NotANumber:
    return NotANumber(value=name)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - any JSON there is
    """Iterate over what stands in plain JSON below lists and objects, with the path of each."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from leaves(part, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from leaves(part, f"{path}[{place}]")
    else:
        yield path, value


def explain(error: Exception, line: bytes, within: str = "", part: bytes | None = None) -> Unreadable:
    """Return why a line could not be read; the error came from `part` of it, which stands at the path `within`."""
    match error:
        case RecursionError():
            return NestedTooDeeply()
        case UnicodeDecodeError():
            return _not_utf8(line)
        case msgspec.ValidationError():
            # The decoder names the first field it does not know before it has seen whether the line ends as JSON.
            return _broken(line) or _invalid(str(error), line, within)
        case _:
            return _malformed(str(error), line, line.find(part) if part else 0)


def _broken(line: bytes) -> Unreadable | None:
    """Return why a line is no JSON at all, or None when it is."""
    try:
        plain(line)
    except json.JSONDecodeError as error:
        return _malformed(f"(byte {len(error.doc[: error.pos].encode())})", line, 0)
    except (UnicodeDecodeError, RecursionError):
        return None
    return None


def _not_utf8(line: bytes) -> Unreadable:
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return InvalidUtf8(byte=error.start, value=f"0x{line[error.start]:02x}")
    return NotJson(byte=0, near="")


def _malformed(reason: str, line: bytes, offset: int) -> Unreadable:
    found = re.search(r"\(byte (\d+)\)", reason)
    at = min(offset + int(found[1]), len(line)) if found else len(line)
    if found and (constant := _CONSTANT.match(line[max(at - 1, 0) : at + 9].decode(errors="replace").lstrip(":[, "))):
        return NotANumber(**_place_of_constant(line), value=constant[0])
    return NotJson(byte=at, near=line[max(at - 20, 0) : at + 20].decode(errors="replace"))


def _place_of_constant(line: bytes) -> dict[str, str]:
    try:
        return next({"field": path} for path, value in leaves(plain(line)) if isinstance(value, NotANumber))
    except (ValueError, RecursionError, StopIteration):
        return {}


# -------------------------------------------------------------------------------------------- what msgspec says


class _Spot(NamedTuple):
    """A place in a message: the path in words, and the value that stands there."""

    field: str
    value: Any

    @property
    def shown(self) -> str:
        number = isinstance(self.value, Number)
        # A plain str: facts are written as JSON, and the encoder takes no class of ours.
        text = str(self.value) if number else json.dumps(self.value, ensure_ascii=False, default=str)
        return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}…"

    def below(self, name: str) -> str:
        shown = name if len(name) <= SHOWN_MAX else f"{name[:SHOWN_MAX]}…"
        return f"{self.field}.{shown}" if self.field else shown


Wording = Callable[[re.Match[str], _Spot], Unreadable]


def _wrong_type(said: re.Match[str], spot: _Spot) -> Unreadable:
    expected = " | ".join(_KINDS.get(kind, kind) for kind in said[1].split(" | ") if kind != "null")
    got = _KINDS.get(said[2], said[2])
    if not spot.field:
        return NotAnObject(got=got)
    if spot.field.endswith("_ore") and got in {"number", "string"}:
        return AmountNotWhole(field=spot.field, value=spot.shown)
    return WrongType(field=spot.field, expected=expected, got=got, value=spot.shown)


def _out_of_range(said: re.Match[str], spot: _Spot) -> Unreadable:
    return OutOfRange(field=spot.field, value=spot.shown, limit=said[1])


def _wrong_length(said: re.Match[str], spot: _Spot) -> Unreadable:
    length = len(spot.value) if isinstance(spot.value, str | list) else 0
    return LengthWrong(field=spot.field, length=length, limit=said[1])


def _wrong_form(said: re.Match[str], spot: _Spot) -> Unreadable:
    # msgspec adds a guard against a line break at the end; a reader need not see it.
    return PatternWrong(field=spot.field, value=spot.shown, pattern=said[1].removesuffix("(?!\\\\n)"))


SAID: tuple[tuple[str, Wording], ...] = (
    (r"Object missing required field `(.*)`", lambda said, spot: FieldMissing(field=spot.below(said[1]))),
    (r"Object contains unknown field `(.*)`", lambda said, spot: FieldUnknown(field=spot.below(said[1]))),
    (r"Expected `(.*)`, got `(.*)`", _wrong_type),
    (r"Expected `int` (<= .*|>= .*)", _out_of_range),
    (
        r"(?:Number|Integer value) out of range",
        lambda _, spot: OutOfRange(field=spot.field, value=spot.shown, limit="2**63"),
    ),
    (r"Expected `(?:str|array|object)` of length (.*)", _wrong_length),
    (r"Expected `str` matching regex '(.*)'", _wrong_form),
    (r"Invalid RFC3339 encoded date", lambda _, spot: InvalidDate(field=spot.field, value=spot.shown)),
    (
        r"Invalid RFC3339 encoded datetime|Expected `datetime` with .*",
        lambda _, spot: InvalidTime(field=spot.field, value=spot.shown),
    ),
    (r"Invalid enum value .*", lambda _, spot: ValueUnknown(field=spot.field, value=spot.shown)),
)
"""What msgspec says of a value, and what we say of it; the tests provoke every one."""


def _invalid(said: str, line: bytes, within: str) -> Unreadable:
    at = _PATH.search(said)
    spot = _spot(line, within, at["path"] if at else "")
    claim = said[: at.start()] if at else said
    for pattern, wording in SAID:
        if found := re.fullmatch(pattern, claim, re.DOTALL):
            return wording(found, spot)
    return Unreadable(field=spot.field, reason=said)


def _spot(line: bytes, within: str, path: str) -> _Spot:
    try:
        value = plain(line)
    except (ValueError, RecursionError):
        value = None
    if within:
        value = value.get(within) if isinstance(value, dict) else None
    for name, place in _STEP.findall(path):
        try:
            value = value[name] if name else value[int(place)]
        except (LookupError, TypeError):
            value = None
    return _Spot(f"{within}{path}".removeprefix("."), value)
