"""Formats of other systems: CSV files for learning platforms, and Gradescope's autograder.zip."""
