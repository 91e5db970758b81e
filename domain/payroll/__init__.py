"""Pay (löner, arvoden): gross pay, withheld tax, social charges."""
