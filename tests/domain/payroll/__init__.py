"""Tests of domain.payroll."""
