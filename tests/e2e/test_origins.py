"""What a student wrote cannot act as whoever looks at it, since it has an origin of its own.

Each deed is tried twice, with a real browser: with ``--shared-origin`` it succeeds, so the trial is
worth something; on origins of their own it does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.people import Visitor
from tests.e2e.strangers import TA, UNIT, VICTIM, Strangers, little, open_copy
from tests.hub.support import RunningHub


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Iterator[Strangers]:
    """The control: one origin for all."""
    folder = tmp_path_factory.mktemp("shared") / "course"
    with RunningHub(folder, "--shared-origin", original=little()) as hub:
        strangers = Strangers(hub, chromium)
        yield strangers
        strangers.close()


def test_a_strangers_page_does_nothing_for_a_student(apart: Strangers) -> None:
    """It neither reads nor hands in."""
    before = apart.state()
    assert apart.open_strangers_page(VICTIM, 1.0) == set()
    assert apart.state() == before


def test_a_strangers_page_does_nothing_for_a_ta(apart: Strangers) -> None:
    """Nor does it change a mark, or come to the TA's own server."""
    before = apart.state()
    assert apart.open_strangers_page(TA, 2.0) == set()
    assert apart.state() == before


def test_jupyterlabs_menu_opens_formgrader_in_a_tab(apart: Strangers) -> None:
    """On formgrader's own name; a frame in JupyterLab would stay blank."""
    page = apart.people[TA].lab()
    page.click("#jp-MainMenu >> text=Course")
    with page.context.expect_page() as opened:
        page.click(".lm-Menu >> text=Formgrader")
    opened.value.wait_for_url(f"{apart.formgrader}/formgrader/manage_assignments")
    opened.value.close()


def test_a_copy_does_nothing_for_the_ta_who_runs_it(apart: Strangers) -> None:
    """JavaScript of a submission, in the TA's browser."""
    before = apart.state()
    page = open_copy(apart)
    assert "--copy.hub.localhost" in page.url
    assert apart.acted(page, TA, 3.0) == set()
    assert apart.state() == before


def test_from_login_to_the_own_notebook_are_at_most_three_clicks(apart: Strangers, chromium: Any) -> None:
    """Log in, open, and start where that is asked: the unit is fetched, the server is one's own."""
    visitor = Visitor(chromium, apart.hub, VICTIM, apart.people[VICTIM].shots)
    page = visitor.open("/")
    page.get_by_role("heading", name="Your units").wait_for()
    assert page.url == f"{apart.hub.service('exchange')}/"
    page.get_by_role("link", name="in JupyterLab").click()
    start = page.get_by_role("link", name=re.compile("^(Start|Launch)")).or_(page.locator("#start"))
    notebook = page.locator(".jp-Notebook")
    start.or_(notebook).first.wait_for(timeout=90_000)
    if start.count():
        start.first.click()
        notebook.wait_for(timeout=90_000)
    assert page.url.startswith(f"{apart.server(VICTIM)}/lab/tree/")
    assert page.url.endswith(f"/{UNIT}/{UNIT}.ipynb")
    visitor.shot("opened-in-jupyterlab")
    page.context.close()


def test_on_one_origin_the_same_page_acts_as_who_opens_it(shared: Strangers) -> None:
    """The control."""
    attempts, _ = shared.state()
    assert shared.open_strangers_page(TA, 2.0) >= {"mark", "run"}
    assert 2.0 in shared.state()[1]
    assert shared.open_strangers_page(VICTIM, 1.0) >= {"read", "hand in"}
    assert shared.state()[0] == attempts + 1


def test_on_one_origin_so_does_a_copy(shared: Strangers) -> None:
    """The control."""
    assert shared.acted(open_copy(shared), TA, 3.0) >= {"mark", "run"}
