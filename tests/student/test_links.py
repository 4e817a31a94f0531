"""What a submission may send all in all."""

from __future__ import annotations

import math
import socket
import time

import pytest

from autograder.inside import wire
from autograder.student.links import Allowance, SocketLink


def replies(allowance: Allowance, size: int) -> int:
    """How many replies with so many bytes are taken before that is too many."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        link = SocketLink(ours, size, None, allowance)
        for number in range(100):
            wire.send(theirs, {"k": "value", "v": {"b": 0}}, [bytes(size)])
            try:
                link.request({"k": "value"}, [], time.monotonic() + 5, lambda *_: ({}, []))
            except wire.WireError:
                return number
    return 100


def test_all_replies_together_are_bounded():
    """Each is within its own limit, and is kept until the submission is graded."""
    assert 4 <= replies(Allowance(50_000, math.inf), 10_000) <= 5


def test_the_allowance_is_the_submission_s():
    """A new process of the same submission has what is left."""
    allowance = Allowance(50_000)
    first = replies(allowance, 10_000)
    assert replies(allowance, 10_000) == 0 < first
    with pytest.raises(wire.WireError, match="all replies together"):
        allowance.spend(1)


def test_many_replies_end_with_the_submission_s_time():
    """However slowly they come, each in its own time."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        link = SocketLink(ours, 1 << 20, None, Allowance(1 << 20, time.monotonic() + 0.2))
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            list(link.request_many([({"k": "value"}, [])], 5.0))
        assert time.monotonic() - begun < 2
