"""Messages between the judge and the processes that start processes.

A message is ``>II`` (length of the header, length of the body), a JSON object and
raw bytes; file descriptors travel with its first byte (SCM_RIGHTS). Student code
never holds an end of these sockets: a test process closes them before it loads
anything.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_LENGTHS = struct.Struct(">II")
LARGEST = 1 << 30  # bytes of one message


@dataclass(frozen=True)
class Message:
    """What one side said: an object, raw bytes and descriptors that the receiver now owns."""

    header: dict[str, Any]
    body: bytes = b""
    fds: tuple[int, ...] = ()


def send(
    sock: socket.socket,
    header: dict[str, Any],
    body: bytes = b"",
    fds: Sequence[int] = (),
    seconds: float | None = None,
) -> None:
    """Send one message, in at most ``seconds``.

    Raises:
        OSError: the other side is gone (BrokenPipeError) or does not read (TimeoutError).
    """
    sock.settimeout(seconds)
    text = json.dumps(header).encode()
    data = memoryview(_LENGTHS.pack(len(text), len(body)) + text + body)
    sent = socket.send_fds(sock, [data], fds) if fds else 0
    sock.sendall(data[sent:])


def receive(sock: socket.socket, seconds: float | None = None, most_fds: int = 2) -> Message | None:
    """The next message, or None where the other side has closed.

    Raises:
        TimeoutError: the whole message did not come within ``seconds``.
        ValueError: what came is no message.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    _wait_until(sock, deadline)
    first, fds, _flags, _address = socket.recv_fds(sock, _LENGTHS.size, most_fds)
    for fd in fds:
        os.set_inheritable(fd, False)
    start = first + _exactly(sock, _LENGTHS.size - len(first), deadline) if first else b""
    if len(start) < _LENGTHS.size:
        return None
    of_header, of_body = _LENGTHS.unpack(start)
    if of_header + of_body > LARGEST:
        raise ValueError(f"a message of {of_header + of_body} bytes came, at most {LARGEST} are taken")
    text = _exactly(sock, of_header, deadline)
    body = _exactly(sock, of_body, deadline)
    if len(text) < of_header or len(body) < of_body:
        return None
    header = json.loads(text)
    if not isinstance(header, dict):
        raise ValueError(f"a message's header is {type(header).__name__}, expected an object")
    return Message(header, body, tuple(fds))


def _exactly(sock: socket.socket, size: int, deadline: float | None) -> bytes:
    """``size`` bytes, or fewer where the other side closed."""
    data = bytearray(size)
    got = 0
    while got < size:
        _wait_until(sock, deadline)
        count = sock.recv_into(memoryview(data)[got:])
        if not count:
            break
        got += count
    return bytes(data[:got])


def _wait_until(sock: socket.socket, deadline: float | None) -> None:
    if deadline is None:
        sock.settimeout(None)
        return
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("no message in time")
    sock.settimeout(left)
