"""The web application: routes, error answers, headers."""

from __future__ import annotations

import logging
import math

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..routes import api, handing_in, pages, staff_pages
from ..store.desk import Desk
from .access import BodyLimit
from .identity import Identity
from .login import NotLoggedIn, OAuth, Sessions
from .rate import Buckets
from .refusals import Refused
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
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk, app.state.identity, app.state.oauth, app.state.prefix = desk, identity, oauth, prefix
    app.state.sessions = Sessions(desk.cookie_key, prefix)
    limits = desk.limits
    app.state.requests = Buckets(limits.requests_per_second, limits.request_burst)
    app.state.uploads = Buckets(limits.uploads_per_minute / 60, limits.upload_burst)
    app.include_router(api.ROUTES, prefix=prefix.rstrip("/"))
    if oauth is not None:
        for part in (pages, handing_in, staff_pages):
            app.include_router(part.ROUTES, prefix=prefix.rstrip("/"))
    _answer_errors(app)
    app.add_middleware(BodyLimit, most=int(limits.body_mib * 2**20))
    app.add_middleware(SafeHeaders)
    return app


class SafeHeaders:
    """Puts ``HEADERS`` on every answer that does not set them itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, with_headers)


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
