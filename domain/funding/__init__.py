"""Grants to projects (beviljade medel): decided, amended, claimed, settled, closed."""
