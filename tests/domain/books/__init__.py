"""Tests of domain.books."""
