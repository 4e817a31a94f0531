"""Formgrader in a TA's browser: what somebody else made does not run there."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.e2e.strangers import TA, UNIT, VICTIM, Strangers

LEFT = "<img src='data:,' onerror='document.title=`taken`'>"  # as if cleaning had left it in the page


@pytest.fixture
def page(apart: Strangers) -> Any:
    """The TA's page, at formgrader's list of units; what its console says is kept."""
    page = apart.people[TA].open(f"/services/{apart.hub.course.name}/formgrader")
    page.wait_for_url("**/formgrader/manage_assignments")
    return page


def test_a_link_makes_formgrader_read_no_settings(apart: Strangers, page: Any, tmp_path: Path) -> None:
    """nbgrader takes a folder from ``?path=`` and runs its ``nbgrader_config.py`` as formgrader."""
    (tmp_path / "nbgrader_config.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    page.goto(f"{apart.formgrader}/formgrader?path={quote(str(tmp_path))}")
    page.locator("a", has_text=UNIT).first.wait_for()
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "place", ["gradebook/{}", "gradebook/{}/x", "manage_students/{}", "manage_submissions/{}"]
)
def test_an_address_brings_no_script_along(apart: Strangers, page: Any, place: str) -> None:
    """nbgrader writes names out of the address into the scripts of its pages."""
    answer = page.goto(f"{apart.formgrader}/formgrader/" + place.format(quote('";document.title="taken";"')))
    assert (answer.status, page.title()) != (200, "taken")
    assert page.title() != "taken"


def test_only_scripts_above_the_students_work_run(apart: Strangers, page: Any) -> None:
    """The control: on a page without the policy the same words run."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    row = next(row for row in apart.rows() if row["student"] == VICTIM)
    answer = page.goto(f"{apart.formgrader}/formgrader/submissions/{row['id']}/")
    policy = answer.headers["content-security-policy"]
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
    page.wait_for_load_state("networkidle")
    refused = [text for text in said if "Content Security Policy" in text and "xecuting" in text]
    assert refused == []  # nbgrader's own scripts run
    page.locator("#mark-of-record", has_text="Mark:").wait_for()
    page.locator(".glyphicon-eye-open").click()
    page.locator(".name-shown", has_text=VICTIM).first.wait_for()
    for where, title in (("#notebook-container", UNIT), ("body", UNIT)):
        page.locator(where).first.evaluate(
            "(place, text) => place.insertAdjacentHTML('beforeend', text)", LEFT
        )
        page.wait_for_timeout(300)
        assert page.title() == title
    page.goto(f"{apart.server('student-001')}/static/page.html")
    page.locator("body").evaluate("(place, text) => place.insertAdjacentHTML('beforeend', text)", LEFT)
    page.wait_for_function("document.title === 'taken'")


def test_a_file_of_a_submission_is_shown_in_a_sandbox(apart: Strangers, page: Any) -> None:
    """Where one lies beside the notebook, it is not on formgrader's origin."""
    row = next(row for row in apart.rows() if row["student"] == VICTIM)
    folder = apart.hub.course.data_folder / "nbgrader" / "autograded" / VICTIM / UNIT
    assert folder.is_dir()
    (folder / "page.html").write_text("<title>still</title><script>document.title = 'taken'</script>")
    answer = page.goto(f"{apart.formgrader}/formgrader/submissions/{row['id']}/page.html")
    assert (answer.status, page.title()) == (200, "still")
