"""nbgrader's gradebook, formgrader and feedback, fed from our result files.

There is one grading path, which ends in a ``Result``, and two ways into nbgrader
that both only project it:

    course grade        -> project(): rows, notebooks and timestamps for a batch, one transaction
    nbgrader autograde  -> autograde.py: its preprocessor asks for the result and calls the same code

nbgrader fails open: it gives full points to a graded cell without output. So its
scores are never computed from cells here; they are written from the result,
clipped to what the cell is worth. nbgrader's import takes two seconds: it stands inside
functions, but for ``autograde``, which nbgrader itself loads; ``project`` does without,
where the assignment has been made.
"""

from .assignment import ensure_assignment
from .folders import Folders
from .projection import Summary, project
from .reading import Booked, read_booked
from .settings import configure
from .written import unwritten

__all__ = [
    "Booked",
    "Folders",
    "Summary",
    "configure",
    "ensure_assignment",
    "project",
    "read_booked",
    "unwritten",
]
