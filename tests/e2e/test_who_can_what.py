"""Who can do what: one table for hub, exchange, formgrader, servers and copies.

Each row is something that can be asked for, each column somebody who asks. A number is the status of the
answer, ``login`` the way to the hub's login. Persons come with all they have: the cookies of their browser
and a token of their own. Servers come with their token, which everything that runs on them can read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.strangers import UNIT, Cast, Strangers, little, open_copy
from tests.hub.accounts import NEEDS_ROOT, accounts
from tests.hub.origins import ApartHub
from tests.hub.support import RunningHub
from tests.shared_python import shared_python

#        nobody    the student who handed in   another student   a TA   an instructor   the other student's
#        server   a copy of the submission that the TA runs
TABLE = """
hub       GET    /hub/home                        login  200  200  200  200  login login
hub       GET    /hub/admin                       login  403  403  403  200  login login
hub       GET    /hub/api/users                   403    403  403  403  200  403   403
hub       GET    /hub/api/users/{victim}          403    200  404  404  200  404   404
hub       GET    /hub/api/users/{victim}/tokens   403    200  404  404  404  404   403
hub       POST   /hub/api/users/{victim}/tokens   403    201  403  403  403  403   403
hub       POST   /hub/api/users/{ta}/server       403    404  404  400  404  404   403
hub       POST   /hub/api/users/{ta}/servers/mine 403    404  404  403  404  404   403
exchange  GET    /api/units                       401    200  200  200  200  200   401
exchange  GET    /api/attempts/{attempt}/files    401    200  404  200  200  404   401
exchange  POST   /api/attempts/{attempt}/requeue  401    403  403  200  200  403   401
exchange  PUT    /api/attempts/{attempt}/feedback 401    403  403  403  400  403   401
exchange  PUT    /api/units/{unit}/release        401    403  403  403  400  403   401
exchange  POST   /api/units/{unit}/attempts       401    400  400  400  400  400   401
exchange  POST   /api/units/{unit}/look           401    400  400  400  400  400   401
exchange  GET    /api/units/{unit}/marks          401    403  403  200  200  403   401
exchange  GET    /attempts/{attempt}              login  200  404  200  200  login login
exchange  GET    /staff                           login  403  403  200  200  login login
exchange  GET    /students/{victim}               login  403  403  200  200  login login
exchange  GET    /staff/{unit}                   login  403  403  200  200  login login
exchange  GET    /staff/{unit}/manage            login  403  403  200  200  login login
exchange  GET    /staff/{unit}/collect           login  403  403  200  200  login login
exchange  POST   /staff/{unit}/regrade           login  403  403  403  403  login login
exchange  GET    /staff/{unit}/extend            login  403  403  403  200  login login
exchange  POST   /staff/{unit}/requeue            login  403  403  403  403  login login
exchange  GET    /marking                         login  403  403  200  200  login login
exchange  GET    /marking/requests                login  403  403  200  200  login login
exchange  POST   /marking/{unit}/hand-out         login  403  403  403  403  login login
exchange  POST   /staff/{unit}/report             login  403  403  403  403  login login
exchange  POST   /staff/{unit}/extend             login  403  403  403  403  login login
exchange  POST   /units/{unit}/hand-in            login  403  403  403  403  login login
formgrader GET   /formgrader/manage_assignments   login  403  403  200  200  403   403
formgrader GET   /formgrader/api/submitted_notebooks/{unit}/{unit}
                                                  login  403  403  200  200  403   403
formgrader PUT   /formgrader/api/grade/{grade}    403    403  403  200  200  403   403
formgrader POST  /formgrader/api/assignment/{unit}/release
                                                  403    403  403  403  200  403   403
formgrader POST  /formgrader/api/assignment/{unit}/release_feedback
                                                  403    403  403  403  200  403   403
formgrader GET   /open/autograded/{victim}/{unit}/{unit}.ipynb
                                                  login  403  403  302  302  403   403
formgrader GET   /copies/a.forged.word            403    403  403  403  403  403   403
server     GET   /api/contents                    403    403  403  200  403  403   403
server     GET   /course-tools/end               403    403  403  200  403  403   403
server     POST  /api/kernels                     403    403  403  201  403  403   403
"""
LOGIN = re.compile(r"/hub/(login|api/oauth2/authorize)\?")
WHO = ("nobody", "owner", "other", "ta", "instructor", "other's server", "copy")


@pytest.fixture(scope="module", params=["simple", pytest.param("system", marks=NEEDS_ROOT)])
def strangers(request: pytest.FixtureRequest) -> Iterator[Strangers]:
    """The same course with each spawner: servers of one user, and of accounts of the system."""
    if request.param == "simple":
        yield request.getfixturevalue("apart")
        return
    cast = Cast(*(f"{name}-{os.getpid()}" for name in ("stranger", "victim", "ta", "teacher")))
    with accounts((cast.stranger, cast.ta)), shared_python() as python:
        folder = request.getfixturevalue("tmp_path_factory").mktemp("system") / "course"
        hub = ApartHub(
            folder, "--spawner", "system", members=cast.members(), original=little(), python=python
        )
        folder.chmod(0o700)
        folder.parent.chmod(0o755)
        with hub:
            found = Strangers(hub, request.getfixturevalue("chromium"), cast)
            yield found
            found.close()


@pytest.fixture(scope="module")
def askers(strangers: Strangers) -> Iterator[dict[str, httpx.Client]]:
    """Everybody of ``WHO``, with all that they have."""
    open_copy(strangers)
    cast = strangers.cast
    tokens = (None, cast.victim, cast.stranger, cast.ta, cast.instructor)
    made: dict[str, httpx.Client] = {}
    for who, name in zip(WHO, tokens, strict=False):
        made[who] = strangers.hub.browserless(name) if name else strangers.hub.client(follow_redirects=True)
        made[who].get(f"{strangers.hub.url}/services/exchange/")
        if name:
            made[who].headers["Authorization"] = f"token {strangers.tokens[name]}"
    for who, name, is_copy in (("other's server", cast.stranger, False), ("copy", cast.ta, True)):
        made[who] = strangers.hub.client(follow_redirects=True)
        made[who].headers["Authorization"] = f"token {token_of_server(strangers.hub, name, is_copy)}"
    yield made
    for client in made.values():
        client.close()


def token_of_server(hub: RunningHub, user: str, is_copy: bool) -> str:
    """The token in the environment of a running server of this hub."""
    for entry in Path("/proc").iterdir():
        try:
            pairs = (entry / "environ").read_text().split("\0") if entry.name.isdigit() else []
        except OSError:
            continue
        found = dict(pair.partition("=")[::2] for pair in pairs)
        here = found.get("JUPYTERHUB_PUBLIC_HUB_URL", "").startswith(hub.url)
        if here and found["JUPYTERHUB_USER"] == user and bool(found["JUPYTERHUB_SERVER_NAME"]) == is_copy:
            return found["JUPYTERHUB_API_TOKEN"]
    raise AssertionError(f"no server of {user} runs")


def rows() -> list[tuple[str, str, str, tuple[str, ...]]]:
    """The table, read."""
    words = TABLE.split()
    size = 3 + len(WHO)
    cut = [words[start : start + size] for start in range(0, len(words), size)]
    return [(place, method, path, tuple(expected)) for place, method, path, *expected in cut]


@pytest.fixture(scope="module")
def names(strangers: Strangers) -> dict[str, str]:
    """What the braces of the table stand for."""
    cast, hub = strangers.cast, strangers.hub
    row = next(row for row in strangers.rows() if row["student"] == cast.victim)
    asked = f"{strangers.api}grades?submission_id={row['id']}"
    grade = strangers.clients[cast.ta].get(asked).json()[0]["id"]
    return {
        "victim": cast.victim, "ta": cast.ta, "unit": UNIT, "attempt": strangers.attempt, "grade": grade,
        "hub": hub.url, "exchange": hub.service("exchange"), "formgrader": strangers.formgrader,
        "server": strangers.server(cast.ta),
    }  # fmt: skip


@pytest.mark.parametrize("who", WHO)
def test_who_can_do_what(askers: dict[str, httpx.Client], names: dict[str, str], who: str) -> None:
    """Each asks for everything in the table."""
    got, expected = {}, {}
    for place, method, path, answers in rows():
        answer = askers[who].request(
            method, names[place] + path.format(**names), json={} if method in ("PUT", "POST") else None,
            follow_redirects=False,
        )  # fmt: skip
        got[method, path] = (
            "login" if LOGIN.search(answer.headers.get("location", "")) else str(answer.status_code)
        )
        expected[method, path] = answers[WHO.index(who)]
    assert got == expected


def test_a_strangers_page_gets_no_answer(strangers: Strangers, names: dict[str, str]) -> None:
    """Of nothing in the table, with all cookies of the TA who opens it; the control: of its own server."""
    page: Any = strangers.people[strangers.cast.ta].open("/services/exchange/")
    own = f"{strangers.server(strangers.cast.stranger)}/static/page.html"
    page.goto(own)
    ask = """async ([method, url]) => {
        try { return (await fetch(url, {method, credentials: "include"})).status; }
        catch { return "stopped"; }
    }"""
    got = {
        (method, path): page.evaluate(ask, [method, names[place] + path.format(**names)])
        for place, method, path, _ in rows()
    }
    assert got == dict.fromkeys(got, "stopped")
    assert page.evaluate(ask, ["GET", own]) == 200
