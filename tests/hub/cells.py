"""What a cell prints that is run through a server, as JupyterLab runs it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from uuid import uuid4

from tornado.httpclient import HTTPRequest

from tests.hub.websockets import websocket

SECONDS = 120.0


def run_cell(address: str, headers: Mapping[str, str], code: str) -> str:
    """What a cell prints.

    Args:
        address: of the kernel's channels, ``ws://...``.
        headers: of the request, with its owner's token.
        code: of the cell.
    """
    return asyncio.run(_run(address, headers, code))


async def _run(address: str, headers: Mapping[str, str], code: str) -> str:
    head = {"msg_id": uuid4().hex, "msg_type": "execute_request", "session": uuid4().hex, "username": "",
            "version": "5.3"}  # fmt: skip
    content = {"code": code, "silent": False, "store_history": True, "user_expressions": {},
               "allow_stdin": False, "stop_on_error": True}  # fmt: skip
    request = {"header": head, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    printed: list[str] = []
    async with websocket(HTTPRequest(address, headers=dict(headers), connect_timeout=60)) as connection:
        await connection.write_message(json.dumps(request))
        while True:
            text = await asyncio.wait_for(connection.read_message(), SECONDS)
            assert text is not None, "the kernel's connection ended"
            message = json.loads(text)
            if message["parent_header"].get("msg_id") != head["msg_id"]:
                continue
            if message["msg_type"] in ("stream", "error"):
                printed.append(message["content"].get("text") or "\n".join(message["content"]["traceback"]))
            if message["msg_type"] == "execute_reply":
                return "".join(printed)
