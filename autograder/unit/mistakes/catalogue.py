"""What ``assignments/<unit>/mistakes.py`` declares, read and checked against the unit."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, TypeVar

from ...base.errors import ConfigError, did_you_mean
from ...course import Course, Unit
from ..master import read_tasks
from .edits import Edit, short
from .entries import Cheat, Mistake, Variant

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Catalogue:
    """What ``mistakes.py`` of one unit holds, by name and in the order of the file."""

    unit: str
    mistakes: dict[str, Mistake]
    cheats: dict[str, Cheat]
    variants: dict[str, Variant]
    equivalent: dict[str, str]  # mutants judged equivalent: identifier -> reason
    digest: str  # of the file's text


def load_catalogue(course: Course, unit: Unit | str) -> Catalogue:
    """Execute a unit's ``mistakes.py`` under a private module name and check what it declares.

    A unit without the file has an empty catalogue.

    Raises:
        ConfigError: the file does not run, or an entry in it contradicts the unit; it names the entry.
    """
    unit = course.unit(unit) if isinstance(unit, str) else unit
    if not unit.mistakes.is_file():
        return Catalogue(unit.name, {}, {}, {}, {}, _digest(""))
    text = unit.mistakes.read_text(encoding="utf-8")
    names = _executed(unit, text)
    tasks = tasks_of_names(unit)
    found = Catalogue(
        unit.name,
        {name: _placed(unit, name, each, tasks) for name, each in _of(Mistake, names)},
        {name: _bounded(unit, name, each, tasks) for name, each in _of(Cheat, names)},
        {name: replace(each, name=name) for name, each in _of(Variant, names)},
        _equivalent(unit, names),
        _digest(text),
    )
    _check_distinct(unit, {**found.mistakes, **found.cheats, **found.variants})
    return found


def _of(kind: type[Entry], names: dict[str, object]) -> Iterator[tuple[str, Entry]]:
    return ((name, each) for name, each in names.items() if isinstance(each, kind))


def _equivalent(unit: Unit, names: dict[str, object]) -> dict[str, str]:
    """The mutants that the unit judges equivalent, each with its reason."""
    equivalent = names.get("EQUIVALENT", {})
    if not isinstance(equivalent, dict) or not all(isinstance(r, str) and r for r in equivalent.values()):
        raise ConfigError(
            f"{short(unit.mistakes)}: EQUIVALENT is a dict of mutant identifiers to reasons, none empty: "
            "say of each why it computes the same"
        )
    return equivalent


def tasks_of_names(unit: Unit) -> dict[str, str]:
    """The task of each name that students write, read from the master's task cells.

    >>> tasks_of_names(unit)  # doctest: +SKIP
    {'conv_output_size': 'conv_output_size', 'im2col': 'im2col', 'col2im': 'im2col'}
    """
    if not unit.master.is_file():
        return {}
    tasks = read_tasks(unit.master, unit.name)
    return {name: task for task, names in tasks.items() for name in names}


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
    task = _task_of(where, each, tasks)
    for known in (task, *each.also):
        _check_task(where, known, tasks)
    return replace(each, name=name, task=task)


def _bounded(unit: Unit, name: str, each: Cheat, tasks: dict[str, str]) -> Cheat:
    """The cheat with its name and its task, checked."""
    where = f"{short(unit.mistakes)}: {name}"
    if not isinstance(each.most, (int, float)) or not 0 <= each.most < 1:
        raise ConfigError(f"{where}: most is {each.most!r}, expected 0 <= most < 1, a share of the task")
    if not each.says.strip():
        raise ConfigError(f"{where}: says is empty; write what the program does, for staff")
    task = _task_of(where, each, tasks)
    _check_task(where, task, tasks)
    return replace(each, name=name, task=task)


def _task_of(where: str, each: Mistake | Cheat, tasks: dict[str, str]) -> str:
    """Whose points are meant: as it says, or those of the task that defines what is edited first."""
    first = each.edits[0].top
    task = each.task or tasks.get(first) or ("" if tasks else first)
    if not task:
        raise ConfigError(f"{where}: no task's cell imports {first}; add task=... to it")
    return task


def _check_task(where: str, task: str, tasks: dict[str, str]) -> None:
    if tasks and task not in tasks.values():
        raise ConfigError(f"{where}: no task {task!r}: {did_you_mean(task, set(tasks.values()))}")


def _is_range(costs: Any) -> bool:
    numbers = isinstance(costs, tuple) and len(costs) == 2 and all(isinstance(c, (int, float)) for c in costs)
    return numbers and 0 < costs[0] <= costs[1] <= 1


def _check_distinct(unit: Unit, entries: dict[str, Mistake | Cheat | Variant]) -> None:
    """By their edits: to compile all modules takes long, and whoever grades needs few of them."""
    seen: dict[frozenset[Edit], str] = {}
    for name, each in entries.items():
        same = seen.setdefault(frozenset(each.edits), name)
        if same != name:
            raise ConfigError(f"{short(unit.mistakes)}: {name} is the same text as {same}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
