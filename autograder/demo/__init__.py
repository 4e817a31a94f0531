"""A simulated class for demo, benchmark and tests: every kind of submission, from one seed."""

from .people import KINDS, Simulated, simulate_class, write_class

# Modules of this package that other packages import.
FACE = ("story",)

__all__ = ["KINDS", "Simulated", "simulate_class", "write_class"]
