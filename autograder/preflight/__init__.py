"""What would happen to a notebook if it were handed in now: read, healed, loaded, publicly checked.

``released``   which release it is held against: that beside the notebook, or of the course
``findings``   what reading alone tells: stubs, syntax errors, what will be ignored
``trial``      loads the notebook in the strongest sandbox that starts, runs public checks; without one only
               where no course lies
``beside``     the part that runs in the sandbox; shipped there as text
``report``     all of it together, as sentences for the student
``companion``  a warm process that answers the notebook's ``grader.check``
"""

from .released import beside_notebook, of_unit
from .report import Report, as_read, preflight
from .trial import CheckRun, TryOut, tiers_beside

__all__ = [
    "CheckRun",
    "Report",
    "TryOut",
    "as_read",
    "beside_notebook",
    "of_unit",
    "preflight",
    "tiers_beside",
]
