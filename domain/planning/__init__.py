"""Plans (budget, prognos): what the board adopted and what the year is expected to end with."""
