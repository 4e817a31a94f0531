"""The processes of a sandbox: how they start, what is taken from them, how they are watched."""
