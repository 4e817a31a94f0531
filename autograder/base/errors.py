"""The errors of the engine.

CourseError               what a person can put right; printed without a traceback
├── UsageError            a wrong word on the command line, or a missing program (exit code 2)
├── ConfigError           course_config.py, a unit's files or their agreement (exit code 2)
├── Unreadable            a submission that is no notebook; becomes a result, never stops a batch
├── NotStored             a file cannot be written: full, read-only or in the way (exit code 2)
└── SandboxFault          the isolation could not be set up; the verdict is BROKEN, never a student's
    └── NotInstalled      what it needs is not on this machine: nothing is graded (exit code 2)
"""

from __future__ import annotations

import difflib
import errno
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

DISTRIBUTION = "course-autograder"


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


class NotStored(CourseError, OSError):
    """A result could not be written; the next one could not either, so a batch ends."""


WHAT_TO_DO = {
    errno.ENOSPC: "Free some space there, or write to another place.",
    errno.EDQUOT: "Free some space there, or write to another place.",
    errno.EACCES: "Change its permissions or its owner, or write to another place.",
    errno.EPERM: "Change its permissions or its owner, or write to another place.",
    errno.EROFS: "Write to another place, or mount that one for writing.",
    errno.ENOENT: "Make the folder first, or name another place.",
    errno.EEXIST: "A file stands where a folder belongs: name another place, or move it away.",
    errno.ENOTDIR: "A file stands where a folder belongs: name another place, or move it away.",
    errno.EISDIR: "A folder stands where a file belongs: name another place, or move it away.",
}


@contextmanager
def naming(path: Path | str) -> Iterator[None]:
    """Let an ``OSError`` say which path was meant: a full disk names none, and a partial file is no help."""
    try:
        yield
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise


def in_words(error: OSError) -> str:
    """What a path could not be used for, why, and what to do next.

    >>> in_words(OSError(28, "No space left on device", "/data/x.csv"))
    '/data/x.csv: No space left on device. Free some space there, or write to another place.'
    """
    where = error.filename2 or error.filename
    said = error.strerror or str(error) or type(error).__name__
    advice = WHAT_TO_DO.get(error.errno or 0, "Put that right, and run the command again.")
    return f"{where}: {said}. {advice}" if where else f"{said}. {advice}"


def not_installed(module: str) -> str | None:
    """How to install the extra of this distribution that brings a module; None where none does."""
    wanted = _normal(module.split(".")[0])
    several = metadata.distributions(name=DISTRIBUTION)  # a build may have left another in the checkout
    for line in (line for each in several for line in each.requires or ()):
        found = re.match(r"""([A-Za-z0-9._-]+).*;\s*extra\s*==\s*["'](.+?)["']""", line)
        if found and _normal(found[1]) == wanted:
            return f"{module} is not installed. Run: pip install '{DISTRIBUTION}[{found[2]}]'"
    return None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


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
