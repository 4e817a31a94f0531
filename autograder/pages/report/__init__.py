"""What staff look at: who needs a person, how the class did, which checks deserve a second look.

attention.py   submissions that a person should open
patterns.py    named mistakes, and equal wrong outputs without a name
items.py       difficulty and discrimination of each check
page.py        the pages
unproven.py    why a unit's papers are not proven, found once
"""

from .items import FEW
from .page import (
    NAMES,
    PATTERNS,
    UnitReport,
    evaluate_facts,
    task_rows,
    write_index,
    write_report,
    write_reports,
)
from .patterns import Pattern
from .unproven import why_unproven

__all__ = [
    "FEW",
    "NAMES",
    "PATTERNS",
    "Pattern",
    "UnitReport",
    "evaluate_facts",
    "task_rows",
    "why_unproven",
    "write_index",
    "write_report",
    "write_reports",
]
