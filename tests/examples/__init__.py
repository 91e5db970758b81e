"""The five books: their messages give back what five associations published."""
