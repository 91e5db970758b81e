"""Tests of domain.posting_rules."""
