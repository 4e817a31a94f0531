"""Messages between the judge and the processes that start processes."""

from __future__ import annotations

import os
import socket
import threading
import time

import pytest

from autograder.inside.process import control


@pytest.fixture
def pair():
    left, right = socket.socketpair()
    with left, right:
        yield left, right


def test_message_with_body_and_descriptors(pair) -> None:
    """A header, raw bytes and open files arrive as they were sent."""
    left, right = pair
    with open(os.devnull) as file:
        control.send(left, {"do": "spawn"}, b"\0raw", fds=[file.fileno(), file.fileno()])
    message = control.receive(right, 1.0)
    assert message is not None
    assert (message.header, message.body, len(message.fds)) == ({"do": "spawn"}, b"\0raw", 2)
    for fd in message.fds:
        assert os.path.sameopenfile(fd, fd)
        assert not os.get_inheritable(fd)
        os.close(fd)


def test_large_message(pair) -> None:
    """A message larger than the socket's buffer arrives whole."""
    left, right = pair
    body = os.urandom(5 << 20)
    sender = threading.Thread(target=control.send, args=(left, {}, body))
    sender.start()
    message = control.receive(right, 10.0)
    sender.join()
    assert message is not None
    assert message.body == body


def test_the_other_side_closed(pair) -> None:
    """None is the end of a conversation, also in the middle of a message."""
    left, right = pair
    left.sendall(b"\0\0\0\x05\0\0\0\0ab")
    left.close()
    assert control.receive(right, 1.0) is None


def test_deadline_of_the_whole_message(pair) -> None:
    """Bytes that trickle do not put off the deadline."""
    left, right = pair
    stop = threading.Event()

    def trickle() -> None:
        left.sendall(b"\0\0\x01\0\0\0\0\0")
        while not stop.wait(0.05):
            left.sendall(b" ")

    thread = threading.Thread(target=trickle)
    thread.start()
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        control.receive(right, 0.3)
    stop.set()
    thread.join()
    assert time.monotonic() - start < 2


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xff" * 8, "bytes came, at most"),
        (b"\0\0\0\x02\0\0\0\0[]", "expected an object"),
        (b"\0\0\0\x02\0\0\0\0{x", "property name"),
    ],
)
def test_no_message(pair, data: bytes, words: str) -> None:
    """What is no message is an error, not a guess."""
    left, right = pair
    left.sendall(data)
    with pytest.raises(ValueError, match=words):
        control.receive(right, 1.0)
