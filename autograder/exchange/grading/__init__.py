"""The processes that grade what was handed in and write down what came of it."""
