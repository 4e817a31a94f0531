"""Scripts: the steps of a check as they cross, and the answers that come back."""

from __future__ import annotations

import inspect
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ..inside import wire
from ..inside.wire import HandleRef, Packer, Unpacker
from .steps import NOTHING, Answer, Raised, Step, leaves

MOST_BYTES = 8 << 20  # of the scripts that cross in one frame
Frame = tuple[dict[str, Any], list[Any]]
Reply = tuple[dict[str, Any], list[memoryview]]


@dataclass(frozen=True)
class Script:
    """Some steps of one check, packed; ``first`` is the number of the first of them.

    A script with the first step of all begins anew on the other side, with the functions ``on`` under these
    names.
    """

    first: int
    steps: list[dict[str, Any]]
    counts: list[int]  # buffers of each step
    buffers: list[Any]
    on: dict[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of its buffers."""
        return sum(memoryview(buffer).nbytes for buffer in self.buffers)


def unsendable(value: Any) -> str:
    """The sentence for a check's author whose value cannot cross."""
    return (
        f"this kind of value cannot cross: {kind_told(value)}. Send numbers, texts, lists, tuples, dicts, "
        "arrays and tensors of numbers, a function, or an object wrapped in student.lend(...)."
    )


def kind_told(value: Any) -> str:
    """What kind of value it is."""
    kind = type(value).__name__
    kind = f"{kind.removeprefix('nd')} of dtype {value.dtype}" if hasattr(value, "dtype") else kind
    return f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"


def uncrossable(value: Any) -> str:
    """What kind of leaf in it cannot cross, objects apart; empty where there is none."""
    for leaf in leaves(value):
        if not isinstance(leaf, (HandleRef, Raised)) and leaf is not NOTHING:
            try:
                Packer(_refuse).pack(leaf)
            except wire.Unsendable:
                return kind_told(leaf)
    return ""


def _refuse(packer: Packer, value: Any) -> Any:
    raise wire.Unsendable(unsendable(value))


def packed(first: int, steps: Sequence[Step], foreign: Callable[[Packer, Any], Any] | None = None) -> Script:
    """Steps as they cross.

    Raises:
        TypeError: a value that cannot cross; the sentence is for the check's author.
    """
    headers, counts, buffers = [], [], []
    for step in steps:
        packer = Packer(foreign or _refuse)
        try:
            headers.append(_header(packer, step))
        except wire.Unsendable as error:
            raise wire.Unsendable(f"{step.label or step.kind}(...): {error}") from error
        counts.append(len(packer.buffers))
        buffers += packer.buffers
    return Script(first, headers, counts, buffers)


def _header(packer: Packer, step: Step) -> dict[str, Any]:
    header: dict[str, Any] = {"k": step.kind}
    if step.target is not None:
        header["o"] = packer.pack(step.target)
    if step.args:
        header["a"] = [packer.pack(arg) for arg in step.args]
    if step.kwargs:
        header["w"] = {key: packer.pack(value) for key, value in step.kwargs.items()}
    if step.name:
        header["n"] = step.name
    return header


def framed(scripts: Sequence[Script]) -> Frame:
    """One frame for several scripts; functions of the grader's cross once."""
    sources: dict[str, int] = {}
    told = []
    for script in scripts:
        steps = [_numbered(step, sources) for step in script.steps]
        told.append(
            {"n": script.first, "s": steps, "b": script.counts, **({"on": script.on} if script.on else {})}
        )
    buffers = [buffer for script in scripts for buffer in script.buffers]
    return {"k": "run", "scripts": told, "sources": list(sources)}, buffers


def _numbered(step: dict[str, Any], sources: dict[str, int]) -> dict[str, Any]:
    if step["k"] != "beside":
        return step
    source, *args = step["a"]
    return {**step, "a": [sources.setdefault(source, len(sources)), *args]}


def answer_of(reply: Reply) -> Answer:
    """What a reply says.

    Raises:
        wire.WireError: it says nothing.
    """
    header, buffers = reply
    kind = header.get("k")
    if kind == "error":
        return Answer(claim=header)
    if kind == "unmade":
        return Answer(unmade=True)
    if kind != "value" or "v" not in header:
        raise wire.WireError(f"a reply of kind {kind!r}")
    return Answer(Unpacker(buffers).unpack(header["v"]))


def answers_of(replies: Iterator[Reply], count: int, end: float) -> list[Answer]:
    """The answers in the next replies.

    Raises:
        TimeoutError: it is later than ``end``, of ``time.monotonic``.
        wire.WireError: a reply says nothing.
    """
    answers = []
    for _ in range(count):
        if time.monotonic() > end:
            raise TimeoutError("the check took too long")
        answers.append(answer_of(next(replies)))
    return answers


@cache
def source_of(function: Callable[..., Any]) -> str:
    """The text of a grader's function, read once: the file may change while a judge is warm.

    Raises:
        TypeError: it cannot be shipped; the sentence says why.
    """
    name = getattr(function, "__name__", type(function).__name__)
    if not inspect.isfunction(function) or name == "<lambda>" or function.__closure__:
        raise TypeError(
            f"student.beside({name}, ...): what runs beside the student's code is a function "
            "with a name, at the top level of the grader, that uses nothing around it; pass what it needs "
            "as arguments."
        )
    source = textwrap.dedent(inspect.getsource(function))
    return source[source.index("def ") :]  # what marks it means nothing beside the student's code
