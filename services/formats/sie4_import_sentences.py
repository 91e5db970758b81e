"""What findings say when a SIE file is brought into a book, or a book into a file; see `sie4_sentences`."""

from services.formats.sie4_severity import Sentence, error, info, warning

OF_IMPORTS: dict[str, Sentence] = {
    "type_without_vouchers": error(
        "Filen är av typ {type} och har inga verifikationer; bara typ 4 kan läsas in.",
        "The file is of type {type} and has no vouchers; only type 4 is imported.",
    ),
    "association_missing": error(
        "Boken har inget förbund och filen inget giltigt organisationsnummer; ange --organisation-number.",
        "The book has no association and the file no valid organisation number; give --organisation-number.",
    ),
    "organisation_number_differs": error(
        "Filen gäller {file}, men boken tillhör {book}.", "The file is about {file}, but the book belongs to {book}."
    ),
    "year_missing": error("Räkenskapsåret går inte att läsa ut (#RAR 0).", "The fiscal year cannot be told (#RAR 0)."),
    "year_from_vouchers": warning(
        "#RAR 0 saknar datum; året {year} är hämtat från verifikationernas datum.",
        "#RAR 0 has no dates; the year {year} is taken from the dates of the vouchers.",
    ),
    "year_differs": error(
        "Filens räkenskapsår {start} - {end} stämmer inte med bokens {book}.",
        "The fiscal year of the file, {start} - {end}, is not that of the book, {book}.",
    ),
    "voucher_without_date": error("Verifikation {voucher} saknar datum.", "Voucher {voucher} has no date."),
    "voucher_date_from_rows": warning(
        "Verifikation {voucher} saknar datum; radernas datum {day} används.",
        "Voucher {voucher} has no date; the date of its rows, {day}, is used.",
    ),
    "voucher_outside_year": warning(
        "Verifikation {voucher} ({day}) ligger utanför filens räkenskapsår.",
        "Voucher {voucher} ({day}) is outside the fiscal year of the file.",
    ),
    "accounts_not_declared": warning(
        "{count} konton används men saknar #KONTO: {accounts}.",
        "{count} accounts are used but have no #KONTO: {accounts}.",
    ),
    "kinds_guessed": warning(
        "{count} konton saknar #KTYP; kontotypen är satt efter BAS kontoklass: {accounts}.",
        "{count} accounts have no #KTYP; their kind is set by BAS account class: {accounts}.",
    ),
    "kind_contradicted": warning(
        "Konto {account} har #KTYP {kind} men filens saldon säger annat; kontotypen är satt efter dem.",
        "Account {account} has #KTYP {kind} but the balances of the file say otherwise; its kind is set by them.",
    ),
    "account_of_other_kind": warning(
        "Konto {account} är av slaget {file} i filen men {book} i boken; bokens gäller.",
        "Account {account} is of the kind {file} in the file but {book} in the book; that of the book stands.",
    ),
    "accounts_of_other_name": info(
        "{count} konton heter annorlunda i boken; bokens namn gäller: {accounts}.",
        "{count} accounts have other names in the book; those of the book stand: {accounts}.",
    ),
    "dimension_left_out": warning(
        "Dimension {dimension} ({name}) tas inte med; den står på {count} rader eller saldon.",
        "Dimension {dimension} ({name}) is left out; it is on {count} rows or balances.",
    ),
    "object_renamed": info(
        "Objekt {object} i dimension {dimension} heter {slug} i boken.",
        "Object {object} in dimension {dimension} is called {slug} in the book.",
    ),
    "object_not_declared": info(
        "Objekt {object} i dimension {dimension} används men saknar #OBJEKT.",
        "Object {object} in dimension {dimension} is used but has no #OBJEKT.",
    ),
    "object_of_other_name": warning(
        "Objekt {object} heter {name} i filen men {book} i boken; bokens gäller.",
        "Object {object} is called {name} in the file but {book} in the book; that of the book stands.",
    ),
    "second_party": warning(
        "Raden har flera motparter; bara den första tas med.", "The row has several parties; only the first is kept."
    ),
    "series_renamed": info(
        "Serie {series} i filen blir serie {book} i boken; källans nummer står som referens.",
        "Series {series} of the file becomes series {book} of the book; the source's number is kept as reference.",
    ),
    "text_shortened": info("Texten är kortad till {limit} tecken.", "The text is shortened to {limit} characters."),
    "opening_on_result": error(
        "Resultatkonto {account} har ingående balans {amount_ore} kr i filen.",
        "Income statement account {account} has an opening balance of {amount_ore} kr in the file.",
    ),
    "opening_not_balanced": error(
        "De ingående balanserna tar inte ut varandra: {difference_ore} kr. Ange --opening-difference och ett konto"
        " för att bokföra skillnaden där.",
        "The opening balances do not cancel out: {difference_ore} kr. Give --opening-difference and an account to"
        " have the difference posted there.",
    ),
    "opening_result_unmoved": warning(
        "Föregående års resultat {difference_ore} kr är inte omfört i filen; det läggs på konto {account}.",
        "The result of the year before, {difference_ore} kr, is not moved in the file; it is put on account {account}.",
    ),
    "opening_difference_posted": warning(
        "De ingående balanserna tar inte ut varandra; {difference_ore} kr läggs på konto {account}.",
        "The opening balances do not cancel out; {difference_ore} kr are put on account {account}.",
    ),
    "opening_differs": warning(
        "Konto {account}: ingående balans är {file_ore} kr i filen men {book_ore} kr i boken.",
        "Account {account}: the opening balance is {file_ore} kr in the file but {book_ore} kr in the book.",
    ),
    "closing_differs": warning(
        "Konto {account}: utgående balans är {file_ore} kr i filen men {book_ore} kr i boken.",
        "Account {account}: the closing balance is {file_ore} kr in the file but {book_ore} kr in the book.",
    ),
    "result_differs": warning(
        "Konto {account}: årets resultat är {file_ore} kr i filen men {book_ore} kr i boken.",
        "Account {account}: the result of the year is {file_ore} kr in the file but {book_ore} kr in the book.",
    ),
    "budgets_left_out": info(
        "{count} budgetposter (#PBUDGET) tas inte med; budgeten antas i boken.",
        "{count} budget records (#PBUDGET) are left out; the budget is adopted in the book.",
    ),
    "registered_on_arrival": info(
        "Boken är i löpande bruk: verifikationerna registreras i dag, inte de dagar som filen anger.",
        "The book is in use: the vouchers are registered today, not on the days the file states.",
    ),
    "registered_later": info(
        "{count} poster registreras {day}, bokens senaste registreringsdatum: historik backdateras inte.",
        "{count} entries are registered on {day}, the last registration date of the book: nothing is backdated.",
    ),
}

OF_EXPORTS: dict[str, Sentence] = {
    "characters_replaced": info(
        "Texten {text} skrivs {written}: cp437 saknar tecknen.",
        "The text {text} is written {written}: cp437 lacks the characters.",
    ),
    "opening_unbalanced": warning(
        "Ingående balanser för år {year} tar inte ut varandra ({difference_ore} kr): året före är inte avslutat.",
        "The opening balances of year {year} do not cancel out ({difference_ore} kr): the year before is not closed.",
    ),
    "dates_outside_years": info(
        "Inget räkenskapsår före {year} finns i boken; filen har bara #RAR 0.",
        "The book has no fiscal year before {year}; the file has #RAR 0 only.",
    ),
}
