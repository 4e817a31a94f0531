"""The host: the scripts of one frame are carried out in order, with one reply for each step."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograder.inside import host as hosts
from autograder.inside.host import Host
from autograder.inside.wire import SMALL, NameRef, Packer, PartRef, Unpacker

SOURCE = """
import numpy as np
BUFFER = np.zeros(3)

def double(x): return 2 * x
def fails(x): raise KeyError(x)
def pair(x): return x, {"x": x}
def reused(x):
    BUFFER[:] = x
    return BUFFER
def spoil(x):
    x[:] = 0
    return x
def large(x): return np.full(20_000, x)
def nested(x): return [[x], (x, [x])]
def calls(f): return f(3.0)
def power(x): return 2**x
def ends(x): raise SystemExit(x)
"""


@pytest.fixture
def host() -> Host:
    return host_of()


def host_of(caps: dict[str, int] | None = None, exchange: Any = None) -> Host:
    namespace: dict[str, Any] = {}
    exec(SOURCE, namespace)
    return Host(namespace, exchange or (lambda header, buffers: pytest.fail("nothing is lent")), caps or {})


def call(name: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """A step as it crosses, with its buffers under "buffers"."""
    packer = Packer()
    step = {"k": "call", "o": packer.pack(NameRef(name)), "a": [packer.pack(arg) for arg in args]}
    step["w"] = {key: packer.pack(value) for key, value in kwargs.items()}
    return {**step, "buffers": packer.buffers}


def step(kind: str, **more: Any) -> dict[str, Any]:
    return {"k": kind, **more, "buffers": []}


def frame(*scripts: tuple[int, list[dict[str, Any]]], on: Any = None, sources: Any = ()) -> tuple[Any, list]:
    told, buffers = [], []
    for first, steps in scripts:
        counts = [len(each["buffers"]) for each in steps]
        buffers += [buffer for each in steps for buffer in each["buffers"]]
        plain = [{key: value for key, value in each.items() if key != "buffers"} for each in steps]
        told.append({"n": first, "s": plain, "b": counts, **({"on": on} if on else {})})
    views = [memoryview(bytearray(memoryview(buffer).cast("B"))) for buffer in buffers]
    return {"k": "run", "scripts": told, "sources": list(sources)}, views


def replies(host: Host, *scripts: tuple[int, list[dict[str, Any]]], **more: Any) -> list[Any]:
    """Each reply's value, or its header where it is none."""
    found: list[Any] = []
    for header, parts in host.answer(*frame(*scripts, **more)):
        assert header["k"] == "some"
        rest = [memoryview(bytearray(memoryview(part).cast("B"))) for part in parts]
        for reply, count in header["replies"]:
            own, rest = rest[:count], rest[count:]
            found.append(Unpacker(own).unpack(reply["v"]) if reply["k"] == "value" else reply)
        assert rest == []
    return found


def frames(host: Host, *scripts: tuple[int, list[dict[str, Any]]]) -> Iterator[Any]:
    return host.answer(*frame(*scripts))


def test_one_reply_for_each_step_in_order(host):
    """Of all scripts in the frame."""
    first = (0, [call("double", 1), call("double", 2.5)])
    second = (0, [call("double", np.ones(2))])
    came = replies(host, first, second)
    assert came[:2] == [2, 5.0]
    np.testing.assert_array_equal(came[2], [2.0, 2.0])


def test_steps_go_on_after_an_exception(host):
    """What does not need it is carried out; what does says that it was not made."""
    came = replies(
        host,
        (0, [call("fails", 1), call("double", 4), call("double", PartRef(0)), call("double", PartRef(1))]),
    )
    assert (came[0]["k"], came[0]["class"]) == ("error", "KeyError")
    assert came[1:] == [8, {"k": "unmade"}, 16]


def test_an_entry_that_is_not_there_is_not_made(host):
    """Nor is what needs it, and neither is an exception of the student's."""
    came = replies(
        host,
        (0, [call("double", 1), call("double", PartRef(0, (0,), (2,))), call("double", PartRef(1))]),
    )
    assert came == [2, {"k": "unmade"}, {"k": "unmade"}]


@pytest.mark.parametrize("name", ["ends", "undefined"])
def test_whatever_is_raised_is_a_reply(host, name):
    """An exit and a missing name are told like any exception; the last is our own."""
    (came,) = replies(host, (0, [call(name, 1)]))
    assert came["k"] == "error"
    assert came["class"] == ("SystemExit" if name == "ends" else "NameMissing")
    assert came["ours"] is (name == "undefined")


def test_a_script_that_goes_on_finds_what_it_made(host):
    """Only the first step of all begins a check anew."""
    assert replies(host, (0, [call("double", 3)])) == [6]
    assert replies(host, (1, [call("double", PartRef(0))])) == [12]
    assert replies(host, (0, [call("double", 1)]), (1, [call("double", PartRef(0))])) == [2, 4]
    assert replies(host, (0, [call("double", PartRef(0))])) == [{"k": "unmade"}]
    assert replies(host, (0, [call("double", PartRef(7))])) == [{"k": "unmade"}]


def test_what_is_returned_stays_as_it_was(host):
    """Also where the next step of the same frame writes into the same memory."""
    came = replies(host, (0, [call("reused", 1.0), call("reused", 2.0), call("reused", 3.0)]))
    assert [list(each) for each in came] == [[1.0] * 3, [2.0] * 3, [3.0] * 3]


def test_arguments_are_the_calls_own(host):
    """A step that writes into its argument spoils neither an earlier answer nor a later argument."""
    came = replies(
        host,
        (0, [call("double", np.ones(2)), *[call("spoil", PartRef(0))] * 2, call("double", PartRef(0))]),
    )
    assert [list(each) for each in came] == [[2.0, 2.0], [0.0, 0.0], [0.0, 0.0], [4.0, 4.0]]


def test_the_outermost_container_comes_by_value(host):
    """What lies deeper is told by the name of its type, unless the step asks for all."""
    came = replies(
        host,
        (0, [call("pair", 1), call("nested", 1), step("value", o={"p": [1, [], []]})]),
    )
    assert came[0][0] == 1 and came[0][1].name == "dict"
    assert [each.name for each in came[1]] == ["list", "tuple"]
    assert came[2] == [[1], (1, [1])]


def test_functions_of_the_grader_are_told_by_number(host):
    """Their text crosses once for all scripts of a frame."""
    beside = step("beside", a=[0, 5], n="twice")
    source = "def twice(x):\n    return 2 * x\n"
    assert replies(host, (0, [beside, beside]), sources=[source]) == [10, 10]


def test_stand_ins_are_there_for_one_check(host):
    """The script that begins with them; the next one finds the notebook's own."""
    asked = []

    def exchange(header: dict[str, Any], buffers: list[Any]) -> Any:
        asked.append(header["a"])
        return {"k": "answer", "v": 70}, []

    host = host_of(exchange=exchange)
    on = {"double": {"c": [1, None, []]}}
    assert replies(host, (0, [call("double", 1)]), (1, [call("double", 2)]), on=on) == [70, 70]
    assert asked == [[1], [2]]
    assert replies(host, (0, [call("double", 1)])) == [2]
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("kind", "raised"), [("ValueError", "ValueError"), ("KeyError", "KeyError"), ("OSError", "RuntimeError")]
)
def test_what_a_stand_in_raises_can_be_caught(kind, raised):
    """By its class where student code may reasonably catch it; its message stays in the judge."""
    host = host_of(exchange=lambda header, buffers: ({"k": "raised", "class": kind}, []))
    (came,) = replies(host, (0, [call("double", 1)]), on={"double": {"c": [1, None, []]}})
    assert (came["k"], came["class"], came["ours"]) == ("error", raised, False)


def test_what_the_judge_s_function_fails_with_is_ours():
    """The judge knows it when it comes back."""
    host = host_of(exchange=lambda header, buffers: ({"k": "failed", "message": "x must be 3"}, []))
    lent = {"k": "call", "o": {"m": "calls"}, "a": [{"c": [1, None, []]}], "buffers": []}
    (came,) = replies(host, (0, [lent]))
    assert (came["class"], came["ours"]) == ("LentFunctionFailed", True)


# --- frames ---


def test_quick_replies_go_out_together(host, monkeypatch):
    """Each crossing costs two switches between processes."""
    monkeypatch.setattr(hosts.time, "monotonic", lambda: 0.0)
    assert len(list(frames(host, (0, [call("double", 1)] * 50), (0, [call("double", 1)] * 50)))) == 1


def test_a_large_reply_is_not_kept(host):
    """It goes out before the next step is carried out."""
    came = list(frames(host, (0, [call("large", 1.0)] * 3)))
    assert [len(header["replies"]) for header, _ in came] == [1, 1, 1]
    assert memoryview(came[0][1][0]).nbytes > SMALL


def test_a_slow_reply_is_not_kept(host, monkeypatch):
    """The judge need not wait for what is there."""
    now = [0.0]
    monkeypatch.setattr(hosts.time, "monotonic", lambda: now[0])
    found = []
    for header, _ in frames(host, (0, [call("double", 1)] * 3)):
        found.append(len(header["replies"]))
        now[0] += 2 * hosts.QUICKLY
    assert sum(found) == 3
    assert time.monotonic() == now[0]


def test_too_large_a_reply_is_an_exception():
    """The limit is told to the code that exceeds it, and the next step goes on."""
    host = host_of({"reply_bytes": 1000})
    came = replies(host, (0, [call("large", 1.0), call("double", 1)]))
    assert (came[0]["class"], came[1]) == ("MemoryError", 2)


def test_what_cannot_cross_is_an_exception(host):
    """A number of more bits than any has, say; the script goes on."""
    came = replies(host, (0, [call("power", 9000), call("double", 1)]))
    assert (came[0]["k"], came[0]["class"], came[1]) == ("error", "Unsendable", 2)
