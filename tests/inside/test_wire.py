"""The codec: what crosses comes out the same, and nothing forged gets further than WireError."""

import contextlib
import json
import socket
import struct
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.inside import wire
from autograder.inside.objects import ANY
from autograder.inside.wire import (
    MAX_DEPTH,
    HandleRef,
    LentRef,
    MethodRef,
    NameRef,
    Packer,
    PartRef,
    RecordRef,
    Unpacker,
    Unsendable,
    WireError,
)
from autograder.inside.wire.references import MAX_ITEMS

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**5000), 2**5000)
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8"))
    | st.binary()
    | st.complex_numbers(allow_nan=False)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)
ARRAYS = hnp.arrays(
    st.sampled_from([np.dtype(name) for name in wire.DTYPES]),
    hnp.array_shapes(min_dims=0, min_side=0, max_side=4),
)


def through(value, resolve=None):
    """The value after a trip over a real socket."""
    left, right = socket.socketpair()
    with left, right:
        packer = Packer()
        header = {"v": packer.pack(value)}
        sender = threading.Thread(target=wire.send, args=(left, header, packer.buffers))
        sender.start()
        message, buffers = wire.receive(right, 1 << 26, time.monotonic() + 5)
        sender.join()
    return Unpacker(buffers, resolve).unpack(message["v"])


@settings(max_examples=150, deadline=None)
@given(VALUES)
def test_plain_values_come_out_equal_and_of_the_same_type(value):
    """None, numbers, text, bytes and their containers survive the trip."""
    result = through(value)
    assert result == value
    assert type(result) is type(value)


@settings(max_examples=150, deadline=None)
@given(ARRAYS, st.integers(0, 3))
def test_arrays_keep_values_dtype_shape_and_layout(array, kind):
    """Also transposed and strided views, whose order of axes in memory is kept."""
    view = [array, array.T, array[..., ::2] if array.ndim else array, np.asfortranarray(array)][kind]
    result = through(view)
    assert result.dtype == view.dtype
    np.testing.assert_array_equal(result, view)
    assert result.flags.c_contiguous == view.flags.c_contiguous or view.size <= 1 or 0 in view.shape
    assert result.flags.writeable


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), -float("inf"), np.float32(2.5), np.bool_(True), ...]
)
def test_special_scalars_cross(value):
    """NaN, infinities, NumPy scalars and the ellipsis."""
    result = through(value)
    assert type(result) is type(value)
    assert result is value or result == value or np.isnan(value)


def test_a_generator_travels_with_its_state():
    """The other side draws the same numbers."""
    rng = np.random.default_rng(7)
    rng.random(3)
    copy = through(rng)
    assert copy.random(4).tolist() == rng.random(4).tolist()


def test_tensors_keep_dtype_and_requires_grad():
    """A tensor arrives detached from any graph, with its flag."""
    import torch

    tensor = torch.arange(6.0, dtype=torch.float64).reshape(2, 3).requires_grad_()
    result = through((tensor * 1).detach().requires_grad_().T)
    assert result.requires_grad
    assert torch.equal(result, tensor.T)


REFERENCES = [
    NameRef("f"),
    PartRef(3),
    PartRef(3, (0, "dw"), (2, ANY)),
    MethodRef(NameRef("Adam"), "step"),
    MethodRef(MethodRef(PartRef(7, (1,), (3,)), "layer"), "forward"),
    LentRef(4),
    LentRef(4, ("step", "reset"), (("bonus", 10), ("name", "x"))),
]


@pytest.mark.parametrize("reference", REFERENCES, ids=repr)
def test_references_are_kept_as_references(reference):
    """Names, parts, methods and loans are numbers and texts; who receives them says what they stand for."""
    assert through([reference, {"x": (reference,)}], resolve=lambda met: met) == [
        reference,
        {"x": (reference,)},
    ]


@pytest.mark.parametrize("reference", REFERENCES, ids=repr)
@pytest.mark.parametrize(
    "around", [lambda r: r, lambda r: [r], lambda r: {"x": (1, r)}, lambda r: {2: [[r]]}]
)
def test_none_of_them_comes_to_the_judge(reference, around):
    """Resolved there, a name or an attribute of an attribute would lead to anything."""
    with pytest.raises(WireError, match=f"a {type(reference).__name__} where only values may come"):
        through(around(reference))


def test_the_judge_looks_up_no_attribute():
    """From any function a chain of attributes leads to its builtins, and to eval."""
    for owner in (1, {"h": "object"}, {"a": [0, "int8", [0], None, 1]}, {"A": [{"h": "x"}, "__eq__"]}):
        with pytest.raises(WireError):
            Unpacker([memoryview(b"")]).unpack({"A": [owner, "__class__"]})


def test_objects_are_told_by_the_name_of_their_type():
    """And named tuples by their items, too; both are claims."""
    assert Unpacker([]).unpack({"h": "Value"}) == HandleRef("Value")
    assert Unpacker([]).unpack({"h": "x" * 1000}) == HandleRef("x" * 80)
    record = Unpacker([]).unpack({"r": ["Pair", [1, {"h": "dict"}]]})
    assert record == RecordRef("Pair", (1, HandleRef("dict")))


FORGED_PARTS = [
    {"p": [-1, [], []]},
    {"p": [True, [], []]},
    {"p": [1.0, [], []]},
    {"p": ["1", [], []]},
    {"p": [{"p": [0, [], []]}, [], []]},
    {"p": [0, [0], []]},
    {"p": [0, [], [0]]},
    {"p": [0, "01", "22"]},
    {"p": [0, {"0": 1}, [1]]},
    {"p": [0, [0], [True]]},
    {"p": [0, [0], ["2"]]},
    {"p": [0, [0] * 25, [1] * 25]},
    {"p": [0, [0] * 1_000_000, [1] * 1_000_000]},
    {"p": [0]},
    {"p": 0},
    {"p": None},
    {"A": [{"m": 1}, "x"]},
    {"A": [{"m": "f"}, 1]},
    {"A": [{"m": "f"}, ["x"]]},
    {"A": [{"c": [1, None, []]}, "x"]},
    {"A": [{"h": "x"}, "x"]},
    {"A": [[1], "x"]},
    {"A": [{}, "x"]},
    {"A": [{"m": "f", "p": 1}, "x"]},
    {"A": "m"},
    {"c": [-1, None, []]},
    {"c": [0, 5, []]},
    {"c": [0, None, 7]},
    {"m": ["f"]},
    {"m": {"m": "f"}},
]


@pytest.mark.parametrize("node", FORGED_PARTS, ids=lambda node: str(node)[:60])
def test_forged_references_are_wire_errors(node):
    """On either side: nothing but whole, non-negative numbers, short paths and names."""
    for resolve in (None, lambda reference: reference):
        with pytest.raises(WireError):
            Unpacker([], resolve).unpack(node)


def test_a_million_references_are_refused():
    """Also where they are taken one by one."""
    met = []
    with pytest.raises(WireError, match="too many"):
        Unpacker([], met.append).unpack([{"p": [0, [], []]}] * 1_000_000)
    assert len(met) <= MAX_ITEMS


def test_methods_of_methods_have_an_end():
    """A chain as deep as values may be is taken, a deeper one is not."""
    node = {"m": "f"}
    for _ in range(MAX_DEPTH + 1):
        node = {"A": [node, "x"]}
    assert isinstance(Unpacker([], lambda reference: reference).unpack(node), MethodRef)
    for _ in range(5_000):
        node = {"A": [node, "x"]}
    with pytest.raises(WireError):
        Unpacker([], lambda reference: reference).unpack(node)


@pytest.mark.parametrize("value", [object(), np.array([object()]), {1, 2}, lambda: 0, np.array(["a"])])
def test_what_does_not_cross_by_value_is_refused(value):
    """There is no fallback to pickle."""
    with pytest.raises(Unsendable):
        Packer().pack(value)


@pytest.mark.parametrize(
    "node",
    [
        {"a": [0, "object", [1], None, 1]},
        {"a": [0, "float64", [10**9], None, 1]},
        {"a": [0, "float64", [-1], None, 1]},
        {"a": [0, "float64", [1], [0, 0], 1]},
        {"a": [0, "float64", [1], [0], 7]},
        {"a": [9, "float64", [1], None, 1]},
        {"g": {"d": [["bit_generator", "os"], ["state", 1]]}},
        {"n": ["float64", "zz"]},
        {"d": [[[1], 2]]},
        {"unknown": 1},
        {"t": 3},
        {"a": 1, "t": []},
        {},
        {"h": ["x", "y"]},
        {"i": "9" * 10},
        {"f": "1e5"},
    ],
)
def test_malformed_nodes_are_wire_errors(node):
    """Whatever a forged reply holds, decoding ends in a value or in WireError."""
    try:
        value = Unpacker([memoryview(bytearray(8))]).unpack(node)
    except WireError:
        return
    assert isinstance(value, int)


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from("tdifxbsenaTgGYmhcSzrpA"), inner, max_size=2)
        ),
        max_leaves=10,
    )
)
def test_random_nodes_never_raise_anything_else(node):
    """Fuzzed headers."""
    with contextlib.suppress(WireError):
        Unpacker([memoryview(bytearray(16))]).unpack(node)


def test_depth_and_items_are_bounded():
    """A bomb of lists is refused before it is built."""
    deep: list = []
    for _ in range(wire.MAX_DEPTH + 5):
        deep = [deep]
    with pytest.raises(WireError):
        Unpacker([]).unpack(deep)
    with pytest.raises(WireError):
        Unpacker([]).unpack([[None] * 1000] * 1000)


def receive_raw(data: bytes):
    left, right = socket.socketpair()
    with left, right:
        left.sendall(data)
        left.shutdown(socket.SHUT_WR)
        return wire.receive(right, 1 << 20, time.monotonic() + 2)


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">II", 2**31, 0),
        struct.pack(">II", 2, 2**31),
        struct.pack(">II", 2, 0) + b"{]",
        struct.pack(">II", 2, 0) + b"[]",
        struct.pack(">II", 9, 0) + b'{"z":[3]}',
        struct.pack(">II", 10, 0) + b'{"z":[-3]}',
        struct.pack(">II", 9, 0) + b'{"v":NaN}',
        struct.pack(">II", 200_000, 0) + b"[" * 200_000,
        struct.pack(">II", 2, 0) + b"\xff\xff",
    ],
)
def test_malformed_frames_are_wire_errors(data):
    """Sizes, JSON and the list of buffers are checked before use."""
    with pytest.raises(WireError):
        receive_raw(data)


def test_half_a_frame_is_the_end_of_the_connection():
    """A process that dies while it sends is seen as gone."""
    with pytest.raises(EOFError):
        receive_raw(struct.pack(">II", 100, 0) + b"{")


def test_a_slow_sender_meets_the_deadline():
    """One byte now and then does not keep the judge waiting."""
    left, right = socket.socketpair()
    with left, right:
        left.sendall(b"\x00")
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            wire.receive(right, 1 << 20, begun + 0.2)
        assert time.monotonic() - begun < 2


def test_headers_are_strict_json():
    """What we send is read by any JSON parser."""
    packer = Packer()
    node = packer.pack({"x": [np.float64("nan"), float("inf"), (1, b"z")]})
    json.loads(json.dumps(node, allow_nan=False))
