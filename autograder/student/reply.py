"""What a check holds: the place of an answer that is still to come.

A name of the notebook, what a call gave, a part of it, an object that stays with the student, a method
of one: each is a ``Reply``. What is done to it is noted. The reference, which answers at once, tells how many
values there are, which of them are objects, and which names are methods. A reply is no value: what
would need one now either looks (then the check's steps cross here) or says what to write instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..checks.expectations import Event
from ..inside.wire import HandleRef, MethodRef, NameRef, PartRef
from .scripts import uncrossable
from .steps import NOTHING, Place, Raised, objects_in, where_to_raise

if TYPE_CHECKING:
    from .student import Student

_OWN = ("_student", "_place", "_twin", "_label")


class Reply:
    """The place of an answer.

    Attributes:
        value: the answer itself, lists in lists included; what was noted so far crosses now, and the check
            cannot be planned.
    """

    __slots__ = _OWN

    def __init__(self, student: Student, place: Place, twin: Any, label: str) -> None:
        for name, value in zip(_OWN, (student, place, twin, label), strict=True):
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"<reply of {self._label}>"

    # --- what is noted ---

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it over there."""
        return self._student._note("call", self, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"{name} is not forwarded to student code")
        if name == "value":  # no property: what student code raised may be an AttributeError
            return self._student._value(self)
        if not isinstance(self._place, NameRef) and self._student._is_method(self._place, name):
            method = MethodRef(self._place, name)
            return Reply(self._student, method, HandleRef("method"), f"{self._label}.{name}")
        return self._student._note("get", self, name=name, label=f"{self._label}.{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        self._student._note("set", self, (value,), name=name, label=f"{self._label}.{name}")

    def __delattr__(self, name: str) -> None:
        raise TypeError("deleting an attribute is not forwarded to student code")

    def __getitem__(self, index: Any) -> Any:
        if self._holds and (isinstance(self._twin, dict) or type(index) is int):
            return self._parts[index]
        return self._student._note("index", self, (index,))

    def __setitem__(self, index: Any, value: Any) -> None:
        self._student._note("assign", self, (index, value))

    def __iter__(self) -> Iterator[Any]:
        if isinstance(self._twin, HandleRef):
            return iter(self._student._note("items", self))
        if not isinstance(self._twin, (list, tuple)):
            raise self._no_value("go through it")
        return iter(self._parts)

    # --- what the words of ``checks`` ask for ---

    def _expect(self, event: Event) -> None:
        self._student._expect(event)

    def _claim(self, step: int) -> None:
        self._student._claim(step)

    def _timed(self, step: int, seconds: float, what: str) -> None:
        self._student._timed(step, seconds, what)

    def _looked_at(self) -> tuple[PartRef, tuple[PartRef, ...]]:
        return self._student._looked_at(self)

    def _compared(self, word: str) -> None:
        """Refuse where there is nothing of the reference's to compare with.

        Raises:
            TypeError: with what to write instead, for the author of the check.
        """
        if isinstance(self._twin, Raised):
            assert isinstance(self._place, PartRef)
            error, step = self._twin.error, self._student.notes.steps[self._place.step]
            advice = where_to_raise(step, "Use raises(...) where it should.")
            raise TypeError(f"{self._label}: the reference raised {type(error).__name__}: {error}. {advice}")
        if self._twin is NOTHING:
            raise TypeError(
                f"{word}(...) of {self._label}: the reference was not asked, since a function is lent to the "
                "call; look at reply.value."
            )
        self._crosses(f"{word}(...)")

    def _crosses(self, asked: str) -> None:
        """Refuse where what the reference gives is no value that could come from a student.

        Raises:
            TypeError: with what to write instead, for the author of the check.
        """
        cannot = f"{asked} of {self._label}: this kind of value cannot cross: "
        if isinstance(self._twin, HandleRef) and not isinstance(self._place, NameRef):
            raise TypeError(
                f"{cannot}it is an object ({self._twin.name}) that stays with the student; name one of its "
                "attributes or items."
            )
        if kind := uncrossable(self._twin):
            raise TypeError(f"{cannot}{kind}. Let the task return numbers, texts, or arrays of numbers.")
        if isinstance(self._place, PartRef) and (inner := objects_in(self._twin)):
            raise TypeError(
                f"{cannot}it holds an object ({inner[0].name}) that stays with the student; name its parts "
                "one by one, and of these their attributes or items."
            )

    @property
    def _holds(self) -> bool:
        return isinstance(self._twin, (list, tuple, dict)) and isinstance(self._place, PartRef)

    @property
    def _parts(self) -> Any:
        """The parts of a tuple, list or dict, of which the reference knows how many there are."""
        self._student._unpacked(self)
        place, twin = self._place, self._twin
        assert isinstance(place, PartRef)

        def part(key: Any) -> Reply:
            inner = PartRef(place.step, (*place.path, key), (*place.counts, len(twin)))
            return Reply(self._student, inner, twin[key], self._label)

        return (
            {key: part(key) for key in twin} if isinstance(twin, dict) else list(map(part, range(len(twin))))
        )

    # --- what would need a value ---

    def _no_value(self, what: str) -> TypeError:
        return TypeError(
            f"{self!r} is no value yet: to {what}, take reply.value; to say what is right, write "
            "right(reply), close(reply, other) or raises(ValueError, reply)."
        )

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        import numpy as np

        value = self.value
        if isinstance(value, HandleRef):
            raise TypeError(
                f"{self!r} is an object that stays with the student ({value.name}), no array here"
            )
        return np.asarray(value.detach().numpy() if hasattr(type(value), "detach") else value)

    def __len__(self) -> int:
        return len(self._twin) if self._holds else len(self.value)

    def __bool__(self) -> bool:
        raise self._no_value("ask whether it is true")

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __str__(self) -> str:
        raise self._no_value("write it into a text")

    def __format__(self, spec: str) -> str:
        raise self._no_value("write it into a text")

    def __contains__(self, item: Any) -> bool:
        raise self._no_value("look for something in it")

    __hash__ = None  # type: ignore[assignment]


def _forward(name: str, reflected: bool = False) -> Callable[..., Any]:
    def forwarded(self: Reply, *others: Any) -> Any:
        if not isinstance(self._twin, HandleRef):
            raise self._no_value("compute with it or compare it")
        operands = (*others, self) if reflected else (self, *others)
        return self._student._note("op", None, operands, name=name, label=self._label)

    return forwarded


_REFLECTED = "add sub mul truediv floordiv mod pow matmul lshift rshift and or xor divmod".split()
_PLAIN = "eq ne lt le gt ge neg pos abs invert".split()
for _name in (*_REFLECTED, *_PLAIN):
    setattr(Reply, f"__{_name}__", _forward(_name))
for _name in _REFLECTED:
    setattr(Reply, f"__r{_name}__", _forward(_name, reflected=True))
# ndarray + reply must ask the reply, not loop over the array's elements.
Reply.__array_ufunc__ = None  # type: ignore[attr-defined]
