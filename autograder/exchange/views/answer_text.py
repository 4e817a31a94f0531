"""A written answer as a person reads it, taken out of its notebook in a process of its own.

A notebook may be large and its text may be made to cost: whoever marks waits some seconds at most, and then
reads the text as it was typed, or is led to the file.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from markupsafe import Markup

from ...base.apart import Bounds, NoAnswer, call_apart, prepare
from ...base.errors import CourseError
from ...base.text import markdown_to_html, plain
from ...course import Unit
from ...marks.attempts import Attempt
from ...marks.blobs import Blobs
from ...notebook import read_release, read_submission
from ...unit.master import read_master

MOST = 20_000  # characters of an answer, a question or a guide
BOUNDS = Bounds(seconds=8.0, memory_mib=1500, answer_mib=4)
GONE = "Of this attempt only the result is kept, so that its answer cannot be shown."
NO_GUIDE = "No guide was written. An instructor's text cell directly below the question would be one."


@dataclass(frozen=True)
class AnswerText:
    """What is shown of an answer."""

    html: Markup | None  # None: it is shown as it was typed
    typed: str
    trouble: str = ""  # why there is less than an answer


@dataclass(frozen=True)
class QuestionText:
    """What was asked, and what its points are given for."""

    question: Markup
    guide: Markup


def answer_text(blobs: Blobs, unit: Unit, attempt: Attempt, name: str, most_mib: int) -> AnswerText:
    """The text that an attempt has at a written question.

    Args:
        blobs: where its notebook lies.
        unit: of the attempt.
        attempt: whose answer it is.
        name: of the question.
        most_mib: of a notebook that is read.
    """
    if attempt.notebook is None:
        return AnswerText(None, "", GONE)
    where = (str(blobs.path(attempt.notebook.sha256)), str(unit.released_notebook), name, most_mib)
    get_ready()
    try:
        typed = call_apart(typed_answer, *where, bounds=BOUNDS)
    except NoAnswer as error:
        return AnswerText(None, "", f"The answer cannot be shown here: {error}. Download the notebook.")
    try:
        return AnswerText(Markup(call_apart(markdown_to_html, typed, MOST, bounds=BOUNDS)), typed)
    except NoAnswer:
        return AnswerText(None, plain(typed, MOST))


def typed_answer(notebook: str, released: str, name: str, most_mib: int) -> str:
    """The text of an answer, as grading has counted it; it runs in a process of its own."""
    release = read_release(Path(released))
    submission = read_submission(Path(notebook), release, most_mib)
    as_given = {cell.plain for cell in release.cells if cell.grade_id == name}
    own = [cell.plain for cell in submission.cells if cell.grade_id == name]
    return "\n\n".join(text for text in own if text and text not in as_given)[: 2 * MOST]


def task_of(unit: Unit, name: str) -> QuestionText:
    """The question and its marking guide, as the course has them now."""
    stamps = [_stamp(path) for path in (unit.released_notebook, unit.master)]
    return _task(unit.released_notebook, unit.master, unit.name, name, json.dumps(stamps))


@cache
def get_ready() -> None:
    """Begin to load what answers need, so that who opens the first one does not wait for it."""
    prepare([__name__])


@lru_cache(64)
def _task(released: Path, master: Path, unit: str, name: str, stamp: str) -> QuestionText:
    """Read once for each state of the two files: to read a master costs a second."""
    question = _or_sentence(lambda: _asked(released, name))
    guide = _or_sentence(lambda: read_master(master, unit).guides.get(name, NO_GUIDE))
    return QuestionText(Markup(markdown_to_html(question, MOST)), Markup(markdown_to_html(guide, MOST)))


def _asked(released: Path, name: str) -> str:
    """The text directly above the answer's cell."""
    cells = read_release(released).cells
    place = next((place for place, cell in enumerate(cells) if cell.grade_id == name), 0)
    above = cells[place - 1] if place else None
    return above.source if above is not None and above.kind == "markdown" else ""


def _or_sentence(read: Callable[[], str]) -> str:
    try:
        return read()
    except CourseError as error:
        return f"It cannot be read now: {error}"


def _stamp(path: Path) -> list[int]:
    try:
        found = path.stat()
    except OSError:
        return []
    return [found.st_ino, found.st_mtime_ns, found.st_size]
