"""The smallest case in which code goes wrong: programs with blanks, their search, and cells to copy."""
