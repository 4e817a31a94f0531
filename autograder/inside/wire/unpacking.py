"""Nodes to values; nothing that comes is believed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .references import (
    BIT_GENERATORS,
    DTYPES,
    MAX_DEPTH,
    MAX_INT_BITS,
    MAX_ITEMS,
    MAX_KEYS,
    TENSOR_DTYPES,
    HandleRef,
    LentRef,
    MethodRef,
    NameRef,
    PartRef,
    RecordRef,
    WireError,
    loaded_torch,
)


class Unpacker:
    """Turns nodes into values; ``resolve`` gets a name, a part, a method or a lent reference.

    Without it none of these is taken: what comes to the judge is values, and handles for what is none.
    """

    def __init__(
        self,
        buffers: list[memoryview],
        resolve: Callable[[NameRef | PartRef | MethodRef | LentRef], Any] | None = None,
    ) -> None:
        self._buffers: list[memoryview | None] = [*buffers]  # None: taken
        self._resolve = resolve or _refused
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
        torch = loaded_torch()
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
        return np.random.Generator(bits)

    def _torch_generator(self, content: Any, depth: int) -> Any:
        torch = loaded_torch()
        generator = torch.Generator()
        state = np.frombuffer(self._take(content), dtype=np.uint8).copy()
        generator.set_state(torch.from_numpy(state))
        return generator

    def _torch_dtype(self, content: Any, depth: int) -> Any:
        if content not in TENSOR_DTYPES:
            raise WireError("an unknown dtype")
        return getattr(loaded_torch(), content)

    def _record(self, content: Any, depth: int) -> Any:
        name, items = content
        return RecordRef(_text(name)[:80], tuple(self._value(item, depth - 1) for item in items))

    def _part(self, content: Any, depth: int) -> Any:
        return self._resolve(_part_ref(content))

    def _method(self, content: Any, depth: int) -> Any:
        return self._resolve(_method_ref(content, depth))

    def _lent(self, content: Any, depth: int) -> Any:
        number, methods, constants = content
        names = None if methods is None else tuple(str(name) for name in methods)
        pairs = tuple(self._value(pair, depth - 1) for pair in constants)
        return self._resolve(LentRef(_index(number), names, pairs))


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
    "m": lambda un, content, depth: un._resolve(NameRef(_text(content))),
    "h": lambda un, content, depth: HandleRef(_text(content)[:80]),
    "r": Unpacker._record,
    "p": Unpacker._part,
    "A": Unpacker._method,
    "c": Unpacker._lent,
}


def _refused(reference: Any) -> Any:
    # In the judge a name or an attribute of an attribute would lead to anything.
    raise WireError(f"a {type(reference).__name__} where only values may come")


def _part_ref(content: Any) -> PartRef:
    step, path, counts = content
    if {type(path), type(counts)} - {list, tuple} or not len(path) == len(counts) <= MAX_DEPTH:
        raise WireError("a malformed part")
    if not all(type(count) is int for count in counts):
        raise WireError("a malformed part")
    return PartRef(_index(step), tuple(path), tuple(counts))


def _method_ref(node: Any, depth: int) -> MethodRef:
    owner, name = node
    ((tag, content),) = owner.items()
    if depth < 0 or tag not in ("m", "p", "A"):
        raise WireError("a malformed method")
    if tag == "A":
        return MethodRef(_method_ref(content, depth - 1), _text(name))
    return MethodRef(NameRef(_text(content)) if tag == "m" else _part_ref(content), _text(name))


def _text(content: Any) -> str:
    if type(content) is not str:
        raise WireError("a malformed name")
    return content


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
