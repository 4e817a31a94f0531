"""What looking at an upload found, in words: for the page before hand-in, and for JupyterLab.

Names and code stand between backticks, which either place shows as code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...pages.render import number
from ..look import Look

WRONG, LATER, RIGHT = "wrong", "later", "right"


@dataclass(frozen=True)
class LookPart:
    """One heading with what belongs below it."""

    title: str
    lines: tuple[str, ...] = ()  # a list
    text: str = ""  # a paragraph below it
    kind: str = ""  # of the list: WRONG, LATER or RIGHT; "" where it costs nothing


def look_parts(found: Look) -> list[LookPart]:
    """All that there is to say, what costs most first."""
    return list(_parts(found))


def _parts(found: Look) -> Iterator[LookPart]:
    if found.unreadable:
        yield LookPart(
            "The file cannot be read as a notebook", (found.unreadable,), "It would get no points.", WRONG
        )
    if found.good:
        yield LookPart(
            "All tasks are there",
            text="Nothing had to be repaired, no task is left as it was given, and all of it can be read. "
            "The hidden checks decide the mark.",
        )
    yield from _costing(found)
    yield from _costing_nothing(found)


def _costing(found: Look) -> Iterator[LookPart]:
    if found.lost:
        yield LookPart(
            "Would be lost",
            found.lost,
            "We read the notebook and ran nothing of it. Mend this first, or hand it in as it is.",
            WRONG,
        )
    if found.unread:
        yield LookPart(
            "Not looked at closely",
            text="Its Python could not be read in the time and memory that there are for this. "
            "You can hand it in all the same.",
        )
    if found.stubs:
        yield LookPart(
            "Not written yet",
            tuple(map(_code, found.stubs)),
            "These cells are as they were given. They get no points now; you can hand in again later.",
            WRONG,
        )
    if found.unanswered:
        lines = (
            f"{_code(each.name)}: a written answer for up to {number(each.points)} points more"
            for each in found.unanswered
        )
        yield LookPart("Not answered", tuple(lines), "No check looks at it; a person reads it.", LATER)


def _costing_nothing(found: Look) -> Iterator[LookPart]:
    if found.healed:
        yield LookPart(
            "What we repair", found.healed, "You lose no points for this. Look whether it is what you mean."
        )
    if found.left_out:
        yield LookPart("Left out while grading, which costs nothing", found.left_out)
    if found.written and not found.lost and (found.stubs or found.healed):
        yield LookPart("Written", tuple(map(_code, found.written)), kind=RIGHT)
    if found.ignored:
        alone = f"Of your notebooks only {_code(found.notebook)} is not as it was released: it is graded."
        yield LookPart("Kept, but not graded", found.ignored, alone if found.alone else "")


def _code(name: str) -> str:
    return f"`{name}`"
