"""Known mistakes, correct variants and mutants: edits of the reference."""
