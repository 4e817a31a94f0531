"""Submitted notebooks on the trusted side: reading, healing, and what goes into the sandbox."""

from .cells import Cell, Release, Submission
from .healing import heal, read_submission
from .program import to_program
from .reading import read_release

__all__ = ["Cell", "Release", "Submission", "heal", "read_release", "read_submission", "to_program"]
