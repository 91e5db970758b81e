"""Tests of domain.planning."""
