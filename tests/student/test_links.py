"""The judge's end of a connection: what a submission may send, all in all and in one frame."""

from __future__ import annotations

import math
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from autograder.inside import wire
from autograder.inside.host import serve
from autograder.student.links import Allowance, LoopbackLink, SocketLink
from autograder.student.scripts import Script, framed

ONE = {"k": "value", "v": 1}


def script(steps: int) -> Script:
    """A script of so many steps, whatever they are."""
    return Script(0, [{"k": "value", "o": {"m": "x"}}] * steps, [0] * steps, [])


def refuse(*message: Any) -> Any:
    raise wire.WireError("nothing was lent")


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The judge's end, and the other."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def asked(
    sock: socket.socket, steps: int = 1, seconds: float = 2.0, on_callback: Callable[..., Any] = refuse
) -> list[Any]:
    """The headers of the replies that a link yields."""
    link = SocketLink(sock, 1 << 20)
    run = link.run([script(steps)], time.monotonic() + seconds, seconds, on_callback)
    return [header for header, _ in run]


def some(*replies: Any) -> dict[str, Any]:
    return {"k": "some", "replies": list(replies)}


# --- all in all ---


def replies(allowance: Allowance, size: int) -> int:
    """How many replies with so many bytes are taken before that is too many."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        link = SocketLink(ours, size, None, allowance)
        for number in range(100):
            wire.send(theirs, some([{"k": "value", "v": {"b": 0}}, 1]), [bytes(size)])
            try:
                list(link.run([script(1)], time.monotonic() + 5, 5.0, refuse))
            except wire.WireError:
                return number
    return 100


def test_all_replies_together_are_bounded():
    """Each is within its own limit, and is kept until the submission is graded."""
    assert 3 <= replies(Allowance(50_000, math.inf), 10_000) <= 5


def test_the_allowance_is_the_submission_s():
    """A new process of the same submission has what is left."""
    allowance = Allowance(50_000)
    first = replies(allowance, 10_000)
    assert replies(allowance, 10_000) == 0 < first
    with pytest.raises(wire.WireError, match="all replies together"):
        allowance.spend(1)


def test_many_replies_end_with_the_submission_s_time(ends):
    """However slowly they come, each in its own time."""
    link = SocketLink(ends[0], 1 << 20, None, Allowance(1 << 20, time.monotonic() + 0.2))
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        list(link.run([script(1)], math.inf, 5.0, refuse))
    assert time.monotonic() - begun < 2


# --- one frame and several ---


def test_replies_come_in_order_however_they_are_framed(ends):
    """One frame for all, one for each, or something between."""
    for sizes in ((3,), (1, 1, 1), (2, 1)):
        numbers = iter(range(3))
        for size in sizes:
            wire.send(ends[1], some(*([{"k": "value", "v": next(numbers)}, 0] for _ in range(size))), [])
        assert [header["v"] for header in asked(ends[0], 3)] == [0, 1, 2]


def test_call_backs_between_replies_are_answered(ends):
    """What was lent is called while a step runs; its answer is no reply."""
    heard = []

    def answer(message: Any, buffers: Any) -> Any:
        heard.append(message["id"])
        return {"k": "answer", "v": 7}, []

    link = SocketLink(ends[0], 1 << 20)
    run = link.run([script(2)], time.monotonic() + 2, 2.0, answer)
    wire.send(ends[1], some([ONE, 0]), [])
    assert next(run)[0] == ONE
    wire.send(ends[1], {"k": "callback", "id": 4, "method": None, "a": [], "w": {}}, [])
    wire.receive(ends[1], 1 << 20)  # the script

    def reply() -> None:
        answered, _ = wire.receive(ends[1], 1 << 20)
        assert answered == {"k": "answer", "v": 7}
        wire.send(ends[1], some([ONE, 0]), [])

    other = threading.Thread(target=reply)
    other.start()
    assert [header for header, _ in run] == [ONE]
    other.join()
    assert heard == [4]


@pytest.mark.parametrize(
    "frame",
    [
        ONE,
        {"k": "some"},
        {"k": ["some"], "replies": [[ONE, 0]]},
        some(),
        {"k": "some", "replies": 5},
        some([ONE, -1]),
        some([ONE, 1]),
        some([ONE, True]),
        some([ONE]),
        some(ONE),
        some([ONE, 0], [ONE, 0]),
        some([[], 0]),
        {"k": "callback", "id": 1, "method": None, "a": [], "w": {}},
    ],
    ids=str,
)
def test_a_frame_that_is_no_reply(ends, frame):
    """More replies than steps, none, or of another form: nothing of it is believed."""
    wire.send(ends[1], frame, [])
    with pytest.raises(wire.WireError):
        asked(ends[0])


def test_buffers_that_belong_to_no_reply(ends):
    """All of a frame's buffers are somebody's."""
    wire.send(ends[1], some([ONE, 0]), [b"12345678"])
    with pytest.raises(wire.WireError, match="several replies with 0 buffers; 1 came"):
        asked(ends[0])


def test_more_than_was_asked_for(ends):
    """What comes with the last reply spoils it."""
    for _ in range(2):
        wire.send(ends[1], some([ONE, 0]), [])
    with pytest.raises(wire.WireError, match="more came than one frame"):
        asked(ends[0])


@pytest.fixture
def served(ends):
    """A process's end, with a namespace of one function that writes a frame of its own."""
    ours, theirs = ends

    def unasked():
        wire.send(theirs, some([ONE, 0]), [])
        time.sleep(0.2)  # the proper reply comes late

    functions = {"unasked": unasked, "ours": lambda: 1.0}
    thread = threading.Thread(target=serve, args=(theirs, lambda: (functions, {}), {}))
    thread.start()
    wire.receive(ours, 1 << 20)
    yield ours
    ours.shutdown(socket.SHUT_WR)
    thread.join()


def call_of(name: str) -> Script:
    return Script(0, [{"k": "call", "o": {"m": name}}], [0], [])


def test_what_came_unasked_is_noticed_before_the_next_check(served):
    """However late: it comes before the echo of a word that was not known then."""
    link = SocketLink(served, 1 << 20)
    assert link.settled()
    assert list(link.run([call_of("unasked")], time.monotonic() + 5, 5, refuse)) == [(ONE, [])]
    assert not link.settled()


def test_what_came_unasked_is_noticed_behind_a_frame(served):
    """The echo was asked for with the frame, and something stands before it."""
    link = SocketLink(served, 1 << 20)
    ours, unasked = (wire.frame_of(*framed([call_of(name)])) for name in ("ours", "unasked"))
    ((reply, _),) = link.run_frame(ours, 1, 5)
    assert reply["v"] == 1.0
    assert link.settled()
    with pytest.raises(wire.WireError, match="more came"):
        list(link.run_frame(unasked, 1, 5))


def test_an_echo_of_another_word_is_none(ends):
    """It was made up."""
    wire.send(ends[1], {"k": "echo", "word": "00"}, [])
    assert not SocketLink(ends[0], 1 << 20).settled()
    ends[1].close()
    assert not SocketLink(ends[0], 1 << 20).settled()


def test_an_end_keeps_what_came_before(ends):
    """Replies that were sent are yielded, then the end is told."""
    link = SocketLink(ends[0], 1 << 20)
    wire.send(ends[1], some([ONE, 0], [ONE, 0]), [])
    ends[1].shutdown(socket.SHUT_WR)
    came = []
    with pytest.raises(EOFError):
        came.extend(header for header, _ in link.run([script(3)], time.monotonic() + 2, 2.0, refuse))
    assert came == [ONE, ONE]


def test_trusted_code_stops_at_no_setting_of_ours():
    """A reference that overflows answers, also where something else in this process called ``np.seterr``."""
    link = LoopbackLink({"overflows": lambda: float(np.exp(np.float64(1000.0)))})
    with np.errstate(all="raise"):
        (reply,) = link.run([call_of("overflows")], time.monotonic() + 5, 5, refuse)
    assert reply[0]["k"] == "value"
