"""What holds for any input and any history (Hypothesis)."""
