"""Known mistakes of a unit, cheats, and correct variants: ``assignments/<unit>/mistakes.py``.

    from autograder.mistakes import cheat, edit, instead, mistake, variant
    from solutions import conv_layer as reference

    flips_kernel = mistake(
        edit(reference.conv2d_forward, "window, w)", "window, w[..., ::-1, ::-1])"),
        says="Your output equals the true convolution: the kernel is flipped.",
        hint="Compare the index of w with the index of x in the formula.")
    returns_zeros_of_the_right_size = cheat(instead(reference.conv2d_forward, only_the_size), most=0.1,
        says="Computes the size of the output and fills in zeros.")
    loops = variant(instead(reference.conv2d_forward, conv2d_forward_loops))

A mistake's name is its variable. Its price is the share of the task's points that it costs, as
``course prove`` measures and stores it, so that each change is reviewed; ``costs=(0.3, 0.6)`` bounds it
further. Checks of other tasks must not fail because of it. ``course prove`` holds all of this.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from ...base.errors import ConfigError
from .edits import Edit, spliced


@dataclass(frozen=True)
class Mistake:
    """A wrong implementation that students are known to write."""

    edits: tuple[Edit, ...]
    costs: tuple[float, float] | None  # least and greatest share of the task's points; None: as measured
    says: str  # the sentence for the student: what was seen
    hint: str = ""  # where to look
    task: str = ""  # the task that pays; the catalogue fills it in
    also: tuple[str, ...] = ()  # other tasks that may fail because of it
    name: str = ""  # the variable in mistakes.py; the catalogue fills it in
    copied: bool = False  # made of a mistake of another task (see ``copies``)

    @property
    def key(self) -> str:
        """What it is remembered by."""
        return f"{self.name}-{self.task}" if self.copied else self.name

    @cached_property
    def source(self) -> str:
        """The reference module's whole text with the mistake in it."""
        return spliced(self.edits)


@dataclass(frozen=True)
class Cheat:
    """A wrong program that costs little to write, and so must earn little."""

    edits: tuple[Edit, ...]
    most: float  # share of the task's points that it may earn
    says: str  # what it does, for staff
    task: str = ""  # the catalogue fills it in
    name: str = ""  # the variable in mistakes.py; the catalogue fills it in

    @cached_property
    def source(self) -> str:
        """The reference module's whole text with the cheat in it."""
        return spliced(self.edits)


@dataclass(frozen=True)
class Variant:
    """Another correct implementation, which must get full marks."""

    edits: tuple[Edit, ...]
    name: str = ""

    @cached_property
    def source(self) -> str:
        """The reference module's whole text with the variant in it."""
        return spliced(self.edits)


def mistake(
    *edits: Edit,
    costs: tuple[float, float] | None = None,
    says: str,
    hint: str = "",
    task: str | None = None,
    also: Iterable[str] = (),
) -> Mistake:
    """Declare a known mistake.

    Args:
        edits: of different definitions; several changes of one definition are one edit.
        costs: least and greatest share, 0 to 1, of the task's points that it may cost; where left out, it
            must cost what the stored proof says.
        says: one or two sentences for the student: what was seen, as an observation.
        hint: where to look, without the solution.
        task: the task that pays; by default the one that the first edited definition belongs to.
        also: other tasks whose checks may fail because of it, because they call this one.
    """
    return Mistake(_several(edits, "mistake"), costs, says, hint, task or "", tuple(also))


def cheat(*edits: Edit, most: float, says: str, task: str | None = None) -> Cheat:
    """Declare one of the cheapest wrong programs, which must not earn more than this on any paper.

    Args:
        edits: of different definitions.
        most: the greatest share, 0 to 1, of the task's points that it may earn.
        says: what it does, for staff.
        task: whose points are meant; by default those of the first edited definition.
    """
    return Cheat(_several(edits, "cheat"), most, says, task or "")


def variant(*edits: Edit) -> Variant:
    """Declare a correct variant of one or several definitions."""
    return Variant(_several(edits, "variant"))


def _several(edits: tuple[Edit, ...], word: str) -> tuple[Edit, ...]:
    if not edits or not all(isinstance(each, Edit) for each in edits):
        raise ConfigError(f"{word}(...) expects one or more edit(...) or instead(...), got {edits!r}")
    return edits
