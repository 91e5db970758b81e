"""Stories of an association told in order: messages in, reports out."""
