"""The terms of the training loss."""
