"""One step of a check in words for staff: what is called, with each argument by its name.

Glossary
    root    the step at whose result a place begins: ``what call 1 gave`` of ``what call 1 gave.layers[0]``
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..inside.wire import MethodRef, NameRef, PartRef
from ..student import Call
from .called import callees, grader_function
from .case.operators import written
from .case.signatures import passed, signature_of
from .describe import describe, key_text


class Asked:
    """The steps of one check, as they are told."""

    def __init__(self, reference: Mapping[str, Any], transcript: Sequence[Call]) -> None:
        self._reference = reference
        self._transcript = transcript
        self._callees = callees(reference, transcript)

    def words(self, number: int) -> str:
        """``conv2d_forward(x=float64[2, 3, 5, 5] ..., stride=2)``, or whatever else the step asks."""
        call = self._transcript[number]
        step, place = call.step, call.step.target
        if call.kind == "now":
            return f"what became of {self._place(place)}"
        if call.kind == "share":
            return f"lays out {self._value(call.args[0])}"
        if call.kind == "op":
            return f"computes {written(step.name, list(map(self._value, call.args)))}"
        if call.kind == "same":
            return "asks whether {} is {}".format(*map(self._value, call.args))
        if call.kind == "beside":
            return f"runs beside the student's code {self._beside(call, number)}"
        about, root = self._about(place)
        told = self._on(call, about, number)
        return f"{told}, on {root}" if root else told

    def _on(self, call: Call, about: str, number: int) -> str:
        """What is done to the object ``about``."""
        name = call.step.name
        if call.kind == "get":
            return f"reads {about}.{name}"
        if call.kind == "set":
            return f"sets {about}.{name} = {self._value(call.args[0])}"
        if call.kind == "index":
            return f"reads {about}[{self._key(call.args[0])}]"
        if call.kind == "assign":
            return f"sets {about}[{self._key(call.args[0])}] = {self._value(call.args[1])}"
        if call.kind != "call":
            return f"{_VERBS[call.kind]} {about}"
        if self._is_instance(call.step.target):
            about += ".__call__"
        named = passed(signature_of(self._callees[number]), call.args, call.kwargs)
        return f"{about}({self._listed(named)})"

    def _beside(self, call: Call, number: int) -> str:
        """A function of the grader's; what it hands on to one of the student's has that one's names."""
        source, *args = call.args
        own = grader_function(source)
        named = own.named(args)
        told = []
        for name, value in named:
            offset = own.handed_on.get(name)
            if offset is not None and isinstance(value, (list, tuple)):
                inner = passed(signature_of(self._callees[number]), value, {}, offset)
                told.append(f"{name}=[{self._listed(inner)}]")
            else:
                told.append(f"{name}={self._value(value)}")
        return f"{call.step.name}({', '.join(told)})"

    def _listed(self, named: Sequence[tuple[str, Any]]) -> str:
        each = ((f"{name}=" if name else "", self._value(value)) for name, value in named)
        return ", ".join(name + value for name, value in each)

    def _value(self, value: Any) -> str:
        return describe(value, self._place)

    def _key(self, value: Any) -> str:
        return key_text(value, self._value)

    # --- where something comes from ---

    def _place(self, place: Any) -> str:
        """``conv2d_forward``, ``what call 1 gave[1]``, ``what call 1 gave.layers``."""
        if isinstance(place, NameRef):
            return place.name
        if isinstance(place, MethodRef):
            return f"{self._place(place.owner)}.{place.attribute}"
        step = self._transcript[place.step].step
        path = "".join(f"[{key!r}]" for key in place.path)
        if step.kind == "get":
            return f"{self._place(step.target)}.{step.name}{path}"
        if step.kind == "index":
            return f"{self._place(step.target)}[{self._key(step.args[0])}]{path}"
        return f"what call {place.step + 1} gave{path}"

    def _about(self, place: Any) -> tuple[str, str]:
        """A place by the class of its root where the notebook names that, and then the root."""
        words, root = self._place(place), self._root(place)
        if root is None or root.path or not self._class_of(root):
            return words, ""
        of = self._place(root)
        return self._class_of(root) + words.removeprefix(of), of

    def _root(self, place: Any) -> PartRef | None:
        while isinstance(place, (MethodRef, PartRef)):
            if isinstance(place, MethodRef):
                place = place.owner
            elif self._transcript[place.step].kind in ("get", "index"):
                place = self._transcript[place.step].step.target
            else:
                return place
        return None

    def _class_of(self, root: PartRef) -> str:
        """The class whose call made it; empty where another step did."""
        step = self._transcript[root.step].step
        if step.kind != "call" or not isinstance(step.target, NameRef):
            return ""
        name = step.target.name
        return name if isinstance(self._reference.get(name), type) else ""

    def _is_instance(self, place: Any) -> bool:
        """Whether the object that a class made is called itself."""
        return isinstance(place, PartRef) and place == self._root(place) and self._class_of(place) != ""


_VERBS = {
    "length": "asks for the length of",
    "items": "goes through",
    "type": "asks for the type of",
    "value": "looks at",
}
