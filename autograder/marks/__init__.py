"""The marks: the facts that they follow from, and the one function that computes them.

Theory of operation
    One database holds facts, and facts only: attempts (handed in on the hub, or graded from files),
    the result of each one's latest grading, points that a person gave, exceptions from the due date,
    results that are kept. Each says who, when and why. No mark is stored: it is a function of these
    facts and of ``course_config.py`` (``mark.py``, which reads nothing and asks no clock). So an
    extension, a moved due date or another late policy holds everywhere at once, and two views cannot
    disagree. Result files, nbgrader's gradebook, pages and exports are projections of it.

Glossary
    attempt    one submission of a student at a unit; kept, never changed
    graded     what the latest grading of an attempt said
    by hand    points or a comment that a person gave to a task of an attempt, or to an answer's text
    exception  what moves a student's due date
    kept       an earlier result of an attempt, whose points a regrade does not take away
    counting   the attempt whose mark is the student's mark
    request    what a student asks a person to look at again
    roster     who takes part, and as what (``roster.py``)
    identity   which student a number of a learning platform is (``identities.py``)
"""

from .database import open_facts
from .dates import Due, due_of, last_due
from .facts import UnitFacts, counted, read_dates, read_facts, read_facts_again, read_facts_of
from .mark import AttemptMark, Mark
from .totals import Total, total_of, units_over

# Modules of this package that other packages import.
FACE = (
    "attempts",
    "blobs",
    "by_hand",
    "database",
    "dates",
    "effects",
    "exceptions",
    "extending",
    "files",
    "graded",
    "handed_out",
    "identities",
    "kept",
    "log_names",
    "pseudonyms",
    "regraded",
    "requests",
    "roster",
    "rubric",
    "schema",
    "shown",
    "standings",
    "tables",
)

__all__ = [
    "AttemptMark",
    "Due",
    "Mark",
    "Total",
    "UnitFacts",
    "counted",
    "due_of",
    "last_due",
    "open_facts",
    "read_dates",
    "read_facts",
    "read_facts_again",
    "read_facts_of",
    "total_of",
    "units_over",
]
