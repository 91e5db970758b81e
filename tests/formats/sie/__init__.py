"""Tests of SIE 4: every file here was written for the test it stands in."""
