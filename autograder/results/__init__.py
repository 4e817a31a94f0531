"""A result: what it is, where it is kept, how late it came, what of it is shown."""

# Modules of this package that other packages import.
FACE = ("audit", "disclosure", "late", "result", "store")
