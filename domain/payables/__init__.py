"""Suppliers' invoices (leverantörsreskontra): received, attested, disputed, credited, paid."""
