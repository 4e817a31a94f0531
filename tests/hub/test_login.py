"""Login among strangers, at a running hub: whose address counts, and what ends which session.

All of 127.0.0.0/8 is this machine: a client binds an address of its own, and one of them is the named proxy.
"""

import re
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from click.testing import CliRunner
from tornado import web

from autograder.commands.roster import command as roster
from autograder.hub.people import known_browser
from autograder.hub.process.app import WATCH_SECONDS
from autograder.hub.process.options import hub_folder
from autograder.marks.roster import Member
from tests.hub.support import LITTLE, RunningHub, processes_below
from tests.hub.test_running import _logged_in

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hub")]
PROXY = "127.0.0.2"
NAMES = ("student-001", "student-002", "student-003", "student-004", "ta-001")
NEW = "three small words"


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    members = tuple(Member(name, "ta" if name.startswith("ta") else "student") for name in NAMES)
    folder = tmp_path_factory.mktemp("login") / "course"
    with RunningHub(folder, "--trusted-proxy", PROXY, members=members, original=LITTLE) as hub:
        yield hub


def test_a_stranger_cannot_choose_their_address(hub):
    """Whatever they say of where they come from, their failures are counted together, and others' are not."""
    with _from(hub, "127.0.0.3") as stranger:
        for number in range(9):
            made_up = f"198.51.100.{number}"
            stranger.headers.update({"X-Forwarded-For": made_up, "X-Real-Ip": made_up, "X-Scheme": "https"})
            status = hub.log_in(stranger, "student-001", "wrong").status_code
            if status == 429:
                break
    assert status == 429
    with _from(hub, "127.0.0.4") as owner:
        assert _is_in(hub.log_in(owner, "student-001", hub.passwords["student-001"]))


def test_behind_the_named_proxy_everybody_has_an_address(hub):
    """One person's failures there keep nobody else out, and what they made up before it does not count.

    Asked at the hub's own port, with the header as the hub's proxy hands it on.
    """
    with _behind_own_proxy(hub) as stranger:
        for number in range(9):
            stranger.headers["X-Real-Ip"] = made_up = f"198.51.100.{number}"
            stranger.headers["X-Forwarded-For"] = f"{made_up}, 203.0.113.1, {PROXY}"
            status = hub.log_in(stranger, "student-002", "wrong").status_code
            if status == 429:
                break
    assert status == 429
    with _behind_own_proxy(hub) as owner:
        owner.headers["X-Forwarded-For"] = f"203.0.113.2, {PROXY}"
        assert _is_in(hub.log_in(owner, "student-002", hub.passwords["student-002"]))


def test_a_browser_that_logged_in_before_is_let_in(hub):
    """Though a stranger at the same address fails with the same name; a new browser waits with them."""
    with _from(hub, "127.0.0.5") as owner, _from(hub, "127.0.0.5") as stranger:
        assert _is_in(hub.log_in(owner, "student-003", hub.passwords["student-003"]))
        owner.get("/hub/logout")
        assert "login" in owner.get("/hub/home").url.path
        tries = (hub.log_in(stranger, "student-003", "wrong").status_code for _ in range(9))
        assert 429 in tries
        assert _is_in(hub.log_in(owner, "student-003", hub.passwords["student-003"]))


def test_a_large_form_is_refused(hub):
    """No login needs a megabyte, and nobody's memory is filled by many of them."""
    with _from(hub, "127.0.0.6") as stranger:
        try:
            answer = stranger.post("/hub/login", content=b"username=" + b"x" * 2**21)
            assert answer.status_code >= 400
        except httpx.TransportError:
            pass  # the connection is closed while it still sends
    with _from(hub, "127.0.0.6") as stranger:  # a new one: the last may be closed under its next request
        assert stranger.get("/hub/health").status_code == 200


def test_log_out_is_everywhere(hub):
    """Another browser's login ends with it, and both's tokens at services; a token made by hand stays."""
    with _logged_in(hub, "ta-001") as one, _logged_in(hub, "ta-001") as other:
        for browser in (one, other):
            assert browser.get("/services/exchange/").url.path == "/services/exchange/"
        token = {"Authorization": f"token {hub.token(one, 'ta-001')}"}
        tokens = f"{hub.url}/hub/api/users/ta-001/tokens"
        assert len(httpx.get(tokens, headers=token).json()["api_tokens"]) >= 3
        elsewhere = one.get("/hub/logout", headers={"Sec-Fetch-Site": "cross-site"})
        assert elsewhere.url.path == "/hub/home"  # another site cannot log anybody out
        one.get("/hub/logout")
        assert [_is_at_login(browser) for browser in (one, other)] == [True, True]
        assert len(httpx.get(tokens, headers=token).json()["api_tokens"]) == 1


def test_a_changed_password_ends_the_rest(hub, monkeypatch):
    """Other browsers and made tokens; a running server keeps its own token, also after a reset by staff."""
    name = "student-004"
    with _logged_in(hub, name) as here, _logged_in(hub, name) as other:
        made = hub.token(other, name)
        own = _start_server(hub, name, made)
        answer = _change(here, hub.passwords[name], NEW)
        assert "is changed" in answer.text
        assert here.get("/hub/home").url.path == "/hub/home" and _is_at_login(other)
        assert [_knows(hub, token) for token in (made, own)] == [False, True]

        assert _is_in(hub.log_in(other, name, NEW))
        monkeypatch.chdir(hub.course.root)
        done = CliRunner().invoke(roster, ["password", name], catch_exceptions=False)
        first = done.stdout.split()[1]
        page = hub.log_in(here, name, first)  # before the hub looked at the file
        end = time.monotonic() + 10
        while not _is_at_login(other):
            assert time.monotonic() < end
            time.sleep(0.2)
        time.sleep(WATCH_SECONDS)
        assert _knows(hub, own)
        _nothing_works_with(hub, here, page, name, first)
        assert _knows(hub, own)


def _nothing_works_with(hub, browser, page, name, first):
    """A first password opens the page that changes it, until it is changed."""
    assert page.url.path == "/hub/change-password" and "Choose a password" in page.text
    for path in (
        "/hub/spawn",
        "/hub/token",
        "/services/exchange/",
        f"/user/{name}/lab",
        "/hub/user-redirect/",
    ):
        assert browser.get(path).url.path == "/hub/change-password", path
    asks = {"X-XSRFToken": re.search(r'name="_xsrf" value="([^"]*)"', page.text)[1]}
    for path in (f"users/{name}/tokens", f"users/{name}/server"):
        answer = browser.post(f"/hub/api/{path}", headers=asks, json={})
        assert answer.status_code == 403 and "Change it first" in answer.text, path
    by_name = {"auth": {"username": name, "password": first}}  # JupyterHub's way without a browser
    assert httpx.post(f"{hub.url}/hub/api/users/{name}/tokens", json=by_name).status_code == 403
    assert "is the old one" in _change(browser, first, first).text
    assert "is changed" in _change(browser, first, "four other small words").text
    assert browser.get("/services/exchange/").url.path == "/services/exchange/"


def test_a_known_browser_is_known_by_names_it_logged_in_with():
    """The cookie is signed, bound to its names, and stays small; another's id or name is none."""
    browser = _Browser()
    names = [f"student-{number:03}" for number in range(12)]
    for name in names:
        known_browser.remember_browser(browser, name)
    known = [name for name in names if known_browser.known_browser(browser, name)]
    assert known == names[-known_browser.MOST :]
    signed = browser.cookies[known_browser.COOKIE]
    assert len(signed) < 400
    other = b"0" if signed[-1:] != b"0" else b"1"
    for forged in (signed[:-1] + other, b"0123456789abcdef:0123456789abcdef", b""):
        browser.cookies[known_browser.COOKIE] = forged
        assert known_browser.known_browser(browser, names[-1]) is None


class _Browser:
    """Stands for the request of one browser: Tornado's own signatures, in a dictionary."""

    hub = SimpleNamespace(base_url="/hub/")

    def __init__(self):
        self.cookies = {}

    def get_secure_cookie(self, name, max_age_days):
        return web.decode_signed_value("secret", name, self.cookies.get(name), max_age_days=max_age_days)

    def _set_cookie(self, name, value, **_):
        self.cookies[name] = web.create_signed_value("secret", name, value)


@contextmanager
def _from(hub, address):
    """A client at that address of this machine."""
    transport = httpx.HTTPTransport(local_address=address)
    with httpx.Client(base_url=hub.url, transport=transport, follow_redirects=True, timeout=60) as client:
        yield client


@contextmanager
def _behind_own_proxy(hub):
    port = (hub_folder(hub.course) / "ports" / "hub").read_text().strip()
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", follow_redirects=True, timeout=60) as client:
        yield client


def _is_in(answer):
    return answer.status_code == 200 and answer.url.path == "/hub/home"


def _is_at_login(client):
    return client.get("/hub/home").url.path == "/hub/login"


def _change(client, old, new):
    page = client.get("/hub/change-password").text
    word = re.search(r'name="_xsrf" value="([^"]*)"', page)[1]
    return client.post("/hub/change-password", data={"_xsrf": word, "old": old, "new": new, "again": new})


def _knows(hub, token):
    headers = {"Authorization": f"token {token}"}
    return httpx.get(f"{hub.url}/hub/api/user", headers=headers, timeout=30).status_code == 200


def _start_server(hub, name, token):
    """A person's server; its own token, which stands in its environment."""
    headers = {"Authorization": f"token {token}"}
    httpx.post(f"{hub.url}/hub/api/users/{name}/server", headers=headers, json={}, timeout=90)
    end = time.monotonic() + 90
    while httpx.get(f"{hub.url}/user/{name}/api", timeout=30).status_code != 200:
        assert time.monotonic() < end, hub.log.read_text()[-2000:]
        time.sleep(0.5)
    for pid in processes_below(hub.course.data_folder):
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        if f"JUPYTERHUB_USER={name}".encode() in environment:
            return next(v for v in environment if v.startswith(b"JUPYTERHUB_API_TOKEN=")).decode()[21:]
    raise AssertionError("the server's process was not found")
