"""Tests of domain.receivables."""
