"""What the rules of the book accept and refuse; one file per module of `domain`."""
