"""Posting rules (konteringsregler): which accounts a business event touches, as tables and small functions."""
