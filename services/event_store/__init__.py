"""The book on disk: the only package that knows the `eventsourcing` library, SQLite and PostgreSQL."""
