"""The outside world: storage, messages, files, the clock, people; one worldly thing in each module."""
