"""A report as CSV (RFC 4180): one row for each amount, so that every table has the same shape."""

import csv
import io

from projections.table import Report

HEADER = ("table", "line", "kind", "label", "column", "amount", "unit")


def report_csv(report: Report) -> bytes:
    """Return a report as UTF-8 CSV with a header; amounts as decimal strings in the table's unit."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for table in report.tables:
        for line in table.lines:
            for column in range(len(line.cells)):
                amount = table.amount(line, column)
                writer.writerow((table.id, line.id, line.kind, line.label, table.columns[column], amount, table.unit))
    return out.getvalue().encode()
