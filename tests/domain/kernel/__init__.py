"""Tests of domain.kernel."""
