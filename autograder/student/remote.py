"""What a check holds: names and objects of the student's, which forward what is done to them.

A ``Remote`` stands for one thing on both sides: ``ref`` in the student's process and
``twin`` in the mirror (a reference there, a value, or ``NOTHING``). What it does not
forward it refuses, since a silently local attribute would be a wrong mark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..inside.wire import HandleRef, NameRef

if TYPE_CHECKING:
    from .proxy import Student


class _Nothing:
    """The mirror has no such thing."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING = _Nothing()
_OWN = ("_student", "_ref", "_twin", "_origin")


class Remote:
    """A name, or an object that stays in the student's process."""

    __slots__ = (*_OWN, "_owner")

    def __init__(
        self,
        student: Student,
        ref: HandleRef | NameRef,
        twin: Any,
        origin: str,
        owner: Remote | None = None,
    ) -> None:
        """``owner`` is kept as long as this lives: a method crosses as its owner and its name."""
        object.__setattr__(self, "_owner", owner)
        for name, value in zip(_OWN, (student, ref, twin, origin), strict=True):
            object.__setattr__(self, name, value)

    def __del__(self) -> None:
        self._student._forget(self._ref, self._twin)

    def __repr__(self) -> str:
        kind = self._ref.name if isinstance(self._ref, HandleRef) else "name"
        return f"<{kind} from {self._origin}>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it over there."""
        return self._student._request("call", self, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"{name} is not forwarded to student code")
        return self._student._request("get", self, (), {}, name=name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._student._request("set", self, (value,), {}, name=name)

    def __delattr__(self, name: str) -> None:
        raise TypeError("deleting an attribute is not forwarded to student code")

    def __getitem__(self, index: Any) -> Any:
        return self._student._request("index", self, (index,), {})

    def __setitem__(self, index: Any, value: Any) -> None:
        self._student._request("assign", self, (index, value), {})

    def __len__(self) -> int:
        return int(self._student._request("length", self, (), {}))

    def __iter__(self) -> Iterator[Any]:
        return iter(self._student._request("items", self, (), {}))

    def __bool__(self) -> bool:
        return bool(self._student._request("op", self, (self,), {}, name="bool"))

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("an object of the student's is no array here; copy it with student.value(...)")

    __hash__ = None  # type: ignore[assignment]


def _forward(name: str) -> Callable[..., Any]:
    def forwarded(self: Remote, *others: Any) -> Any:
        return self._student._request("op", self, (self, *others), {}, name=name)

    return forwarded


def _forward_reflected(name: str) -> Callable[..., Any]:
    def forwarded(self: Remote, other: Any) -> Any:
        return self._student._request("op", self, (other, self), {}, name=name)

    return forwarded


_REFLECTED = "add sub mul truediv floordiv mod pow matmul lshift rshift and or xor divmod".split()
_PLAIN = "eq ne lt le gt ge neg pos abs invert contains float int complex round".split()
for _name in (*_REFLECTED, *_PLAIN):
    setattr(Remote, f"__{_name}__", _forward(_name))
for _name in _REFLECTED:
    setattr(Remote, f"__r{_name}__", _forward_reflected(_name))
# ndarray + remote must ask the remote, not loop over the array's elements.
Remote.__array_ufunc__ = None  # type: ignore[attr-defined]
