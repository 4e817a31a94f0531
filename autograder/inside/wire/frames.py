"""Frames: two lengths, a JSON header and raw buffers, read with bounds on all of them."""

from __future__ import annotations

import json
import socket
import struct
import time
from typing import Any

from .references import WireError

VERSION = 1
MAX_HEADER = 8 << 20  # bytes of JSON
READ_HEADER = 16  # bytes of objects that one byte of JSON becomes, about
ALIGNED = 8  # header and buffers are padded to multiples of this, so that arrays lie on full words
SMALL = 1 << 16  # bytes that are read at once
JOINED = 1 << 20  # bytes of buffers that are copied into one: cheaper than a system call for each
_LENGTHS = struct.Struct(">II")
_SPACES = [b" " * gap for gap in range(ALIGNED)]
_ZEROS = [bytes(gap) for gap in range(ALIGNED)]


def send(
    sock: socket.socket, header: dict[str, Any], buffers: list[Any], deadline: float | None = None
) -> None:
    """Write one frame; ``deadline`` is a time of ``time.monotonic``.

    Raises:
        TimeoutError: the other side does not read.
        OSError: the other side is gone.
    """
    for part in _parts(header, buffers):
        _set_timeout(sock, deadline)
        sock.sendall(part)


def frame_of(header: dict[str, Any], buffers: list[Any]) -> bytes:
    """The bytes of one frame, to be sent more than once."""
    return b"".join(_parts(header, buffers))


def send_bytes(sock: socket.socket, frame: bytes, deadline: float | None = None) -> None:
    """Write a frame whose bytes exist already; raises what ``send`` raises."""
    _set_timeout(sock, deadline)
    sock.sendall(frame)


def _parts(header: dict[str, Any], buffers: list[Any]) -> list[Any]:
    """The pieces of a frame in order."""
    sizes = [memoryview(buffer).nbytes for buffer in buffers]
    header["z"] = sizes
    text = _ENCODE(header).encode()
    parts: list[Any] = [text, _SPACES[-len(text) % ALIGNED]]
    total = 0
    for buffer, size in zip(buffers, sizes, strict=True):
        gap = -size % ALIGNED
        total += size + gap
        parts += (buffer, _ZEROS[gap]) if gap else (buffer,)
    parts.insert(0, _LENGTHS.pack(len(text) + -len(text) % ALIGNED, total))
    return [b"".join(parts)] if total <= JOINED else parts


def receive(
    sock: socket.socket, max_bytes: int, deadline: float | None = None
) -> tuple[dict[str, Any], list[memoryview]]:
    """Read one frame.

    Raises:
        EOFError: the other side closed its end.
        TimeoutError: nothing complete came before the deadline.
        WireError: the frame is too large or malformed.
    """
    frames = Frames(sock, max_bytes)
    frame = frames.receive(deadline)
    frames.end()
    return frame


class Frames:
    """Frames that follow each other: the other side does not wait for an answer to each."""

    def __init__(self, sock: socket.socket, max_bytes: int) -> None:
        self._sock = sock
        self._max_bytes = max_bytes
        self._rest = bytearray()  # what came after the last frame
        self.size = 0  # bytes that the last frame takes when it is read

    def receive(self, deadline: float | None = None) -> tuple[dict[str, Any], list[memoryview]]:
        """The next frame; raises what ``wire.receive`` raises."""
        data, self._rest = self._rest, bytearray()
        while len(data) < _LENGTHS.size:
            data += _some(self._sock, deadline)
        header_size, buffer_size = _LENGTHS.unpack_from(data)
        if header_size > MAX_HEADER or buffer_size > self._max_bytes:
            came = header_size + buffer_size
            raise WireError(f"a frame of {came} bytes; at most {self._max_bytes} are allowed")
        size = _LENGTHS.size + header_size + buffer_size
        self.size = READ_HEADER * header_size + buffer_size
        if len(data) > size:
            data, self._rest = data[:size], data[size:]
        return _read(memoryview(_whole(self._sock, data, size, deadline)), header_size)

    def end(self) -> None:
        """The last frame was received.

        Raises:
            WireError: more came.
        """
        if self._rest:
            raise WireError("more came than one frame")


def _read(frame: memoryview, header_size: int) -> tuple[dict[str, Any], list[memoryview]]:
    body = frame[_LENGTHS.size + header_size :]
    text = frame[_LENGTHS.size : _LENGTHS.size + header_size]
    try:
        header = _DECODE(str(text, "utf-8"))
    except (ValueError, RecursionError) as error:
        raise WireError(f"the header is no JSON: {error}") from error
    if not isinstance(header, dict):
        raise WireError("the header is no object")
    return header, _cut(body, header.pop("z", []))


def _set_timeout(sock: socket.socket, deadline: float | None) -> None:
    if deadline is None:
        if sock.gettimeout() is not None:
            sock.settimeout(None)
        return
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    sock.settimeout(left)


def _some(sock: socket.socket, deadline: float | None) -> bytearray:
    """What has come; most frames come whole."""
    _set_timeout(sock, deadline)
    data = sock.recv(SMALL)
    if not data:
        raise EOFError("the other side closed the connection")
    return bytearray(data)


def _whole(sock: socket.socket, data: bytearray, size: int, deadline: float | None) -> bytearray:
    """The frame of ``size`` bytes that ``data`` begins."""
    done = len(data)
    if done == size:
        return data
    frame = bytearray(size)
    frame[:done] = data
    view = memoryview(frame)
    while done < size:
        _set_timeout(sock, deadline)
        count = sock.recv_into(view[done:])
        if count == 0:
            raise EOFError("the other side closed the connection")
        done += count
    return frame


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


# Made once: json.dumps and json.loads make theirs anew for every frame. Nodes come from a packer, which
# bounds their depth: none holds itself.
_ENCODE = json.JSONEncoder(allow_nan=False, check_circular=False).encode


_DECODE = json.JSONDecoder(parse_constant=_refuse_constant).decode


def _cut(body: memoryview, sizes: Any) -> list[memoryview]:
    if not isinstance(sizes, list):
        raise WireError("the lengths of the buffers are no list")
    pieces, start = [], 0
    for size in sizes:
        if type(size) is not int or size < 0:
            raise WireError("the length of a buffer is no size")
        pieces.append(body[start : start + size])
        start += size + -size % ALIGNED
    if start != len(body):
        raise WireError(f"the buffers have {len(body)} bytes, announced were {start}")
    return pieces
