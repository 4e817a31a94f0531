"""The errors of the engine.

CourseError               what a person can put right; printed without a traceback
├── UsageError            a wrong word on the command line, or a missing program (exit code 2)
├── ConfigError           course_config.py, a unit's files or their agreement (exit code 2)
├── Unreadable            a submission that is no notebook; becomes a result, never stops a batch
└── SandboxFault          the isolation could not be set up; the verdict is BROKEN, never a student's
    └── NotInstalled      what it needs is not on this machine: nothing is graded (exit code 2)
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class CourseError(Exception):
    """What was expected, what came and what to do next, in one or two sentences."""


class UsageError(CourseError):
    """The command cannot be carried out as it was asked."""


class ConfigError(CourseError):
    """The course's own files contradict themselves or the engine."""


class Unreadable(CourseError):
    """A submitted file that cannot be read as a notebook; its text is for the student."""


class SandboxFault(CourseError):
    """A step of the isolation failed; its text is for the operator."""


class NotInstalled(SandboxFault):
    """The isolation needs a program or a library that this machine does not have."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence that offers the nearest known names, or lists them all.

    >>> did_you_mean("conv_layr", ["conv_layer", "gan"])
    'did you mean conv_layer?'
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=2, cutoff=0.6)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"known: {', '.join(names)}" if names else "none is known"
