"""The checks of a unit on one submission, which makes a result."""
