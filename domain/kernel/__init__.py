"""What every ledger is built of: money, dates, identities, events, refusals."""
