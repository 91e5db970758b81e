"""What goes in and comes out: messages, receipts, refusals, and the lines of a file. No storage, no decisions."""
