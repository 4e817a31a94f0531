"""What a student's process may write: it becomes replies, or is no answer; the judge goes on."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autograder.inside import wire
from autograder.student.claims.texts import StudentText
from autograder.student.links import Allowance, SocketLink
from autograder.student.scripts import Script, answer_of

from .bounds import bounded, fuzzed
from .strategies import DEEP, json_bytes, odd_values, spoilt, spoilt_bytes

THREE_STEPS = Script(0, [{"k": "call", "o": {"m": "f"}}] * 3, [0] * 3, [])
TEXT = StudentText({1: "import numpy as np\ndef f(x):\n    return x + y"}, ("cupy",), ("f",))
NO_ANSWER = (wire.WireError, TimeoutError, EOFError, OSError)
NO_REPLY = (
    wire.WireError,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
)  # as student/session.py takes them
MOST = 1 << 20  # bytes of one reply
NAN = struct.pack(">II", 8, 0) + b'{"k":1} '
VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        3,
        -1.5,
        "text",
        b"bytes",
        [1, [2]],
        (1, 2),
        {"a": [1], 2: (3,)},
        slice(1, None, 2),
        1 + 2j,
        ...,
    ),
    *(
        np.arange(6.0).reshape(2, 3),
        np.zeros((0, 3), np.float32),
        np.arange(8)[::2],
        np.float32(1.5),
        1 << 5000,
    ),
    *(np.asfortranarray(np.ones((3, 4))), np.random.default_rng(0), float("nan"), np.bool_(True)),
)
ERROR = {
    **{"k": "error", "class": "NameError", "bases": ["Exception"], "message": "name 'y' is not defined"},
    "line": {"cell": "cell 1", "line": 3, "text": "return x + y"},
}


def _value(value: Any) -> tuple[dict[str, Any], list[bytes]]:
    packer = wire.Packer()
    node = packer.pack(value)
    return json.loads(json.dumps({"k": "value", "v": node})), [
        memoryview(b).tobytes() for b in packer.buffers
    ]


REPLIES = [*map(_value, VALUES), (ERROR, []), ({"k": "unmade"}, []), ({"k": "value", "v": {"h": "f"}}, [])]


def _some(*replies: tuple[dict[str, Any], list[bytes]]) -> tuple[dict[str, Any], list[bytes]]:
    """A frame with several replies."""
    header = {"k": "some", "replies": [[reply, len(buffers)] for reply, buffers in replies]}
    return header, [buffer for _, buffers in replies for buffer in buffers]


FRAMES = [bytes(wire.frame_of(*_some(reply))) for reply in REPLIES]
FRAMES += [bytes(wire.frame_of({"k": "callback", "id": 0, "a": [1], "w": {}}, [])), b"\xff" * 16, NAN]


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """A frame whose header is spoilt and whose lengths may lie."""
    replies = draw(st.lists(st.sampled_from(REPLIES), min_size=1, max_size=3))
    header, buffers = _some(*replies)
    header["z"] = [len(buffer) for buffer in buffers]
    text = draw(json_bytes(header))
    text += b" " * (-len(text) % 8)
    body = b"".join(buffer + bytes(-len(buffer) % 8) for buffer in buffers)
    sizes = draw(st.just((len(text), len(body))) | st.tuples(*[st.sampled_from((0, 7, MOST, 2**32 - 1))] * 2))
    return struct.pack(">II", *sizes) + text + body


def _answers(content: bytes) -> None:
    """Read what came as the judge does, with a process that then goes away."""
    ours, theirs = socket.socketpair()
    with ours:
        writer = threading.Thread(target=_write, args=(theirs, content))
        writer.start()
        try:
            link = SocketLink(ours, MOST, TEXT, Allowance(4 * MOST))
            for reply in link.run([THREE_STEPS], time.monotonic() + 30, 30.0, _refuse):
                _read(reply)
        finally:
            ours.shutdown(socket.SHUT_RDWR)
            writer.join()


def _write(sock: socket.socket, content: bytes) -> None:
    with sock, contextlib.suppress(OSError):  # the judge has heard enough
        sock.sendall(content)
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(1 << 16):
            pass


def _read(reply: tuple[dict[str, Any], list[memoryview]]) -> None:
    try:
        answer = answer_of(reply)
    except NO_REPLY:
        return
    if answer.claim is not None:
        assert isinstance(answer.claim["message"], str)


def _refuse(message: dict[str, Any], buffers: list[memoryview]) -> Any:
    raise wire.WireError("nothing was lent")


@fuzzed()
@given(spoilt_bytes(FRAMES))
@example(b"")
@example(struct.pack(">II", 2**32 - 1, 0))
def test_any_bytes_are_replies_or_no_answer(content):
    """Frames that are cut, joined or changed anywhere."""
    with bounded(*NO_ANSWER):
        _answers(content)


@fuzzed()
@given(frames())
def test_any_header_is_replies_or_no_answer(content):
    """Frames that are well formed as far as they can be, with anything in them."""
    with bounded(*NO_ANSWER):
        _answers(content)


@fuzzed()
@given(st.sampled_from(REPLIES).flatmap(lambda reply: st.tuples(spoilt(reply[0]), st.just(reply[1]))))
@example(({"k": "value", "v": {"f": []}}, []))
@example(({"k": "value", "v": {"n": ["float64", "zz"]}}, []))
def test_any_node_is_a_value_or_malformed(reply):
    """The decoder by itself: a wire error, and no other."""
    header, buffers = reply
    if not isinstance(header, dict) or "v" not in header:
        return
    with bounded(wire.WireError):
        wire.Unpacker([memoryview(bytearray(buffer)) for buffer in buffers]).unpack(header["v"])


@fuzzed()
@given(spoilt(ERROR) | odd_values)
def test_no_claim_about_an_exception_stops_the_judge(claim):
    """Whatever a process says of its exceptions; what is repeated of it stands in the submission."""
    if not isinstance(claim, dict):
        return
    with bounded():
        said = TEXT.believable({**claim, "k": "error"})
        assert said["line"] is None or said["line"]["text"] in (
            "import numpy as np",
            "def f(x):",
            "return x + y",
        )


@pytest.mark.parametrize("closed", [True, False])
def test_a_deep_header_is_no_answer(closed):
    """Nesting deeper than Python recurses."""
    text = b'{"k":"some","replies":' + b"[" * DEEP * 30 + (b"]" * DEEP * 30 + b"}" if closed else b"")
    text += b" " * (-len(text) % 8)
    with pytest.raises(wire.WireError):
        _answers(struct.pack(">II", len(text), 0) + text)
