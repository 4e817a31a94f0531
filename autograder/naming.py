"""Which known mistake a submission made, told from its outputs.

A mistake is named for a task only if exactly one fits: with the same inputs it fails the
same checks of the task, passes the same, and gives the same answer to every call. The
submission's code is never looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .inside.wire import HandleRef
from .mistakes import Catalogue, Mistake, module_namespace
from .plugin import Outcome, Suite
from .student import Call
from .student.subjects import LocalSubject
from .verdicts import Verdict

WRONG = (Verdict.FAILED, Verdict.ERROR)  # what a known mistake can look like
RTOL = 1e-6  # two ways to write one mistake differ by rounding, which training amplifies


@dataclass
class Namer:
    """Compares submissions with the known mistakes of a unit; keeps what it has compiled."""

    suite: Suite
    catalogue: Catalogue
    _compiled: dict[str, LocalSubject] = field(default_factory=dict)
    _verdicts: dict[tuple[str, str], Verdict] = field(default_factory=dict)

    def name(self, outcomes: Mapping[str, Outcome], seeds: Mapping[str, int]) -> dict[str, Mistake]:
        """The mistake of each task with failed checks, where exactly one fits.

        Args:
            outcomes: how each check ended on the submission.
            seeds: the seeds that its checks ran with.
        """
        failed = {
            self.suite.marks[name].task for name, outcome in outcomes.items() if outcome.verdict in WRONG
        }
        found = {task: self._fitting(task, outcomes, seeds) for task in sorted(failed)}
        return {task: fitting[0] for task, fitting in found.items() if len(fitting) == 1}

    def verdicts(self, mistake: Mistake) -> dict[str, Verdict]:
        """How the checks of the tasks that a mistake may fail end on it."""
        tasks = (mistake.task, *mistake.also)
        return {mark.id: self._verdict(mistake, mark.id) for mark in self.suite.checks if mark.task in tasks}

    def learn(self, mistake: Mistake, verdicts: Mapping[str, Verdict]) -> None:
        """Take over what another process has found with ``verdicts``."""
        self._verdicts.update({(mistake.name, check): verdict for check, verdict in verdicts.items()})

    def subject(self, mistake: Mistake) -> LocalSubject:
        """The mistake, ready to stand trial in the submission's place."""
        if mistake.name not in self._compiled:
            namespace = module_namespace(mistake.source, mistake.name)
            self._compiled[mistake.name] = LocalSubject(namespace)
        return self._compiled[mistake.name]

    def _fitting(self, task: str, outcomes: Mapping[str, Outcome], seeds: Mapping[str, int]) -> list[Mistake]:
        candidates = [m for m in self.catalogue.mistakes.values() if task in (m.task, *m.also)]
        return [mistake for mistake in candidates if self._fits(mistake, task, outcomes, seeds)]

    def _fits(
        self, mistake: Mistake, task: str, outcomes: Mapping[str, Outcome], seeds: Mapping[str, int]
    ) -> bool:
        """Whether the mistake ends every check of the task as the submission does, with the same answers."""
        checks = [
            mark.id for mark in self.suite.checks if mark.task == task and _comparable(outcomes[mark.id])
        ]
        failed = [check for check in checks if outcomes[check].verdict in WRONG]
        passed = [check for check in checks if check not in failed]
        if any(self._verdict(mistake, c) is not outcomes[c].first.verdict for c in (*failed, *passed)):
            return False
        subject = self.subject(mistake)
        return all(
            same_outcome(
                outcomes[check].first,
                self.suite.run(check, subject, seeds[check], unrolled=False),
                task,
                self.suite.task_of,
            )
            for check in failed
        )

    def _verdict(self, mistake: Mistake, check: str) -> Verdict:
        """How a check ends on the mistake; the same whatever the seed, which the proof holds."""
        key = (mistake.name, check)
        if key not in self._verdicts:
            self._verdicts[key] = self.suite.run(check, self.subject(mistake), 0, unrolled=False).verdict
        return self._verdicts[key]


def same_outcome(left: Outcome, right: Outcome, task: str, task_of: Mapping[str, str]) -> bool:
    """Whether two trials of one check ended alike, with the same answers to the task's own calls."""
    if left.verdict is not right.verdict:
        return False
    calls = list(own_calls(left.transcript, task, task_of)), list(own_calls(right.transcript, task, task_of))
    if len(calls[0]) != len(calls[1]):
        return False
    return all(_same_call(*pair) for pair in zip(*calls, strict=True))


def own_calls(transcript: tuple[Call, ...], task: str, task_of: Mapping[str, str]) -> Iterator[Call]:
    """The calls of a transcript that are not of another task's functions."""
    return (call for call in transcript if is_own(call, task, task_of))


def is_own(call: Call, task: str, task_of: Mapping[str, str]) -> bool:
    """Whether a call is not of another task's function."""
    return task_of.get(call.name.split(".")[0], task) == task


def same_value(left: Any, right: Any) -> bool:
    """Whether two replies are equal up to rounding; objects that stayed behind are not looked into."""
    if isinstance(left, HandleRef) or isinstance(right, HandleRef):
        return isinstance(left, HandleRef) and isinstance(right, HandleRef)
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(map(same_value, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same_value(left[key], right[key]) for key in left)
    if _numeric(left) and _numeric(right):
        return same_array(plain(left), plain(right))
    return type(left) is type(right) and _equal(left, right)


def same_array(left: np.ndarray, right: np.ndarray) -> bool:
    """Shape, dtype (of integers only that they are), NaN at the same places, values up to rounding."""
    if left.shape != right.shape or left.dtype.kind != right.dtype.kind:
        return False
    if left.dtype.kind not in "fc":
        return bool(np.array_equal(left, right))
    if left.dtype != right.dtype:
        return False
    single = left.dtype.itemsize < 8
    scale = float(np.max(np.abs(right), initial=0.0, where=np.isfinite(right)))
    rtol = 1e-4 if single else RTOL
    return bool(np.allclose(left, right, rtol=rtol, atol=rtol * 1e-3 * scale, equal_nan=True))


def plain(value: Any) -> np.ndarray:
    """A number, array or tensor as a NumPy array."""
    return np.asarray(value.detach().numpy() if is_tensor(value) else value)


def is_tensor(value: Any) -> bool:
    """Whether a value is a torch tensor; asks no attribute, since an object of the student's would answer."""
    return type(value).__name__ in ("Tensor", "Parameter")


def _comparable(outcome: Outcome) -> bool:
    """A check that is blocked by another task says nothing of this one."""
    return outcome.verdict in (*WRONG, Verdict.PASSED)


def _same_call(left: Call, right: Call) -> bool:
    if (left.kind, left.name) != (right.kind, right.name):
        return False
    if left.fault is not None or right.fault is not None:
        return _raised(left) == _raised(right)
    return same_value(left.reply, right.reply) and same_value(left.left, right.left)


def _raised(call: Call) -> Any:
    claim = getattr(call.fault, "claim", None)
    return claim.get("class") if isinstance(claim, dict) else None


def _numeric(value: Any) -> bool:
    return isinstance(value, (int, float, complex, np.ndarray, np.generic)) or is_tensor(value)


def _equal(left: Any, right: Any) -> bool:
    """Plain equality, where a type has a useful one; a generator, say, has none."""
    return not isinstance(left, (bool, str, bytes, slice, np.dtype)) or bool(left == right)
