"""Why a name is not there: what of the notebook could not be read, was left out, or failed in loading.

One broken cell has many followers: each function that uses what it should have defined raises a
``NameError``, and so does each statement. The student is told the first of them, with cell and line.

What the room has read is a fact. What a process says of the loading of its notebook is a claim, which it
makes before it has seen a hidden input.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...base.python import newer_note
from ...results.result import Verdict
from ..faults import clean
from .left_out import LeftOut
from .sayings import Everything, meaning
from .texts import StudentText

# What comes of a name that only a newer Python has.
_OF_A_VERSION = ("ImportError", "AttributeError", "NameError", "ModuleNotFoundError")


@dataclass(frozen=True)
class Cause:
    """Why some names are not there."""

    names: frozenset[str]  # of an attribute, with a point before it
    sentence: str  # goes on after "x is not defined: "
    verdict: Verdict = Verdict.MISSING
    needs: str = ""  # the name that was not there itself, which this follows from


class Causes:
    """All that is known of why names are not there.

    Args:
        report: what loading told (see ``inside.program.loading``).
        left_out: statements that the notebook was loaded without.
        text: the notebook's, against which claims are held; without it they are believed.
        python: that saved the notebook; a newer one than grades may be why.
    """

    def __init__(
        self,
        report: Mapping[str, Any],
        left_out: Sequence[LeftOut],
        text: StudentText | None,
        python: str = "",
    ) -> None:
        note = newer_note(python)
        words = Everything() if text is None else text
        stopped = [
            *(Cause(each.statement.names, each.reason) for each in left_out),
            *(_of_error(error, words, note) for error in _dicts(report.get("errors"))),
        ]
        self._causes = [
            *(_of_syntax(error, note) for error in _dicts(report.get("syntax_errors"))),
            *stopped,
            *map(_of_no_class, _dicts(report.get("in_no_class"))),
        ]
        self._first = stopped[0] if stopped else None
        undefined = report.get("undefined")
        self._undefined = frozenset(map(str, undefined)) if isinstance(undefined, list) else frozenset()

    def why(self, name: str) -> tuple[Verdict, str] | None:
        """A verdict and a sentence that tells why a name is not there; None where nothing is known of it.

        Args:
            name: of a variable, or of an attribute with a point before it.
        """
        followers, cause = [name], self._of(name)
        if cause is None:
            return self._of_a_task(name)
        while cause.needs and cause.needs not in followers and (deeper := self._of(cause.needs)) is not None:
            followers.append(cause.needs)
            cause = deeper
        told = f"{followers[-1].removeprefix('.')} is not defined: {cause.sentence}"
        also = f" So {name} is not defined either." if len(followers) > 1 else ""
        return cause.verdict, f"{told}{also}"

    def _of(self, name: str) -> Cause | None:
        return next((cause for cause in self._causes if name in cause.names), None)

    def _of_a_task(self, name: str) -> tuple[Verdict, str] | None:
        """Of a name that a task should define, loading may have stopped before it came to it."""
        if name not in self._undefined or self._first is None:
            return None
        return Verdict.MISSING, f"{name} is not defined. Loading the notebook stopped: {self._first.sentence}"


def _dicts(told: Any) -> list[dict[str, Any]]:
    """A list of a report: a process may say anything."""
    return [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []


def _names(told: Any) -> frozenset[str]:
    return frozenset(map(str, told)) if isinstance(told, list) else frozenset()


def _of_syntax(error: dict[str, Any], note: str) -> Cause:
    cell, line = clean(error.get("cell", "?"), 10), clean(error.get("line", "?"), 10)
    message, text = clean(error.get("message", ""), 80), clean(error.get("text", ""), 100)
    sentence = f"cell {cell}, where it stands, has a syntax error in line {line}: {message}: `{text}`."
    names = _names(error.get("names")) | {str(error.get("task"))}
    return Cause(names, f"{sentence} {note}".rstrip(), Verdict.ERROR)


def _of_error(error: dict[str, Any], words: Container[str], note: str) -> Cause:
    cell, line = clean(error.get("cell", "?"), 10), clean(error.get("line", "?"), 10)
    kind, text = clean(error.get("class", "an error"), 60), clean(error.get("text", ""), 100)
    means = meaning(kind, error.get("message"), words)
    needs = means.names.get("name", "") if means is not None and kind == "NameError" else ""
    sentence = f"cell {cell}, line {line} raised {kind}: `{text}`."
    told = f"{sentence} {means.sentence}" if means is not None else sentence
    if kind in _OF_A_VERSION:
        told = f"{told} {note}".rstrip()
    return Cause(_names(error.get("names")), told, needs=needs)


def _of_no_class(found: dict[str, Any]) -> Cause:
    name, module = clean(found.get("name", ""), 80), clean(found.get("module", ""), 40)
    where = f"cell {clean(found.get('cell', '?'), 10)}, line {clean(found.get('line', '?'), 10)}"
    sentence = f"{module} is not there while grading, which should have put it into its class ({where})."
    return Cause(frozenset({f".{name}"}), sentence)
