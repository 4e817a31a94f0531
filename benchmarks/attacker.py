"""One student who tries to exhaust the exchange: memory, processor, disk, queue, tokens, connections.

``python -m benchmarks.attacker URL TOKEN SECONDS`` does all of it at once, as fast as it is let, and prints
how often each was tried, and how often it was answered by what status, as JSON. ``benchmarks.deadline
--attacked`` runs it beside a class. The token is that of a student of the course; the login that the disk
needs is the stand-in's.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import re
import secrets
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from autograder.course import load_course

UNIT = "conv_layer"
MIB = 2**20
SLOW = (
    "import time\nfor _attempt in range(10**9):\n    time.sleep(0.01)\n    conv2d_forward.number = {number}\n"
)


class Attacker:
    """What one student tries; each method is one try and returns a status, or what became of it."""

    def __init__(self, url: str, token: str, notebook: dict[str, object]) -> None:
        headers = {"Authorization": f"token {token}"}
        self.client = httpx.AsyncClient(base_url=url, headers=headers, timeout=120)
        self.browser = httpx.AsyncClient(base_url=url, follow_redirects=True, timeout=120)
        self.address, self.notebook, self.attempt = urlsplit(url), notebook, ""

    async def memory(self) -> object:
        """A body of 48 MiB that holds millions of small values."""
        return await self._submit(_many_values())

    async def processor(self) -> object:
        """Look at one's own attempt, and at all of them, again and again."""
        paths = ["", f"units/{UNIT}", f"attempts/{self.attempt}", f"api/units/{UNIT}/attempts"]
        path = random.choice([path for path in paths if not path.endswith("/")])
        client = self.client if path.startswith("api/") else self.browser
        return (await client.get(path)).status_code

    async def disk(self) -> object:
        """Look at 8 MiB of noise that is never handed in."""
        page = await self.browser.get(f"units/{UNIT}")
        word = re.search(r'name="word" value="([0-9a-f]+)"', page.text)
        if word is None:
            return page.status_code
        noise = {"files": (f"{UNIT}.ipynb", os.urandom(8 * MIB), "application/octet-stream")}
        look = await self.browser.post(f"units/{UNIT}/look", data={"word": word[1]}, files=noise)
        return look.status_code

    async def queue(self) -> object:
        """Hand in one more attempt that takes as long as it may."""
        cells = [*self.notebook["cells"]]  # type: ignore[misc]
        cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
        cells.append(cell | {"source": SLOW.format(number=secrets.randbits(60))})
        content = json.dumps(self.notebook | {"cells": cells}).encode()
        packed = [{"path": f"{UNIT}.ipynb", "content": base64.b64encode(content).decode()}]
        answer = await self.client.post(f"api/units/{UNIT}/attempts", json={"files": packed})
        if answer.status_code == 201:
            self.attempt = answer.json()["id"]
        return answer.status_code

    async def tokens(self) -> object:
        """Ask with a token that nobody has."""
        made_up = {"Authorization": f"token {secrets.token_hex(16)}"}
        return (await self.client.get("api/me", headers=made_up)).status_code

    async def connections(self) -> object:
        """Open a connection and say its header a letter at a time."""
        _, writer = await asyncio.open_connection(self.address.hostname, self.address.port)
        try:
            for letter in b"GET /services/exchange/ HTTP/1.1\r\n" + b"x" * 600:
                writer.write(bytes([letter]))
                await writer.drain()
                await asyncio.sleep(1.0)
            return "kept"
        except OSError:
            return "closed"
        finally:
            writer.close()

    async def _submit(self, body: AsyncIterator[bytes]) -> object:
        answer = await self.client.post(f"api/units/{UNIT}/attempts", content=body)
        return answer.status_code


KINDS: dict[str, tuple[Callable[[Attacker], Awaitable[object]], int, float]] = {
    # how many at a time, and seconds between two tries of each
    "memory": (Attacker.memory, 2, 1.0),
    "processor": (Attacker.processor, 8, 0.05),
    "disk": (Attacker.disk, 2, 1.0),
    "queue": (Attacker.queue, 2, 0.5),
    "tokens": (Attacker.tokens, 8, 0.02),
    "connections": (Attacker.connections, 100, 1.0),
}


async def attack(url: str, token: str, seconds: float, root: Path) -> dict[str, dict[str, int]]:
    """Try everything at once for so long; how often what was answered, by kind."""
    notebook = json.loads(load_course(root).unit(UNIT).released_notebook.read_text())
    attacker = Attacker(url, token, notebook)
    await attacker.browser.get("")  # logs in
    await attacker.queue()
    told: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    ends = time.monotonic() + seconds
    tries = [
        _over_and_over(attacker, kind, ends, told[kind])
        for kind, (_, n, _) in KINDS.items()
        for _ in range(n)
    ]
    await asyncio.wait([asyncio.create_task(each) for each in tries], timeout=seconds + 5)
    return {kind: dict(sorted(counts.items())) for kind, counts in told.items()}


async def _over_and_over(attacker: Attacker, kind: str, ends: float, counts: Counter[str]) -> None:
    once, _, pause = KINDS[kind]
    while time.monotonic() < ends:
        try:
            counts[str(await once(attacker))] += 1
        except (httpx.HTTPError, OSError) as error:
            counts[type(error).__name__] += 1
        await asyncio.sleep(pause)


async def _many_values() -> AsyncIterator[bytes]:
    yield b'{"files": ['
    for _ in range(47):
        yield b"{},[]," * (MIB // 6)
    yield b"{}]}"


def main() -> None:
    """Command line; runs behind all that is honest on this machine."""
    os.nice(10)
    url, token, seconds = sys.argv[1:4]
    told = asyncio.run(attack(url, token, float(seconds), Path(__file__).parents[1]))
    print(json.dumps(told))


if __name__ == "__main__":
    main()
