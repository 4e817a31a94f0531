"""Who takes part, how they prove it, and what each may do."""
