"""The checks of a unit on one submission, which makes a result."""

# Modules of this package that other packages import.
FACE = ("digest", "grader", "outcome", "papers", "points", "reference", "secret", "settle", "suite")
