"""Members and their contributions (medlemmar, medlemsinsatser)."""
