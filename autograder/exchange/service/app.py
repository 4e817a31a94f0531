"""The web application: routes, error answers, headers."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..grading.preview import Previews
from ..routes import (
    api,
    handing_in,
    managing_pages,
    marking_pages,
    pages,
    receipts,
    request_pages,
    staff_pages,
)
from ..store.desk import Desk
from ..views.known_facts import KnownFacts
from ..views.known_piles import KnownPiles
from .bodies import BodyLimit
from .checks import TokenChecks
from .document import Documented
from .downstream import OriginMiddleware, proxies_of_hub
from .identity import Identity
from .login import NotLoggedIn, OAuth, Sessions
from .rate import Buckets
from .refusals import Refused
from .room import GivesBack, Places, Space
from .session import error_page

LOG = logging.getLogger("course.exchange")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
}


def make_app(desk: Desk, identity: Identity, oauth: OAuth | None, prefix: str = "/") -> FastAPI:
    """The application of one course.

    Args:
        desk: its exchange.
        identity: answers who a token belongs to.
        oauth: logs browsers in; None: there are no pages.
        prefix: path under which the hub's proxy hands requests on.
    """
    prefix = f"/{prefix.strip('/')}/".replace("//", "/")
    app = Documented(docs_url=None, redoc_url=None, openapi_url=f"{prefix}api/openapi.json", title="Exchange")
    app.state.desk, app.state.oauth, app.state.prefix = desk, oauth, prefix
    app.state.checks = TokenChecks(identity)
    app.state.sessions = Sessions(desk.cookie_key, prefix, os.environ.get("COURSE_HOST_COOKIES") == "1")
    limits = desk.limits
    app.state.requests = Buckets(limits.requests_per_second, limits.request_burst)
    app.state.uploads = Buckets(limits.uploads_per_minute / 60, limits.upload_burst)
    app.state.uploads_long_run = Buckets(limits.uploads_per_day / 86_400, limits.uploads_per_day)
    app.state.places = Places(limits.at_once, limits.request_burst)
    app.state.upload_places = Places(1, limits.upload_burst)
    app.state.room = Space(int(limits.uploads_together_mib * 2**20))
    app.state.facts = KnownFacts()
    app.state.previews = Previews()
    app.state.piles = KnownPiles(app.state.facts)
    app.include_router(api.ROUTES, prefix=prefix.rstrip("/"))
    if oauth is not None:
        for part in (pages, handing_in, receipts, staff_pages, managing_pages, request_pages, marking_pages):
            app.include_router(part.ROUTES, prefix=prefix.rstrip("/"), include_in_schema=False)
    _answer_errors(app)
    app.add_middleware(GivesBack)
    app.add_middleware(BodyLimit, most=int(limits.body_mib * 2**20))
    app.add_middleware(SafeHeaders, headers=_headers(os.environ.get("JUPYTERHUB_HOST", "")))
    app.add_middleware(OriginMiddleware, proxies=proxies_of_hub())
    return app


class SafeHeaders:
    """Puts headers on every answer that does not set them itself."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self.app, self.headers = app, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, with_headers)


def _headers(hub: str) -> dict[str, str]:
    """``HEADERS``; a form may also lead to the hub, which logs in again whose session is over."""
    policy = POLICY.replace("form-action 'self'", f"form-action 'self' {hub}".strip())
    return HEADERS | {"Content-Security-Policy": policy}


def _answer_errors(app: FastAPI) -> None:
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(NotLoggedIn, _login)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _fault)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    headers = {"Retry-After": str(math.ceil(error.retry_after))} if error.retry_after else {}
    return _answer(request, error.status, str(error), headers)


async def _login(request: Request, error: Exception) -> Response:
    sessions: Sessions = request.app.state.sessions
    return sessions.begin(request, request.app.state.oauth)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    text = "There is no such page." if error.status_code == 404 else f"{error.detail}."
    return _answer(request, error.status_code, text, dict(error.headers or {}))


async def _invalid(request: Request, error: Exception) -> Response:
    return _answer(request, 400, "The request's parameters are not what is expected.", {})


async def _fault(request: Request, error: Exception) -> Response:
    LOG.error("%s %s", request.method, request.url.path, exc_info=error)
    return _answer(
        request, 500, "A fault of ours. Nothing was lost; try again, and tell the course staff.", {}
    )


def _answer(request: Request, status: int, text: str, headers: dict[str, str]) -> Response:
    if request.app.state.oauth is None or request.url.path.startswith(f"{request.app.state.prefix}api/"):
        return JSONResponse({"error": text}, status_code=status, headers=headers)
    return error_page(request, status, text, headers)
