"""What this machine can do, and which isolation tier can be trusted on it."""
