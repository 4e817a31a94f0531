"""For ``assignments/<unit>/mistakes.py``: the words for known mistakes, cheats and variants."""

from .unit.mistakes.edits import edit, instead
from .unit.mistakes.entries import cheat, mistake, variant

__all__ = ["cheat", "edit", "instead", "mistake", "variant"]
