"""Tests of domain.payables."""
