"""Frames and values: all that may cross between the judge and the student's process.

Theory of operation
    A frame is eight bytes (two big-endian lengths), a UTF-8 JSON header and raw
    buffers, each padded to full words. Arrays, tensors and bytes are buffers; everything
    else is in the header. Nothing is ever unpickled, so a forged frame is at worst a wrong value. A reader
    bounds bytes, depth, items and time before it believes anything.

Glossary
    node      the JSON form of one value
    handle    an object that stays in the student's process, known to the judge by a number
    lent      a function or object of the judge's that student code may call
    shared    an array whose in-place changes come back after every call
"""

from __future__ import annotations

import json
import math
import socket
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

VERSION = 1
MAX_HEADER = 8 << 20  # bytes of JSON
READ_HEADER = 16  # bytes of objects that one byte of JSON becomes, about
MAX_DEPTH = 24
MAX_ITEMS = 500_000  # values in one frame
MAX_INT_BITS = 8192
MAX_KEYS = (
    1_000  # of one dict that are no strings: equal hashes can be made for numbers, and then a dict is slow
)

ALIGNED = 8  # header and buffers are padded to multiples of this, so that arrays lie on full words
SMALL = 1 << 16  # bytes that are read at once
JOINED = 1 << 20  # bytes of buffers that are copied into one: cheaper than a system call for each

_LENGTHS = struct.Struct(">II")
_SPACES = [b" " * gap for gap in range(ALIGNED)]
_ZEROS = [bytes(gap) for gap in range(ALIGNED)]

DTYPES = {
    name: np.dtype(name)
    for name in (
        "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128"
    ).split()
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}  # a dtype's own ``name`` is slow to ask for
TENSOR_DTYPES = tuple("bool int8 int16 int32 int64 uint8 float16 float32 float64".split())
BIT_GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")


class WireError(Exception):
    """What came is no frame or no value of version 1."""


class Unsendable(TypeError):
    """A value that does not cross by value."""


@dataclass(frozen=True)
class HandleRef:
    """An object in the student's process; ``name`` is its type's name there (a claim)."""

    id: int
    name: str = ""


@dataclass(frozen=True)
class RecordRef(HandleRef):
    """A named tuple, which is both: an object with a number, and its items."""

    items: tuple[Any, ...] = ()


@dataclass(frozen=True)
class MethodRef(HandleRef):
    """A method of such an object, which crosses as its owner and its name; ``id`` is the judge's own."""

    owner: HandleRef | NameRef | None = None
    attribute: str = ""


@dataclass(frozen=True)
class NameRef:
    """A name that the student's notebook defines."""

    name: str


@dataclass(frozen=True)
class LentRef:
    """A function of the judge's, or an object with the given methods and constants."""

    id: int
    methods: tuple[str, ...] | None = None
    constants: tuple[tuple[str, Any], ...] = ()


def _torch() -> Any:
    """The torch module where it is loaded already; the codec never loads it."""
    return sys.modules.get("torch")


# --- frames ---------------------------------------------------------------------------


def send(
    sock: socket.socket, header: dict[str, Any], buffers: list[Any], deadline: float | None = None
) -> None:
    """Write one frame; ``deadline`` is a time of ``time.monotonic``.

    Raises:
        TimeoutError: the other side does not read.
        OSError: the other side is gone.
    """
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
    if total <= JOINED:
        parts = [b"".join(parts)]
    for part in parts:
        _set_timeout(sock, deadline)
        sock.sendall(part)


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


# --- values to nodes ------------------------------------------------------------------


class Packer:
    """Turns values into nodes and collects their buffers.

    ``foreign`` gets the packer and what does not cross by value, and returns a node for it
    or raises ``Unsendable``. ``shared`` maps ``id(array)`` to the number of a shared array.
    """

    def __init__(
        self, foreign: Callable[[Packer, Any], Any] | None = None, shared: dict[int, int] | None = None
    ) -> None:
        self.buffers: list[Any] = []
        self.generators: list[Any] = []  # those that were packed, in order
        self._foreign = foreign
        self._shared = shared or {}

    def pack(self, value: Any, depth: int = MAX_DEPTH) -> Any:
        """The node of one value."""
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return value
        packing = _PACK.get(kind)
        if packing is not None:
            return packing(self, value, depth)
        if isinstance(value, np.generic) and value.dtype.name in DTYPES:
            return {"n": [value.dtype.name, value.tobytes().hex()]}
        torch = _torch()
        if torch is not None and (node := self._pack_torch(torch, value)) is not None:
            return node
        if self._foreign is not None:
            return self._foreign(self, value)
        raise Unsendable(f"a value of type {kind.__name__} cannot cross")

    def _int(self, value: int, depth: int) -> Any:
        if value.bit_length() > MAX_INT_BITS:
            raise Unsendable(f"an integer of {value.bit_length()} bits cannot cross; at most {MAX_INT_BITS}")
        return value if value.bit_length() < 4096 else {"i": hex(value)}

    def _float(self, value: float, depth: int) -> Any:
        return value if math.isfinite(value) else {"f": repr(value)}

    def _complex(self, value: complex, depth: int) -> Any:
        return {"x": [repr(value.real), repr(value.imag)]}

    def _bytes(self, value: bytes, depth: int) -> Any:
        return {"b": self._add(value)}

    def _items(self, values: Any, depth: int) -> list[Any]:
        if depth == 0:
            raise Unsendable(f"a value nested more than {MAX_DEPTH} deep cannot cross")
        return [self.pack(value, depth - 1) for value in values]

    def _tuple(self, value: tuple[Any, ...], depth: int) -> Any:
        return {"t": self._items(value, depth)}

    def _dict(self, value: dict[Any, Any], depth: int) -> Any:
        return {"d": [self._items(pair, depth) for pair in value.items()]}

    def _slice(self, value: slice, depth: int) -> Any:
        return {"s": self._items((value.start, value.stop, value.step), depth)}

    def _array(self, value: np.ndarray, depth: int) -> Any:
        name = NAMES.get(value.dtype)
        if name is None:
            return self._foreign_or_refuse(value, f"an array of dtype {value.dtype} cannot cross")
        if value.flags.c_contiguous:
            node = {"a": [self._add(value), name, value.shape]}
        else:
            axes, contiguous, gap = _layout(value)
            node = {"a": [self._add(contiguous), name, value.shape, axes, gap]}
        return {"S": [self._shared[id(value)], node]} if id(value) in self._shared else node

    def _foreign_or_refuse(self, value: Any, sentence: str) -> Any:
        if self._foreign is None:
            raise Unsendable(sentence)
        return self._foreign(self, value)

    def _pack_torch(self, torch: Any, value: Any) -> Any:
        if type(value) in (torch.Tensor, torch.nn.Parameter):
            return self._tensor(torch, value)
        if type(value) is torch.Generator:
            self.generators.append(value)
            return {"G": self._add(value.get_state().numpy().tobytes())}
        if type(value) is torch.dtype:
            return {"Y": str(value).removeprefix("torch.")}
        return None

    def _tensor(self, torch: Any, value: Any) -> Any:
        dtype = str(value.dtype).removeprefix("torch.")
        if dtype not in TENSOR_DTYPES or value.layout is not torch.strided or value.device.type != "cpu":
            return self._foreign_or_refuse(value, f"a tensor of {value.dtype} on {value.device} cannot cross")
        axes, contiguous, gap = _layout(value.detach().numpy())
        node = {"T": [self._add(contiguous), dtype, list(value.shape), axes, gap, bool(value.requires_grad)]}
        return {"S": [self._shared[id(value)], node]} if id(value) in self._shared else node

    def _generator(self, value: np.random.Generator, depth: int) -> Any:
        state = value.bit_generator.state
        if state.get("bit_generator") not in BIT_GENERATORS:
            raise Unsendable(f"a generator of {state.get('bit_generator')} cannot cross")
        self.generators.append(value)
        return {"g": self.pack(state, depth - 1)}

    def _name(self, value: NameRef, depth: int) -> Any:
        return {"m": value.name}

    def _handle(self, value: HandleRef, depth: int) -> Any:
        return {"h": [value.id, value.name]}

    def _method(self, value: MethodRef, depth: int) -> Any:
        return {"A": [self.pack(value.owner), value.attribute]}

    def _lent(self, value: LentRef, depth: int) -> Any:
        methods = None if value.methods is None else list(value.methods)
        return {"c": [value.id, methods, self._items(value.constants, depth)]}

    def _add(self, buffer: Any) -> int:
        self.buffers.append(buffer)
        return len(self.buffers) - 1


_PACK: dict[type, Callable[[Packer, Any, int], Any]] = {
    int: Packer._int,
    float: Packer._float,
    complex: Packer._complex,
    bytes: Packer._bytes,
    list: lambda packer, value, depth: packer._items(value, depth),
    tuple: Packer._tuple,
    dict: Packer._dict,
    slice: Packer._slice,
    type(Ellipsis): lambda packer, value, depth: {"e": 0},
    np.ndarray: Packer._array,
    np.random.Generator: Packer._generator,
    NameRef: Packer._name,
    HandleRef: Packer._handle,
    MethodRef: Packer._method,
    LentRef: Packer._lent,
}


def _layout(array: np.ndarray) -> tuple[list[int] | None, np.ndarray, int]:
    """How to lay the values out again: order of axes (None: C order), values, gap on the last axis."""
    if array.flags.c_contiguous:
        return None, array.reshape(-1), 1
    axes = sorted(range(array.ndim), key=lambda axis: (-abs(array.strides[axis]), axis))
    ordered = np.ascontiguousarray(array.transpose(axes))
    gap = 1 if array.transpose(axes).flags.c_contiguous else 2
    return axes, ordered.reshape(-1), gap


# --- nodes to values ------------------------------------------------------------------


class Unpacker:
    """Turns nodes into values; ``resolve`` gets a handle, name or lent reference.

    ``shared`` gets (number, value) of a shared array and returns what stands for it.
    """

    def __init__(
        self,
        buffers: list[memoryview],
        resolve: Callable[[HandleRef | NameRef | LentRef], Any] | None = None,
        shared: Callable[[int, Any], Any] | None = None,
    ) -> None:
        self.generators: list[Any] = []  # those that were unpacked, in order
        self._buffers: list[memoryview | None] = [*buffers]  # None: taken
        self._resolve = resolve or _same
        self._shared = shared
        self._items_left = MAX_ITEMS

    def unpack(self, node: Any) -> Any:
        """The value of one node.

        Raises:
            WireError: the node is no value.
        """
        try:
            return self._value(node, MAX_DEPTH)
        except WireError:
            raise
        except (
            TypeError,
            ValueError,
            KeyError,
            IndexError,
            OverflowError,
            AttributeError,
            RuntimeError,
        ) as error:
            raise WireError(f"a malformed value: {error}") from error

    def _value(self, node: Any, depth: int) -> Any:
        self._items_left -= 1
        if self._items_left < 0 or depth < 0:
            raise WireError("too many or too deeply nested values")
        kind = type(node)  # of what JSON gives, which has no other types
        if kind is dict:
            ((tag, content),) = node.items()
            return _UNPACK[tag](self, content, depth)
        if kind is list:
            return [self._value(item, depth - 1) for item in node]
        return node

    def _take(self, number: Any) -> memoryview:
        """A buffer; each goes into one value, so that a small frame cannot become a large one."""
        index = _index(number)
        buffer, self._buffers[index] = self._buffers[index], None
        if buffer is None:
            raise WireError("a buffer that was taken before")
        return buffer

    def _bytes(self, content: Any, depth: int) -> bytes:
        return bytes(self._take(content))

    def _pairs(self, content: Any, depth: int) -> dict[Any, Any]:
        if len(content) > MAX_KEYS and sum(type(key) is not str for key, _ in content) > MAX_KEYS:
            raise WireError(f"a dict with more than {MAX_KEYS} keys that are no texts")
        return {self._value(key, depth - 1): self._value(value, depth - 1) for key, value in content}

    def _array(self, content: Any, depth: int) -> np.ndarray:
        index, dtype, shape, *layout = content  # of what is not contiguous
        axes, gap = layout or (None, 1)
        return self._lay_out(index, DTYPES[dtype], shape, axes, gap)

    def _lay_out(
        self, index: int, dtype: Any, shape: list[int], axes: list[int] | None, gap: int
    ) -> np.ndarray:
        shape = _checked_shape(shape)
        flat = np.frombuffer(self._take(index), dtype=dtype)
        if not flat.flags.writeable:
            flat = flat.copy()
        if axes is None:
            return flat.reshape(shape)
        if sorted(axes) != list(range(len(shape))) or gap not in (1, 2):
            raise WireError("a malformed layout")
        ordered = flat.reshape([shape[axis] for axis in axes])
        if gap == 2:
            room = np.zeros((*ordered.shape[:-1], 2 * ordered.shape[-1]), dtype)
            room[..., ::2] = ordered
            ordered = room[..., ::2]
        return ordered.transpose(np.argsort(axes))

    def _tensor(self, content: Any, depth: int) -> Any:
        torch = _torch()
        if torch is None:
            raise WireError("a tensor came where torch is not loaded")
        index, dtype, shape, axes, gap, requires_grad = content
        if dtype not in TENSOR_DTYPES:
            raise WireError(f"a tensor of dtype {dtype}")
        tensor = torch.from_numpy(self._lay_out(index, DTYPES[dtype], shape, axes, gap))
        return tensor.requires_grad_(True) if requires_grad is True and tensor.is_floating_point() else tensor

    def _scalar(self, content: Any, depth: int) -> Any:
        name, text = content
        return np.frombuffer(bytes.fromhex(text), dtype=DTYPES[name])[0]

    def _generator(self, content: Any, depth: int) -> np.random.Generator:
        state = self._value(content, depth - 1)
        if state["bit_generator"] not in BIT_GENERATORS:
            raise WireError("an unknown generator")
        bits = getattr(np.random, state["bit_generator"])(0)
        bits.state = state
        self.generators.append(np.random.Generator(bits))
        return self.generators[-1]

    def _torch_generator(self, content: Any, depth: int) -> Any:
        torch = _torch()
        generator = torch.Generator()
        state = np.frombuffer(self._take(content), dtype=np.uint8).copy()
        generator.set_state(torch.from_numpy(state))
        self.generators.append(generator)
        return generator

    def _torch_dtype(self, content: Any, depth: int) -> Any:
        if content not in TENSOR_DTYPES:
            raise WireError("an unknown dtype")
        return getattr(_torch(), content)

    def _handle(self, content: Any, depth: int) -> Any:
        number, name = content
        return self._resolve(HandleRef(_index(number), str(name)[:80]))

    def _record(self, content: Any, depth: int) -> Any:
        number, name, items = content
        values = tuple(self._value(item, depth - 1) for item in items)
        return self._resolve(RecordRef(_index(number), str(name)[:80], values))

    def _method(self, content: Any, depth: int) -> Any:
        # Only the host looks attributes up: in the judge, an attribute of an attribute leads to eval.
        if self._resolve is _same:
            raise WireError("a method where only values may come")
        owner, name = content
        return getattr(self._value(owner, depth - 1), str(name))

    def _lent(self, content: Any, depth: int) -> Any:
        number, methods, constants = content
        names = None if methods is None else tuple(str(name) for name in methods)
        pairs = tuple(self._value(pair, depth - 1) for pair in constants)
        return self._resolve(LentRef(_index(number), names, pairs))

    def _share(self, content: Any, depth: int) -> Any:
        number, node = content
        value = self._value(node, depth - 1)
        return value if self._shared is None else self._shared(_index(number), value)


_UNPACK: dict[str, Callable[[Unpacker, Any, int], Any]] = {
    "t": lambda un, content, depth: tuple(un._value(item, depth - 1) for item in content),
    "d": Unpacker._pairs,
    "i": lambda un, content, depth: int(content[: MAX_INT_BITS // 4 + 4], 16),
    "f": lambda un, content, depth: float({"nan": "nan", "inf": "inf", "-inf": "-inf"}[content]),
    "x": lambda un, content, depth: complex(float(content[0]), float(content[1])),
    "b": Unpacker._bytes,
    "s": lambda un, content, depth: slice(*(un._value(item, depth - 1) for item in content)),
    "e": lambda un, content, depth: Ellipsis,
    "n": Unpacker._scalar,
    "a": Unpacker._array,
    "T": Unpacker._tensor,
    "g": Unpacker._generator,
    "G": Unpacker._torch_generator,
    "Y": Unpacker._torch_dtype,
    "m": lambda un, content, depth: un._resolve(NameRef(str(content))),
    "h": Unpacker._handle,
    "r": Unpacker._record,
    "A": Unpacker._method,
    "c": Unpacker._lent,
    "S": Unpacker._share,
}


def _same(reference: Any) -> Any:
    return reference


def _index(number: Any) -> int:
    if type(number) is not int or number < 0:
        raise WireError("a malformed number")
    return number


def _checked_shape(shape: Any) -> Any:
    if type(shape) not in (list, tuple) or len(shape) > 32:
        raise WireError("a malformed shape")
    for size in shape:
        if type(size) is not int or size < 0:
            raise WireError("a malformed shape")
    return shape
