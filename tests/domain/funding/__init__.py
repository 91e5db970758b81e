"""Tests of domain.funding."""
