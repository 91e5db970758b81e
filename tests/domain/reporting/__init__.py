"""Tests of domain.reporting."""
