"""The rules of the book: values, events and decisions, pure.

Nothing here reads a clock, a file, a network or chance; it imports the standard library and msgspec only.
"""
