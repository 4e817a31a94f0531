"""Values to nodes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .references import (
    BIT_GENERATORS,
    DTYPES,
    MAX_DEPTH,
    MAX_INT_BITS,
    NAMES,
    TENSOR_DTYPES,
    LentRef,
    MethodRef,
    NameRef,
    PartRef,
    Unsendable,
    loaded_torch,
)


class Packer:
    """Turns values into nodes and collects their buffers.

    ``foreign`` gets the packer and what does not cross by value, and returns a node for it
    or raises ``Unsendable``.
    """

    def __init__(self, foreign: Callable[[Packer, Any], Any] | None = None) -> None:
        self.buffers: list[Any] = []
        self.size = 0  # bytes of the buffers
        self._foreign = foreign

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
        torch = loaded_torch()
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
            return {"a": [self._add(value), name, value.shape]}
        axes, contiguous, gap = _layout(value)
        return {"a": [self._add(contiguous), name, value.shape, axes, gap]}

    def _foreign_or_refuse(self, value: Any, sentence: str) -> Any:
        if self._foreign is None:
            raise Unsendable(sentence)
        return self._foreign(self, value)

    def _pack_torch(self, torch: Any, value: Any) -> Any:
        if type(value) in (torch.Tensor, torch.nn.Parameter):
            return self._tensor(torch, value)
        if isinstance(value, torch.Generator):
            return {"G": self._add(value.get_state().numpy().tobytes())}
        if type(value) is torch.dtype:
            return {"Y": str(value).removeprefix("torch.")}
        return None

    def _tensor(self, torch: Any, value: Any) -> Any:
        dtype = str(value.dtype).removeprefix("torch.")
        if dtype not in TENSOR_DTYPES or value.layout is not torch.strided or value.device.type != "cpu":
            return self._foreign_or_refuse(value, f"a tensor of {value.dtype} on {value.device} cannot cross")
        axes, contiguous, gap = _layout(value.detach().numpy())
        return {"T": [self._add(contiguous), dtype, list(value.shape), axes, gap, bool(value.requires_grad)]}

    def _generator(self, value: np.random.Generator, depth: int) -> Any:
        state = value.bit_generator.state
        if state.get("bit_generator") not in BIT_GENERATORS:
            raise Unsendable(f"a generator of {state.get('bit_generator')} cannot cross")
        return {"g": self.pack(state, depth - 1)}

    def _name(self, value: NameRef, depth: int) -> Any:
        return {"m": value.name}

    def _part(self, value: PartRef, depth: int) -> Any:
        return {"p": [value.step, value.path, value.counts]}

    def _method(self, value: MethodRef, depth: int) -> Any:
        return {"A": [self.pack(value.owner), value.attribute]}

    def _lent(self, value: LentRef, depth: int) -> Any:
        methods = None if value.methods is None else list(value.methods)
        return {"c": [value.id, methods, self._items(value.constants, depth)]}

    def _add(self, buffer: Any) -> int:
        self.buffers.append(buffer)
        self.size += memoryview(buffer).nbytes
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
    PartRef: Packer._part,
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
