"""Connections that say nothing, or say it too slowly, are closed; and there is room for many of them.

uvicorn waits for a request's first lines as long as its sender likes. Bodies have a clock of their own
(``bodies.py``), and so has the pause between two requests (``KEEP_ALIVE``).
"""

from __future__ import annotations

import asyncio
import resource

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 20.0  # from the opening of a connection, or a request's first byte, to the end of its header

MANY = 16_384  # open files


class PatientProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, in pure Python, which bounds headers to 64 KiB; with patience that ends."""

    seconds = HEADER_SECONDS
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Wait for the rest of a header that has begun."""
        before = self.cycle
        if self._idle() and self._timer is None:
            self._wait()
        super().data_received(data)
        if self.cycle is not before:
            self._stop_waiting()

    def _idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _wait(self) -> None:
        self._timer = self.loop.call_later(self.seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        if self._idle() and not self.transport.is_closing():
            self.transport.close()


def open_many_files() -> None:
    """Let this process have as many connections as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MANY if hard == resource.RLIM_INFINITY else min(hard, MANY)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
