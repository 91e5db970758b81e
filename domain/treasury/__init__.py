"""The bank (bank, likvida medel): transactions and statements."""
