"""Formats of other systems: CSV files for learning platforms, and Gradescope's autograder.zip."""

# Modules of this package that other packages import.
FACE = ("grades", "gradescope", "headers", "people", "tables")
