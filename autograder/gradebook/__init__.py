"""nbgrader's gradebook, formgrader and feedback, fed from the facts of ``marks``.

The gradebook is a projection of the marks: complete, written by one function, and never read back. What
others write into it (a script, nbgrader's own commands) is taken in as facts, once.

    every command       -> catch_up(): whoever's facts or rows changed, one transaction for a unit
    nbgrader autograde  -> autograde.py: its preprocessor asks for the mark and calls the same code
    formgrader          -> saving.py: what a person saves becomes a fact, and is projected at once

nbgrader fails open: it gives full points to a graded cell without output. So its scores are never computed
from cells here; they are written from the mark. nbgrader's import takes two seconds: it stands inside
functions, but for ``autograde``, which nbgrader itself loads; ``project`` does without, where the
assignment has been made.
"""

from .assignment import ensure_assignment
from .by_people import given_by_people
from .counted import mark_of_row
from .folders import Folders
from .projection import Summary, project
from .settings import configure

# Modules of this package that other packages import.
FACE = ("catching_up", "page", "removing", "saving")

__all__ = [
    "Folders",
    "Summary",
    "configure",
    "ensure_assignment",
    "given_by_people",
    "mark_of_row",
    "project",
]
