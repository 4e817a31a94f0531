"""For ``assignments/<unit>/mistakes.py``: the words in which known mistakes and variants are declared."""

from .unit.mistakes.catalogue import mistake, variant
from .unit.mistakes.edits import edit, instead

__all__ = ["edit", "instead", "mistake", "variant"]
