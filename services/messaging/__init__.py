"""The bus: messages in, events and report projections out; the book is the record, the bus a copy of it."""
