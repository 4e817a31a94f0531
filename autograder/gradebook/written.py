"""What was written into the gradebook, student by student: whatever else stands there is somebody else's.

``last`` is what stood in the rows when we had written them; ``next`` is what is being written. It is noted
before the gradebook's transaction ends and becomes ``last`` after it, so that after a kill the rows hold
one of the two. Both lie beside the facts, so that what was found and taken in is noted with the fact itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, insert, select

from ..marks.tables import PROJECTED
from .cells import GradeRow


@dataclass(frozen=True)
class Projected:
    """The rows of one student; without fields, those that nbgrader makes and nobody has filled."""

    attempt: str = ""  # whose points these are
    notebook: str = ""  # key of nbgrader's row: another one belongs to another gradebook
    points: float | None = None  # the mark
    extension: float = 0.0  # seconds
    grades: Mapping[str, GradeRow] = field(default_factory=dict)  # by graded cell
    comments: Mapping[str, str] = field(default_factory=dict)  # a person's, by answer cell

    def same_rows(self, other: Projected) -> bool:
        """Whether the gradebook holds the same, whatever attempt and mark that was."""
        names = ("notebook", "extension", "grades", "comments")
        return all(getattr(self, name) == getattr(other, name) for name in names)

    def dump(self) -> str:
        """As JSON."""
        return json.dumps(vars(self) | {"grades": {name: list(row) for name, row in self.grades.items()}})

    @classmethod
    def load(cls, text: str) -> Projected:
        """The inverse of ``dump``."""
        fields = json.loads(text)
        return cls(**{**fields, "grades": {name: GradeRow(*row) for name, row in fields["grades"].items()}})


@dataclass(frozen=True)
class Record:
    """What we know of one student's rows."""

    last: Projected
    next: Projected | None = None

    def of(self, notebook: str) -> list[Projected]:
        """What may stand in these rows; nothing where they are those of another gradebook."""
        return [each for each in (self.last, self.next) if each is not None and each.notebook == notebook]


def read_records(connection: Connection, unit: str) -> dict[str, Record]:
    """All of a unit, by student."""
    rows = connection.execute(select(PROJECTED).where(PROJECTED.c.unit == unit))
    return {
        row.student: Record(Projected.load(row.last), Projected.load(row.next) if row.next else None)
        for row in rows
    }


def keep_records(connection: Connection, unit: str, records: Mapping[str, Record]) -> None:
    """Note them in place of what was noted of these students."""
    if not records:
        return
    for student in records:
        mine = (PROJECTED.c.unit == unit) & (PROJECTED.c.student == student)
        connection.execute(delete(PROJECTED).where(mine))
    connection.execute(
        insert(PROJECTED),
        [
            {
                "unit": unit,
                "student": student,
                "last": record.last.dump(),
                "next": record.next.dump() if record.next else "",
            }
            for student, record in records.items()
        ],
    )
