"""Tests of the services: messages, the writer, registration, files, and the command line as people start it."""
