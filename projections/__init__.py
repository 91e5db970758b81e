"""Folds over the events of a book, and reports built from them as values: no storage, no clock, no files."""
