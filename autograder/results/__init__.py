"""A result: what it is, where it is kept, how late it came, what of it is shown."""
