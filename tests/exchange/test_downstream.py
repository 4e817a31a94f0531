"""Where a request to the exchange came from: what a stranger writes into headers is not believed."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI, Request

from autograder.exchange.service.downstream import OriginMiddleware, proxies_of_hub


@pytest.mark.parametrize(
    ("said_for", "said_proto", "seen"),
    [
        ("198.51.100.1, 203.0.113.5", "https, http", "203.0.113.5 http"),
        ("198.51.100.1, 203.0.113.5, 127.0.0.2", "https, http", "203.0.113.5 https"),
    ],
)
def test_the_service_sees_the_true_address(monkeypatch, said_for, said_proto, seen):
    """The hub's own proxy is believed for one step, and beyond it only whom the operator named."""
    monkeypatch.setenv("COURSE_TRUSTED_PROXIES", "127.0.0.2,10.0.0.0/8")
    app = FastAPI()
    app.add_middleware(OriginMiddleware, proxies=proxies_of_hub())

    @app.get("/")
    def index(request: Request) -> str:
        assert not [name for name in request.headers if name.startswith(("x-forwarded", "x-real"))]
        return f"{request.client.host} {request.url.scheme}"

    async def ask():
        headers = {"X-Forwarded-For": said_for, "X-Forwarded-Proto": said_proto, "X-Real-Ip": "198.51.100.9"}
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
        ) as client:
            return (await client.get("/", headers=headers)).json()

    assert asyncio.run(ask()) == seen


def test_a_forged_scheme_makes_no_secure_cookie(stage):
    """A browser on http would never send it back; the service believes its own proxy alone."""
    forged = {"X-Forwarded-For": "198.51.100.1, 203.0.113.5", "X-Forwarded-Proto": "https, http"}
    with httpx.Client(base_url=stage.url) as client:
        assert "Secure" not in client.get("", headers=forged).headers["set-cookie"]
