"""A stand-in for the hub on loopback: answers who a token belongs to, and logs browsers in."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

SCOPE = "access:services!service=exchange"


class StandIn:
    """Tokens and who they belong to; the codes of logins under way."""

    def __init__(self) -> None:
        self.models: dict[str, dict[str, Any]] = {}
        self.codes: dict[str, str] = {}
        self.asked = 0
        self.away = False
        self.next_login = ""  # whose browser comes to log in
        self.url = ""

    def token(self, name: str, *groups: str, scopes: tuple[str, ...] = (SCOPE,), kind: str = "user") -> str:
        """A new token of a user."""
        token = secrets.token_hex(16)
        self.models[token] = {"name": name, "kind": kind, "groups": list(groups), "scopes": list(scopes)}
        return token

    def environment(self, service_url: str, prefix: str = "/services/exchange/") -> dict[str, str]:
        """What the hub tells its services."""
        return {
            "JUPYTERHUB_API_URL": f"{self.url}/hub/api",
            "JUPYTERHUB_API_TOKEN": "service-secret",
            "JUPYTERHUB_SERVICE_NAME": "exchange",
            "JUPYTERHUB_SERVICE_PREFIX": prefix,
            "JUPYTERHUB_SERVICE_URL": service_url,
            "JUPYTERHUB_CLIENT_ID": "service-exchange",
            "JUPYTERHUB_OAUTH_CALLBACK_URL": f"{service_url}{prefix}oauth_callback",
            "JUPYTERHUB_HOST": self.url,
            "JUPYTERHUB_BASE_URL": "/",
        }


@contextmanager
def standing_in() -> Iterator[StandIn]:
    """Run the stand-in on a free port."""
    hub = StandIn()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(hub: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            if address.path == "/hub/api/oauth2/authorize":
                self._log_in(parse_qs(address.query))
                return
            hub.asked += 1
            model = hub.models.get(self.headers.get("Authorization", "").removeprefix("token "))
            status = 500 if hub.away else 200 if model else 403
            self._say(status, model if status == 200 else {"status": status, "message": "no"})

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            token = hub.codes.pop(form["code"][0], None)
            known = token and form["client_secret"] == ["service-secret"]
            self._say(200 if known else 400, {"access_token": token} if known else {"error": "invalid_grant"})

        def _log_in(self, asked: dict[str, list[str]]) -> None:
            code = secrets.token_hex(8)
            hub.codes[code] = hub.next_login
            back = f"{asked['redirect_uri'][0]}?{urlencode({'code': code, 'state': asked['state'][0]})}"
            self.send_response(302)
            self.send_header("Location", back)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _say(self, status: int, value: Any) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    return Handler
