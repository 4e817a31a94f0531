"""A page on one name cannot log its reader in as somebody else on another.

Pages below ``hub.example.org`` may set cookies for all of it. If a student's page could replace the
exchange's cookie by the student's own, its reader would hand in for the student, who could then read it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.e2e.people import Visitor
from tests.e2e.strangers import INSTRUCTOR, STRANGER, VICTIM, Strangers, little
from tests.hub.origins import ApartHub
from tests.hub.support import ROOT

TOSS = """cookies => {
    for (const [name, value] of cookies)
        for (const path of ["/", "/services/exchange/", "/services/exchange/units"])
            for (const more of ["", "; Secure"])
                document.cookie = `${name}=${value}; Domain=hub.localhost; Path=${path}${more}`;
}"""


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApartHub]:
    """A hub with a certificate for its name and those below."""
    hub = ApartHub(tmp_path_factory.mktemp("tls") / "course", original=little()).with_tls()
    with hub:
        release(hub)
        yield hub


def release(hub: ApartHub) -> None:
    """Without the exchange's client, which believes in signed certificates only."""
    unit = hub.course.units[0]
    content = base64.b64encode(unit.released_notebook.read_bytes()).decode()
    with closing(hub.browserless(INSTRUCTOR)) as client:
        answer = client.put(
            f"{hub.service('exchange')}/api/units/{unit.name}/release",
            json={"files": [{"path": unit.released_notebook.name, "content": content}]},
            headers={"Authorization": f"token {hub.token(client, INSTRUCTOR)}"},
        )
    assert answer.is_success, answer.text


def who_is_logged_in(hub: ApartHub, visitor: Visitor) -> str:
    """Whose page of the exchange the victim sees, after they have looked at a page of the stranger's."""
    with closing(hub.browserless(STRANGER)) as client:
        client.get(f"{hub.service('exchange')}/")
        theirs = [(cookie.name, cookie.value) for cookie in client.cookies.jar if "session" in cookie.name]
    visitor.open("/services/exchange/")
    page: Any = visitor.page
    page.goto(f"{hub.origin(STRANGER)}/api/nothing-runs-here")
    page.evaluate(TOSS, [*theirs, *((name.removeprefix("__Host-"), value) for name, value in theirs)])
    page.goto(f"{hub.service('exchange')}/units/little")
    return str(page.locator(".who").inner_text())


def test_behind_tls_nobody_is_logged_in_as_somebody_else(tls: ApartHub, chromium: Any) -> None:
    """Cookies of logins are bound to one host."""
    visitor = Visitor(chromium, tls, VICTIM, ROOT / "tests" / "screenshots")
    assert who_is_logged_in(tls, visitor) == VICTIM
    names = {cookie["name"] for cookie in visitor.page.context.cookies()}
    assert {"__Host-jupyterhub-hub-login", "__Host-course-exchange-session"} <= names
    visitor.page.context.close()


def test_without_tls_the_same_page_replaces_the_login(apart: Strangers) -> None:
    """The control, on this machine only: off it TLS is demanded."""
    assert who_is_logged_in(apart.hub, apart.people[VICTIM]) == STRANGER
    apart.people[VICTIM].page.context.clear_cookies()
    apart.people[VICTIM].logged_in = False
