"""A namespace that answers a check without any boundary: no process, no wire, nothing packed.

Steps are carried out as the judge's mirror carries them out on the reference. What passes by value is copied,
since a check and the student's code would else write into each other's arrays; nothing else is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from autograder.inside.objects import Unfit
from autograder.student import NOTHING, Answer, Raised, Step, Student, Terms
from autograder.student.mirror import Mirror
from autograder.student.steps import Lent, changed
from autograder.student.subjects import LocalSubject

Namespace = dict[str, Any]


class Direct:
    """One namespace, and what the steps of one check have made of it; stands where a ``Session`` does."""

    def __init__(self, namespace: Namespace) -> None:
        self._mirror = Mirror(namespace)

    def ask(self, first: int, steps: Sequence[Step], one_by_one: bool = False) -> list[Answer]:
        """Carry out steps, the first of which has that number; their answers in order."""
        return [self._answer(number, step) for number, step in enumerate(steps, first)]

    def _answer(self, number: int, step: Step) -> Answer:
        try:
            made = self._mirror.carry_out(number, step)
        except Unfit:
            return Answer(unmade=True)
        if isinstance(made, Raised):
            kind = type(made.error)
            return Answer(claim={"class": kind.__name__, "bases": [each.__name__ for each in kind.__mro__]})
        return Answer(unmade=True) if made is NOTHING else Answer(made)


class DirectStudent(Student):
    """What a check calls; each step that crosses is carried out at once, on this namespace."""

    def __init__(self, terms: Terms, reference: Namespace, namespace: Namespace) -> None:
        super().__init__(terms, reference, LocalSubject(namespace))
        self._direct = _Handing(namespace)

    def _begun(self) -> Direct:  # type: ignore[override]  # of a session, ``ask`` is all that is used
        return self._direct


class _Handing(Direct):
    """Hands over what a check lends."""

    def _answer(self, number: int, step: Step) -> Answer:
        args, kwargs = changed((step.args, dict(step.kwargs)), _itself)
        return super()._answer(number, replace(step, args=args, kwargs=kwargs))


def _itself(value: Any) -> Any:
    return value.target if isinstance(value, Lent) else value


def passes(case: Callable[[], bool], namespace: Namespace, stand_ins: Mapping[str, Any]) -> bool:
    """Whether a case passes, by itself or with other functions in the place of those that it stands on."""
    if case():
        return True
    if not stand_ins:
        return False
    with _covered(namespace, stand_ins):
        return case()


@contextmanager
def _covered(namespace: Namespace, stand_ins: Mapping[str, Any]) -> Iterator[None]:
    """Put other functions under some names for a while."""
    own = {name: namespace[name] for name in stand_ins if name in namespace}
    namespace.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            del namespace[name]
        namespace.update(own)
