"""Known mistakes of a unit, and correct variants: ``assignments/<unit>/mistakes.py``.

    from autograder.mistakes import edit, instead, mistake, variant
    from solutions import conv_layer as reference

    flips_kernel = mistake(
        edit(reference.conv2d_forward, "window, w)", "window, w[..., ::-1, ::-1])"),
        says="Your output equals the true convolution: the kernel is flipped.",
        hint="Compare the index of w with the index of x in the formula.")
    loops = variant(instead(reference.conv2d_forward, conv2d_forward_loops))

A mistake's name is its variable. Its price is the share of the task's points that it costs, as
``course prove`` measures and stores it, so that each change is reviewed; ``costs=(0.3, 0.6)`` bounds it
further. Checks of other tasks must not fail because of it. ``course prove`` holds all of this.
"""

from __future__ import annotations

import ast
import hashlib
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from types import ModuleType
from typing import Any

from ...base.errors import ConfigError, did_you_mean
from ...course import Course, Unit
from .edits import Edit, edit, instead, module_namespace, short, spliced


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

    @cached_property
    def source(self) -> str:
        """The reference module's whole text with the mistake in it."""
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


@dataclass(frozen=True)
class Catalogue:
    """What ``mistakes.py`` of one unit holds, by name and in the order of the file."""

    unit: str
    mistakes: dict[str, Mistake]
    variants: dict[str, Variant]
    equivalent: dict[str, str]  # mutants judged equivalent: identifier -> reason
    digest: str  # of the file's text


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


def variant(*edits: Edit) -> Variant:
    """Declare a correct variant of one or several definitions."""
    return Variant(_several(edits, "variant"))


def load_catalogue(course: Course, unit: Unit | str) -> Catalogue:
    """Execute a unit's ``mistakes.py`` under a private module name and check what it declares.

    A unit without the file has an empty catalogue.

    Raises:
        ConfigError: the file does not run, or an entry in it contradicts the unit; it names the entry.
    """
    unit = course.unit(unit) if isinstance(unit, str) else unit
    if not unit.mistakes.is_file():
        return Catalogue(unit.name, {}, {}, {}, _digest(""))
    text = unit.mistakes.read_text(encoding="utf-8")
    names = _executed(unit, text)
    tasks = tasks_of_names(unit)
    found = {name: each for name, each in names.items() if isinstance(each, (Mistake, Variant))}
    mistakes = {
        name: _placed(unit, name, each, tasks) for name, each in found.items() if isinstance(each, Mistake)
    }
    variants = {name: replace(each, name=name) for name, each in found.items() if isinstance(each, Variant)}
    _check_distinct(unit, {**mistakes, **variants})
    equivalent = names.get("EQUIVALENT", {})
    if not isinstance(equivalent, dict) or not all(
        isinstance(reason, str) and reason for reason in equivalent.values()
    ):
        raise ConfigError(f"{short(unit.mistakes)}: EQUIVALENT is a dict of mutant identifiers to reasons")
    return Catalogue(unit.name, mistakes, variants, equivalent, _digest(text))


def tasks_of_names(unit: Unit) -> dict[str, str]:
    """The task of each name that students write, read from the master's task cells.

    >>> tasks_of_names(unit)  # doctest: +SKIP
    {'conv_output_size': 'conv_output_size', 'im2col': 'im2col', 'col2im': 'im2col'}
    """
    if not unit.master.is_file():
        return {}
    cells = re.split(r"^# %%", unit.master.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    found: dict[str, str] = {}
    for header, _, body in (cell.partition("\n") for cell in cells):
        task = re.search(r"\btask=[\"'](\w+)[\"']", header)
        if task:
            found |= dict.fromkeys(_imported(body, unit), task[1])
    return found


def _imported(body: str, unit: Unit) -> list[str]:
    imports = [node for node in ast.parse(body).body if isinstance(node, ast.ImportFrom)]
    return [alias.name for node in imports if node.module == f"solutions.{unit.name}" for alias in node.names]


def _several(edits: tuple[Edit, ...], word: str) -> tuple[Edit, ...]:
    if not edits or not all(isinstance(each, Edit) for each in edits):
        raise ConfigError(f"{word}(...) expects one or more edit(...) or instead(...), got {edits!r}")
    return edits


def _executed(unit: Unit, text: str) -> dict[str, object]:
    """The file's names. Not imported: another course's unit of the same name must not be met here."""
    module = ModuleType(f"_mistakes_of_{unit.name}")
    module.__file__ = str(unit.mistakes)
    sys.modules[module.__name__] = module
    try:
        exec(compile(text, str(unit.mistakes), "exec"), module.__dict__)
    except ConfigError:
        raise
    except (Exception, SystemExit) as error:
        raise ConfigError(f"{short(unit.mistakes)} does not run: {type(error).__name__}: {error}") from error
    finally:
        del sys.modules[module.__name__]
    return module.__dict__


def _placed(unit: Unit, name: str, each: Mistake, tasks: dict[str, str]) -> Mistake:
    """The mistake with its name and its task, checked."""
    where = f"{short(unit.mistakes)}: {name}"
    if each.costs is not None and not _is_range(each.costs):
        raise ConfigError(
            f"{where}: costs are {each.costs}, expected (least, greatest) with 0 < least <= greatest <= 1, "
            "shares of the task; or leave them out"
        )
    if not each.says.strip():
        raise ConfigError(f"{where}: says is empty; write the sentence that the student reads")
    task = each.task or tasks.get(each.edits[0].top) or ("" if tasks else each.edits[0].top)
    if not task:
        raise ConfigError(f"{where}: no task's cell imports {each.edits[0].top}; add task=... to the mistake")
    for known in (task, *each.also):
        if tasks and known not in tasks.values():
            raise ConfigError(f"{where}: no task {known!r}: {did_you_mean(known, set(tasks.values()))}")
    return replace(each, name=name, task=task)


def _is_range(costs: Any) -> bool:
    numbers = isinstance(costs, tuple) and len(costs) == 2 and all(isinstance(c, (int, float)) for c in costs)
    return numbers and 0 < costs[0] <= costs[1] <= 1


def _check_distinct(unit: Unit, entries: dict[str, Mistake | Variant]) -> None:
    """By their edits: to compile all modules takes long, and whoever grades needs few of them."""
    seen: dict[frozenset[Edit], str] = {}
    for name, each in entries.items():
        same = seen.setdefault(frozenset(each.edits), name)
        if same != name:
            raise ConfigError(f"{short(unit.mistakes)}: {name} is the same text as {same}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


__all__ = [
    "Catalogue",
    "Edit",
    "Mistake",
    "Variant",
    "edit",
    "instead",
    "load_catalogue",
    "mistake",
    "module_namespace",
    "tasks_of_names",
    "variant",
]
