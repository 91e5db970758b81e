"""Formats: a report or another value as text, JSON or CSV, and files of other programs; bytes in, bytes out."""
