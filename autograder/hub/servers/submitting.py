"""Handing in from JupyterLab, by the class that nbgrader's Submit uses: the same files, the same receipt.

nbgrader is imported when it is first needed; see ``buttons.py``. All of this waits for the exchange, so that
``lab_tools.py`` calls it in a thread.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ...base.errors import CourseError
from ...exchange.client.service import ExchangeRefused, service_from_environment
from .places_of_pages import exchange_pages
from .standing import standing


class NotSubmitted(CourseError):
    """It was not looked at or not handed in; the text is for the student."""

    def __init__(self, text: str, sure: bool = True) -> None:
        super().__init__(text)
        self.sure = sure  # False where the exchange may have it all the same


def released_units() -> list[dict[str, str]]:
    """Name and title of each unit that is released."""
    found = service_from_environment().units()
    return [{"unit": each["unit"], "title": each["title"]} for each in found if each["released"]]


def looked(unit: str) -> dict[str, Any]:
    """What the exchange says of the files as they are saved now; nothing is handed in, and nothing runs.

    Raises:
        NotSubmitted: the files cannot be read, or the exchange does not say.
    """
    return _said(lambda submission: submission.service.look(unit, submission.files()), unit)


def submitted(unit: str) -> dict[str, Any]:
    """Hand in the unit's files as they are saved now.

    Returns:
        The attempt: ``id``, ``number``, ``received``; ``receipt``, the file that was written, "" where that
        was not possible; ``note``, a word of the exchange's; ``page``, the address of its page; and what
        ``standing`` says.

    Raises:
        NotSubmitted: it was not handed in, and why.
    """
    return _said(_submitted, unit)


def stands(attempt: str) -> dict[str, Any]:
    """Where an attempt stands, in words."""
    return standing(service_from_environment().attempt(attempt))


def _submitted(submission: Any) -> dict[str, Any]:
    try:
        submission.start()
    except OSError:  # of the receipt: a home that is full keeps nobody from having handed in
        if submission.made is None:
            raise
    made, kept = submission.made, submission.kept
    shown = {name: made[name] for name in ("id", "number", "received", "note")}
    receipt = "" if kept is None else _in_home(kept)
    return {**shown, "receipt": receipt, "page": attempt_page(made["id"]), **standing(made)}


def attempt_page(attempt: str) -> str:
    """The address of an attempt's page, for the browser."""
    return f"{exchange_pages()}attempts/{attempt}"


def _in_home(path: Path) -> str:
    """As people write it."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def _said(act: Any, unit: str) -> dict[str, Any]:
    """Do something with a submission of the unit, its errors as sentences."""
    from nbgrader.exchange import ExchangeError

    try:
        answer: dict[str, Any] = act(_submission(unit))
    except (ExchangeError, CourseError, OSError) as error:
        raise NotSubmitted(str(error), _is_sure(error)) from error
    return answer


def _is_sure(error: BaseException) -> bool:
    """False where the exchange did not answer, rather than refuse; nbgrader's error stands before that."""
    cause = error if isinstance(error, ExchangeRefused) else error.__context__
    return not isinstance(cause, ExchangeRefused) or cause.status is not None


def _submission(unit: str) -> Any:
    """nbgrader's Submit for a unit, configured as its button is.

    Raises:
        NotSubmitted: it hands in to another exchange, of which nothing can be asked.
    """
    from nbgrader.apps import NbGrader
    from nbgrader.auth import Authenticator
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.exchange import ExchangeFactory

    from ...exchange.client.plugins import ExchangeSubmit

    app = NbGrader()
    app.load_config_file()
    config = app.config
    config.CourseDirectory.course_id = os.environ.get("COURSE_NAME", "")
    config.CourseDirectory.assignment_id = unit
    given = {"coursedir": CourseDirectory(config=config), "authenticator": Authenticator(config=config)}
    submission = ExchangeFactory(config=config).Submit(config=config, **given)
    if not isinstance(submission, ExchangeSubmit):
        raise NotSubmitted(
            "This server's nbgrader_config.py names another exchange than the course's. "
            "Press Submit in nbgrader's list of assignments instead."
        )
    return submission
