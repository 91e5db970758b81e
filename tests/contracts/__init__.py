"""What every implementation of a store must do, whatever is below it."""
