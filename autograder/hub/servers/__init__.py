"""The servers of people: how they start, and what is different in them."""
