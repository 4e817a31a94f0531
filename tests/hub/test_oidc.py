"""Login through an OIDC provider: a real one, in this process, on loopback."""

import base64
import hashlib
import json
import secrets
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from tests.hub.support import LITTLE, RunningHub

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hub")]
SECRET = "the hub's own secret"


class Provider(ThreadingHTTPServer):
    """Authorisation code with PKCE; whoever is ``next_person`` is logged in at the provider."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.next_person = {}
        self.codes, self.tokens, self.refused = {}, {}, []


class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/authorize":
            self._authorize(query)
        else:
            person = self.server.tokens.get(self.headers.get("Authorization", "").removeprefix("Bearer "))
            self._json(person or {"error": "invalid_token"}, 200 if person else 401)

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
        person, challenge = self.server.codes.pop(form.get("code"), (None, None))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proved = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge
        if not (person and proved and form.get("client_secret") == SECRET):
            self.server.refused.append(form)
            return self._json({"error": "invalid_grant"}, 400)
        token = secrets.token_hex(16)
        self.server.tokens[token] = person
        return self._json({"access_token": token, "token_type": "Bearer", "expires_in": 60})

    def _authorize(self, query):
        assert query["response_type"] == "code" and query["code_challenge_method"] == "S256"
        code = secrets.token_hex(16)
        self.server.codes[code] = (self.server.next_person, query["code_challenge"])
        back = f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"
        self.send_response(302)
        self.send_header("Location", back)
        self.end_headers()

    def _json(self, content, status=200):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Quiet."""


@pytest.fixture(scope="module")
def provider():
    with Provider() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def hub(provider, tmp_path_factory):
    environment = {
        "OIDC_CLIENT_ID": "hub",
        "OIDC_CLIENT_SECRET": SECRET,
        "OIDC_AUTHORIZE_URL": f"{provider.url}/authorize",
        "OIDC_TOKEN_URL": f"{provider.url}/token",
        "OIDC_USERDATA_URL": f"{provider.url}/userinfo",
    }
    folder = tmp_path_factory.mktemp("oidc") / "course"
    with RunningHub(
        folder, "--login", "oidc", "--exchange", "shared", environment=environment, original=LITTLE
    ) as hub:
        yield hub


def _log_in(hub, provider, **claims):
    provider.next_person = {"sub": "1", **claims}
    return closing(client := httpx.Client(base_url=hub.url, follow_redirects=True, timeout=30)), client.get(
        "/hub/oauth_login?next=%2Fhub%2Fhome"
    )


def test_somebody_on_the_roster_gets_in(hub, provider):
    """The provider's claim is the username; the page is the person's own."""
    session, answer = _log_in(hub, provider, preferred_username="student-001")
    with session:
        assert answer.status_code == 200 and answer.url.path == "/hub/home"
        assert "student-001" in answer.text


def test_groups_come_from_the_roster_alone(hub, provider):
    """A provider that calls a student staff does not open formgrader."""
    claims = {"groups": ["formgrade-little"], "admin": True, "roles": ["admin"]}
    session, _ = _log_in(hub, provider, preferred_username="student-001", **claims)
    with session as client:
        assert client.get("/services/little/formgrader").status_code == 403
        assert client.get("/hub/admin").status_code == 403
    session, _ = _log_in(hub, provider, preferred_username="ta-001")
    with session as client:
        assert client.get("/services/little/formgrader").status_code == 200


def test_strangers_are_refused_with_a_sentence(hub, provider):
    """Known to the provider is not on the roster."""
    session, answer = _log_in(hub, provider, preferred_username="somebody")
    with session:
        assert answer.status_code == 403 and "not on the roster" in answer.text


def test_a_code_works_once_and_for_who_asked(hub, provider):
    """A code without the state of this browser is refused."""
    provider.codes["stolen"] = ({"preferred_username": "instructor"}, "challenge")
    with httpx.Client(base_url=hub.url, follow_redirects=True) as client:
        answer = client.get("/hub/oauth_callback?code=stolen&state=made-up")
        assert answer.status_code in (400, 403)


def test_there_is_no_password_login(hub):
    """With OIDC the form for passwords is gone, and so is its page."""
    with httpx.Client(base_url=hub.url, follow_redirects=True) as client:
        page = client.get("/hub/login").text
        assert "Sign in with" in page and "password_input" not in page
        assert client.get("/hub/change-password").status_code in (404, 403)
