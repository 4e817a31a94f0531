"""Independent solutions of a unit, and the mistakes that can be put into them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

FOLDER = Path(__file__).parent
MARK = "\nSLIPS = "
Changes = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Solution:
    """The text of one solution."""

    name: str
    text: str
    slips: dict[str, Changes]  # by the known mistake's name

    def slipped(self, *names: str) -> str:
        """The text with these mistakes in it.

        Raises:
            ValueError: a text that is to be replaced does not stand there exactly once.
        """
        text = self.text
        for name in names:
            for old, new in self.slips[name]:
                if text.count(old) != 1:
                    raise ValueError(f"{self.name}, {name}: {old!r} occurs {text.count(old)} times")
                text = text.replace(old, new)
        return text

    def parts(self, *names: str) -> frozenset[str]:
        """The mistakes that are made where these are: who turns all filters has turned one of them, too."""
        made = {change for name in names for change in self.slips[name]}
        return frozenset(name for name, changes in self.slips.items() if made.issuperset(changes))


@dataclass(frozen=True)
class Entry:
    """A solution with none, one or two mistakes in it."""

    solution: str
    mistakes: tuple[str, ...]
    text: str
    holds: frozenset[str] = frozenset()  # these mistakes, and those that are parts of them

    @property
    def key(self) -> str:
        """What it is stored by."""
        return f"{self.solution}: {' + '.join(self.mistakes) or 'right'}"


def read_solutions(unit: str) -> list[Solution]:
    """The solutions of a unit."""
    return [_read(path) for path in sorted((FOLDER / unit).glob("*.py")) if path.stem != "__init__"]


def _read(path: Path) -> Solution:
    text, _, slips = path.read_text(encoding="utf-8").partition(MARK)
    return Solution(path.stem, text, {k: tuple(map(tuple, v)) for k, v in ast.literal_eval(slips).items()})


def entries(solution: Solution, task_of: dict[str, str]) -> Iterator[Entry]:
    """The solution as it is, with each mistake, and with each two of one task that do not meet."""
    yield Entry(solution.name, (), solution.text)
    for name in solution.slips:
        yield Entry(solution.name, (name,), solution.slipped(name), solution.parts(name))
    for pair in combinations(solution.slips, 2):
        if task_of[pair[0]] == task_of[pair[1]]:
            text = _both(solution, pair)
            if text:
                yield Entry(solution.name, pair, text, solution.parts(*pair))


def _both(solution: Solution, pair: tuple[str, str]) -> str:
    """Both mistakes, where they can be made in either order; else nothing."""
    try:
        one, other = solution.slipped(*pair), solution.slipped(*pair[::-1])
    except ValueError:
        return ""
    return one if one == other else ""
