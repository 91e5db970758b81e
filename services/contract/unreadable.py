"""Why a message or a file could not be read: one class per reason, worded for the one who made the file."""

from typing import TYPE_CHECKING, ClassVar

from domain.kernel.refusal import Language, Refusal

if TYPE_CHECKING:
    from domain.kernel.refusal import Fact

KINDS: dict[str, tuple[str, str]] = {
    "integer": ("ett heltal", "a whole number"),
    "number": ("ett decimaltal", "a decimal number"),
    "string": ("en text", "a text"),
    "date": ("ett datum", "a date"),
    "date-time": ("en tidpunkt", "a point in time"),
    "boolean": ("sant eller falskt", "true or false"),
    "null": ("tomt (null)", "empty (null)"),
    "array": ("en lista", "a list"),
    "object": ("ett objekt", "an object"),
}
"""Kinds of JSON values, by the name JSON Schema gives them, in Swedish and English."""


class Unreadable(Refusal):
    """A message is read whole or not at all; the fact `field` names the place in it."""

    code = "message_unreadable"
    sv = "Meddelandet går inte att läsa; systemets besked: {reason}."
    en = "The message cannot be read; the system says: {reason}."

    kinds: ClassVar[tuple[str, ...]] = ()
    """Facts that are kinds of values, which are words in a sentence."""

    @property
    def field(self) -> str:
        """Return the path of the field, such as `data.lines[0].amount_ore`; empty for the message as a whole."""
        return str(self.facts.get("field", ""))

    def words(self, language: Language) -> "dict[str, Fact]":
        """Return the facts that are kinds of values, in words."""
        return {name: _words(str(self.facts[name]), language) for name in self.kinds}


def _words(kinds: str, language: Language) -> str:
    known = [KINDS.get(kind, (kind, kind))[language == "en"] for kind in kinds.split(" | ")]
    return (" eller " if language == "sv" else " or ").join(known)


# ------------------------------------------------------------------------------------------------ files and lines


class FileMissing(Unreadable):
    """A file that is named is there."""

    code = "file_not_found"
    sv = "Filen {path} finns inte."
    en = "The file {path} does not exist."


class FileReplaced(Refusal):
    """A file stays the same one while it is read."""

    code = "file_replaced"
    sv = "Filen {path} byttes ut mot en annan medan den lästes. Det som kvitterats finns i boken; läs in filen igen."
    en = "The file {path} was replaced by another while it was read. What has a receipt is in the book; read it again."


class FileLocked(Unreadable):
    """A file that is named can be read."""

    code = "file_not_readable"
    sv = "Filen {path} går inte att läsa; systemets besked: {reason}."
    en = "The file {path} cannot be read; the system says: {reason}."


class FileEmpty(Unreadable):
    """A file has at least one message."""

    code = "file_empty"
    sv = "Filen är tom."
    en = "The file is empty."


class FileBinary(Unreadable):
    """A file of messages is text in UTF-8; nothing of another file is read."""

    code = "file_binary"
    sv = "Filen är ingen textfil i UTF-8 (den innehåller nolltecken); inget i den har lästs."
    en = "The file is not text in UTF-8 (it contains NUL characters); nothing in it was read."


class ByteOrderMark(Unreadable):
    """A file of messages begins with its first message."""

    code = "byte_order_mark"
    sv = "Raden börjar med en byteordningsmarkering (BOM). Spara filen som UTF-8 utan BOM."
    en = "The line begins with a byte order mark (BOM). Save the file as UTF-8 without BOM."


class CarriageReturn(Unreadable):
    """Lines end with LF alone."""

    code = "carriage_return"
    sv = "Raden slutar med CR LF (radbrytning från Windows). Spara filen med enbart LF."
    en = "The line ends with CR LF (line break from Windows). Save the file with LF only."


class LineEmpty(Unreadable):
    """Each line is a message."""

    code = "line_empty"
    sv = "Raden är tom; varje rad ska vara ett meddelande."
    en = "The line is empty; each line is to be a message."


class LineTooLong(Unreadable):
    """A message has its limit."""

    code = "line_too_long"
    sv = "Raden är längre än {bytes_max} byte, som är det längsta ett meddelande får vara."
    en = "The line is longer than {bytes_max} bytes, the most a message may have."


class BrokenOff(Unreadable):
    """The last line is whole; what stands before it has been read."""

    code = "broken_off"
    sv = "Filen bryts av mitt i ett meddelande (vid byte {byte}); raderna före är lästa. Skicka filen igen."
    en = "The file breaks off inside a message (at byte {byte}); the lines before it were read. Send the file again."


# ------------------------------------------------------------------------------------------------------ JSON itself


class InvalidUtf8(Unreadable):
    """Text is UTF-8."""

    code = "invalid_utf8"
    sv = "Raden är inte text i UTF-8 (byte {byte} på raden, värde {value})."
    en = "The line is not text in UTF-8 (byte {byte} of the line, value {value})."


class NotJson(Unreadable):
    """A message is JSON."""

    code = "not_json"
    sv = "Raden är inte giltig JSON; felet är vid byte {byte} på raden, vid {near!r}."
    en = "The line is not valid JSON; the fault is at byte {byte} of the line, at {near!r}."


class NotANumber(Unreadable):
    """NaN and Infinity are not JSON, and no amounts."""

    code = "not_a_number"
    sv = "{value} är inget tal; skriv belopp som hela ören."
    en = "{value} is not a number; write amounts in whole öre."


class NotAnObject(Unreadable):
    """A message is a JSON object."""

    code = "not_an_object"
    sv = "Meddelandet ska vara ett JSON-objekt men är {got}."
    en = "The message is to be a JSON object but is {got}."
    kinds = ("got",)


class KeyRepeated(Unreadable):
    """A field is stated once, or nobody knows which of its values was meant."""

    code = "key_repeated"
    sv = "Fältet {field} står två gånger."
    en = "The field {field} is stated twice."


class NestedTooDeeply(Unreadable):
    """A message is a shallow thing."""

    code = "nested_too_deeply"
    sv = "Meddelandet har för många nivåer av listor eller objekt i varandra."
    en = "The message has too many levels of lists or objects in each other."


# ----------------------------------------------------------------------------------------------------------- fields


class FieldMissing(Unreadable):
    """Required fields are stated."""

    code = "field_missing"
    sv = "Fältet {field} saknas."
    en = "The field {field} is missing."


class FieldUnknown(Unreadable):
    """A field that the book does not know is refused, so that nothing is dropped in silence."""

    code = "field_unknown"
    sv = "Fältet {field} finns inte i den här sortens meddelande."
    en = "The field {field} does not belong in this kind of message."


class WrongType(Unreadable):
    """A field has the kind of value it should have."""

    code = "wrong_type"
    sv = "Fältet {field} ska vara {expected} men är {got}: {value}."
    en = "The field {field} is to be {expected} but is {got}: {value}."
    kinds = ("expected", "got")


class AmountNotWhole(Unreadable):
    """Amounts are whole öre."""

    code = "amount_not_whole"
    sv = "Beloppet {field} ska vara hela ören utan decimaler, som 12550 för 125,50 kr, men är {value}."
    en = "The amount {field} is to be whole öre without decimals, as 12550 for 125,50 kr, but is {value}."


class OutOfRange(Unreadable):
    """Numbers stay within limits that are stated."""

    code = "out_of_range"
    sv = "Fältet {field} är {value}, gränsen är {limit}."
    en = "The field {field} is {value}, the limit is {limit}."


class LengthWrong(Unreadable):
    """Texts and lists stay within lengths that are stated."""

    code = "length_wrong"
    sv = "Fältet {field} har längden {length}, gränsen är {limit}."
    en = "The field {field} has the length {length}, the limit is {limit}."


class InvalidDate(Unreadable):
    """A date is in the calendar, and written as in ISO 8601."""

    code = "invalid_date"
    sv = "{value} i fältet {field} är inget datum; skriv ÅÅÅÅ-MM-DD, en dag som finns."
    en = "{value} in the field {field} is not a date; write YYYY-MM-DD, a day that exists."


class InvalidTime(Unreadable):
    """A point in time is written as in RFC 3339, with its offset."""

    code = "invalid_time"
    sv = "{value} i fältet {field} är ingen tidpunkt enligt RFC 3339, som 2017-01-10T08:00:00Z."
    en = "{value} in the field {field} is not a point in time as in RFC 3339, such as 2017-01-10T08:00:00Z."


class ValueUnknown(Unreadable):
    """Some fields have one of a few values."""

    code = "value_unknown"
    sv = "{value} är inget av de värden som fältet {field} kan ha."
    en = "{value} is none of the values the field {field} can have."


class PatternWrong(Unreadable):
    """Some texts have a form."""

    code = "pattern_wrong"
    sv = "{value} i fältet {field} har inte rätt form ({pattern})."
    en = "{value} in the field {field} does not have the right form ({pattern})."


class ControlCharacter(Unreadable):
    """Texts are what people can read."""

    code = "control_character"
    sv = "Fältet {field} innehåller styrtecken."
    en = "The field {field} contains control characters."


# ------------------------------------------------------------------------------------------------------- the envelope


class SpecVersionWrong(Unreadable):
    """Messages are CloudEvents 1.0."""

    code = "specversion_wrong"
    sv = 'Fältet specversion ska vara "1.0" men är {value}.'
    en = 'The field specversion is to be "1.0" but is {value}.'


class TypeUnknown(Unreadable):
    """The type of a message is in the catalogue."""

    code = "type_unknown"
    sv = "Boken känner inte meddelandetypen {value}. Närmast liknar den: {nearest}."
    en = "The book does not know the message type {value}. Nearest to it: {nearest}."


class ContentTypeWrong(Unreadable):
    """The data of a message is JSON."""

    code = "datacontenttype_wrong"
    sv = "Fältet datacontenttype ska vara application/json men är {value}."
    en = "The field datacontenttype is to be application/json but is {value}."
