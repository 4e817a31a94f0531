"""Login of the pages: OAuth with the hub, a signed cookie, and protection against forged forms.

The cookie holds the hub's token for this service, signed and only for this service's path;
each request asks the hub (briefly cached) whose it is, so that a logout or a change of
groups there is felt here. A form carries a word that is derived from that token, which no
other origin can know. With sub-domains this service has an origin of its own, and behind TLS its
cookies are bound to its host (prefix ``__Host-``), so that no page of a student's server sets them.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode, urlsplit

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from tornado.web import HTTPError

from .refusals import Refused

SESSION = "course-exchange-session"
STATE = "course-exchange-state"
SESSION_SECONDS = 12 * 3600
STATE_SECONDS = 600
LONGEST_QUERY = 1000  # letters that a login remembers


class NotLoggedIn(Exception):
    """A page was asked for without a session; the answer is the hub's login."""


class OAuth(Protocol):
    """What the login needs of the hub."""

    def authorize_url(self, state: str) -> str:
        """Where the browser logs in."""

    async def token_for(self, code: str) -> str:
        """The token that the hub gives for the code it sent the browser back with."""


class HubLogin:
    """The hub's OAuth; needs the environment that the hub gives to its services."""

    def __init__(self) -> None:
        from jupyterhub.services.auth import HubOAuth

        self._hub = HubOAuth()

    def authorize_url(self, state: str) -> str:
        """Where the browser logs in."""
        asked = {
            "client_id": self._hub.oauth_client_id,
            "redirect_uri": self._hub.oauth_redirect_uri,
            "response_type": "code",
            "state": state,
        }
        return f"{self._hub.oauth_authorization_url}?{urlencode(asked)}"

    async def token_for(self, code: str) -> str:
        """The token that the hub gives for the code it sent the browser back with.

        Raises:
            Refused: the hub gives none.
        """
        try:
            token: str = await self._hub.token_for_code(code, sync=False)
        except HTTPError as error:
            raise Refused(403, "The hub does not know this login. Open the page again.") from error
        return token


def _address(request: Request) -> str:
    """Path and query of what was asked for; without the query where a cookie has no room for it."""
    query = request.url.query
    return f"{request.url.path}?{query}" if 0 < len(query) <= LONGEST_QUERY else request.url.path


@dataclass(frozen=True)
class Sessions:
    """Cookies of this service: made and read here only."""

    key: bytes
    prefix: str  # path of the service, with slashes at both ends
    own_host: bool = False  # nothing else is on this host, and TLS is: cookies are bound to it

    def begin(self, request: Request, oauth: OAuth) -> Response:
        """Send the browser to the hub; a cookie remembers the state and where it wanted to go."""
        state = secrets.token_urlsafe(24)
        answer = RedirectResponse(oauth.authorize_url(state), status_code=302)
        wanted = _address(request) if request.method == "GET" else self.prefix
        self._set(request, answer, STATE, self._signer("state").dumps([state, wanted]), STATE_SECONDS)
        return answer

    async def complete(self, request: Request, oauth: OAuth) -> Response:
        """The browser comes back from the hub.

        Raises:
            Refused: the state is not the one that this browser was sent with.
        """
        state, code = request.query_params.get("state", ""), request.query_params.get("code", "")
        try:
            known, wanted = self._signer("state").loads(
                request.cookies.get(self._name(STATE), ""), STATE_SECONDS
            )
        except BadSignature as error:
            raise Refused(403, "This login was not begun in this browser. Open the page again.") from error
        if not code or not hmac.compare_digest(str(known), state):
            raise Refused(403, "This login was not begun in this browser. Open the page again.")
        token = await oauth.token_for(code)
        answer = RedirectResponse(self._inside(str(wanted)), status_code=302)
        self._set(request, answer, SESSION, self._signer("session").dumps(token), SESSION_SECONDS)
        self._delete(answer, STATE)
        return answer

    def token(self, request: Request) -> str:
        """The hub's token in the session.

        Raises:
            NotLoggedIn: there is no session, or it is over.
        """
        try:
            token: str = self._signer("session").loads(
                request.cookies.get(self._name(SESSION), ""), SESSION_SECONDS
            )
        except BadSignature as error:
            raise NotLoggedIn from error
        return token

    def word(self, token: str) -> str:
        """What each form of this session carries."""
        return hmac.new(self.key, b"form " + token.encode(), hashlib.sha256).hexdigest()

    def check_form(self, request: Request, token: str, given: object) -> None:
        """Refuse a form that did not come from our own page.

        Raises:
            Refused: it came from elsewhere, or the session is another one.
        """
        foreign = request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
        origin = request.headers.get("origin")
        foreign |= origin is not None and urlsplit(origin).netloc != request.headers.get("host")
        if foreign or not hmac.compare_digest(self.word(token).encode(), str(given or "").encode()):
            raise Refused(403, "This form was not sent from the exchange's own page. Load the page again.")

    def end(self, answer: Response) -> Response:
        """Forget the session."""
        self._delete(answer, SESSION)
        return answer

    def _inside(self, wanted: str) -> str:
        path = wanted.partition("?")[0]
        return wanted if path.startswith(self.prefix) and "//" not in path else self.prefix

    def _signer(self, salt: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(
            self.key, salt=salt, signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"}
        )

    def _set(self, request: Request, answer: Response, name: str, value: str, seconds: int) -> None:
        public = os.environ.get("JUPYTERHUB_PUBLIC_URL", "")
        secure = "https" in (request.url.scheme, urlsplit(public).scheme)
        answer.set_cookie(
            self._name(name), value, max_age=seconds, path=self._path,
            httponly=True, samesite="lax", secure=secure or self.own_host,
        )  # fmt: skip

    def _delete(self, answer: Response, name: str) -> None:
        answer.delete_cookie(self._name(name), path=self._path, secure=self.own_host)

    def _name(self, cookie: str) -> str:
        return f"__Host-{cookie}" if self.own_host else cookie

    @property
    def _path(self) -> str:
        return "/" if self.own_host else self.prefix
