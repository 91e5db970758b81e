"""Issued reports (avlämnade rapporter): what was handed over, for when, and its digest."""
