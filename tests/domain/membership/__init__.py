"""Tests of domain.membership."""
