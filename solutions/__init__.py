"""References: one module per unit, NumPy or PyTorch only; their docstrings are the assignment text."""
