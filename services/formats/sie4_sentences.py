"""What findings in SIE files say: severity, and the sentence in Swedish and in English, by code.

`info`: understood, though unusual. `warning`: a bookkeeper should look. `error`: the file is not imported.
"""

from services.formats.sie4_import_sentences import OF_EXPORTS, OF_IMPORTS
from services.formats.sie4_severity import Sentence, error, info, warning

OF_FILES: dict[str, Sentence] = {
    "more_of_the_same": info(
        "Ytterligare {count} fynd av slaget {kind}.", "Another {count} findings of the kind {kind}."
    ),
    "not_sie": error(
        "Filen har inga SIE-poster (rader som börjar med #).", "The file has no SIE records (lines with #)."
    ),
    "sie5": error(
        "Filen är XML, som SIE 5; bara SIE 4 kan läsas in.", "The file is XML, like SIE 5; only SIE 4 is read."
    ),
    "file_too_large": error(
        "Filen är {size} MB; gränsen är {limit} MB.", "The file is {size} MB; the limit is {limit} MB."
    ),
    "charset_wrong": warning(
        "Filen är skriven i {charset}, inte i PC8 (cp437); den är läst som {charset}.",
        "The file is written in {charset}, not in PC8 (cp437); it was read as {charset}.",
    ),
    "characters_lost": warning(
        "{count} tecken gick förlorade innan filen kom hit (U+FFFD).",
        "{count} characters were lost before the file came here (U+FFFD).",
    ),
    "control_character": warning("Styrtecken är läst som blanksteg.", "A control character was read as a space."),
    "line_ignored": warning("Raden är ingen post och är överhoppad.", "The line is no record and was passed over."),
    "quote_not_closed": warning(
        "Citattecknet avslutas inte; resten av raden är läst som ett fält.",
        "The quote is not closed; the rest of the line was read as one field.",
    ),
    "brace_on_record_line": info(
        "Klammer står på postens rad, inte på en egen.", "A brace stands on the line of a record."
    ),
    "brace_stray": warning("Klammern {brace} hör inte till någon post.", "The brace {brace} belongs to no record."),
    "block_not_closed": error(
        "Raderna under {label} avslutas inte med en klammer; filen är kanske avbruten.",
        "The rows below {label} are not closed with a brace; the file may be cut off.",
    ),
    "checksum_wrong": error(
        "Kontrollsumman är {stated} men innehållet ger {computed}: filen är ändrad eller skadad.",
        "The checksum is {stated} but the content gives {computed}: the file was changed or damaged.",
    ),
    "checksum_of_original": info(
        "Kontrollsumman stämmer för filen i dess ursprungliga teckenuppsättning.",
        "The checksum is right for the file in its original charset.",
    ),
    "checksum_missing": error(
        "Filen börjar med #KSUMMA men slutar utan summa: den är avbruten.",
        "The file begins with #KSUMMA but ends without a sum: it is cut off.",
    ),
    "label_unknown": info("Posten {label} är okänd och överhoppad.", "The record {label} is unknown and passed over."),
    "rows_ignored": warning("Raderna under {label} är överhoppade.", "The rows below {label} were passed over."),
    "row_outside_voucher": error("{label} står utanför en verifikation.", "{label} stands outside a voucher."),
    "imported_before": warning(
        "Filen är märkt som redan inläst i ett program (#FLAGGA 1).",
        "The file is marked as already imported by a program (#FLAGGA 1).",
    ),
    "format_wrong": warning("#FORMAT är {value}, ska vara PC8.", "#FORMAT is {value}, must be PC8."),
    "type_wrong": warning("#SIETYP är {value}, ska vara 1-4.", "#SIETYP is {value}, must be 1-4."),
    "type_missing": warning(
        "#SIETYP saknas; filens innehåll avgör.", "#SIETYP is missing; the content of the file decides."
    ),
    "currency_wrong": error(
        "Filens belopp är i {value}; boken förs i kronor.", "The amounts are in {value}; the book is in kronor."
    ),
    "organisation_number_missing": warning("Organisationsnummer saknas.", "The organisation number is missing."),
    "organisation_number_invalid": warning(
        "Organisationsnumret {value} är inte giltigt.", "The organisation number {value} is not valid."
    ),
    "organisation_number_odd": info(
        "Organisationsnumret {value} är läst som {number}.", "The organisation number {value} was read as {number}."
    ),
    "year_number_wrong": error("{value} är inget årsnummer.", "{value} is not the number of a year."),
    "year_without_dates": warning(
        "Räkenskapsår {year} saknar riktiga datum.", "Fiscal year {year} has no proper dates."
    ),
    "account_wrong": error("{value} är inget kontonummer.", "{value} is not an account number."),
    "account_leading_zero": warning("Konto {value} är läst som {account}.", "Account {value} was read as {account}."),
    "account_twice": info(
        "Konto {account} finns redan; namnet {name} används inte.",
        "Account {account} is there already; the name {name} is not used.",
    ),
    "kind_wrong": warning(
        "#KTYP {value} för konto {account} är okänd.", "#KTYP {value} of account {account} is unknown."
    ),
    "name_not_quoted": info("Namnet {name} står utan citattecken.", "The name {name} stands without quotes."),
    "dimension_wrong": warning("{value} är inget dimensionsnummer.", "{value} is not the number of a dimension."),
    "object_twice": warning(
        "Objekt {object} finns redan; namnet {name} används inte.",
        "Object {object} is there already; the name {name} is not used.",
    ),
    "object_list_wrong": warning("{value} är ingen objektlista.", "{value} is not a list of objects."),
    "object_list_missing": info(
        "Rader saknar objektlista ({{}}); lästa ändå.", "Rows lack the object list ({{}}); read anyway."
    ),
    "amount_wrong": error(
        "{value} är inget belopp i kronor med högst två decimaler.",
        "{value} is not an amount in kronor with at most two decimals.",
    ),
    "amount_odd": warning("Beloppet {value} är skrivet på fel sätt.", "The amount {value} is written wrongly."),
    "amount_too_large": error("Beloppet {value} är för stort.", "The amount {value} is too large."),
    "date_wrong": error("{value} är inget datum (ÅÅÅÅMMDD).", "{value} is not a date (YYYYMMDD)."),
    "date_ignored": warning("{value} är inget datum och är överhoppat.", "{value} is not a date and was passed over."),
    "date_odd": info("Datum skrivs med bindestreck ({value}).", "Dates are written with hyphens ({value})."),
    "voucher_without_block": warning(
        "Verifikationen har inga rader inom klamrar.", "The voucher has no rows within braces."
    ),
    "voucher_not_balanced": error(
        "Verifikation {voucher} balanserar inte: debet minus kredit är {difference_ore} kr.",
        "Voucher {voucher} does not balance: debit minus credit is {difference_ore} kr.",
    ),
    "voucher_empty": warning(
        "Verifikation {voucher} har inga belopp och tas inte med.", "Voucher {voucher} has no amounts and is left out."
    ),
    "zero_rows": info(
        "Verifikation {voucher} har {count} nollrader, som inte tas med.",
        "Voucher {voucher} has {count} rows of zero, which are left out.",
    ),
    "rows_changed": info(
        "Verifikation {voucher} har {count} tillagda eller strukna rader; bara #TRANS räknas.",
        "Voucher {voucher} has {count} added or struck rows; only #TRANS counts.",
    ),
    "added_row_without_twin": warning(
        "#RTRANS i verifikation {voucher} följs inte av samma rad som #TRANS och räknas därför inte.",
        "#RTRANS in voucher {voucher} is not followed by the same row as #TRANS and so does not count.",
    ),
    "voucher_number_twice": warning(
        "Verifikationsnummer {voucher} finns mer än en gång.", "Voucher number {voucher} is there more than once."
    ),
    "voucher_numbers_missing": warning(
        "I serie {series} saknas {count} nummer.", "In series {series}, {count} numbers are missing."
    ),
}

SENTENCES: dict[str, Sentence] = OF_FILES | OF_IMPORTS | OF_EXPORTS
