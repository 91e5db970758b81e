"""The tests, in the trade's language; folders mirror the source tree."""
