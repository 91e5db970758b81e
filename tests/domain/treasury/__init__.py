"""Tests of domain.treasury."""
