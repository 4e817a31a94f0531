"""Mistakes of one definition, made in another that is nearly its copy; and several mistakes made at once.

Whoever writes Adam without bias correction writes AdamW without it, too. Where a definition of another task
shares most of its lines with the one that a mistake changes, and has each changed line exactly once, the same
change makes the same mistake there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from ...base.errors import ConfigError
from .edits import Edit, definitions, spliced, text_of
from .entries import Mistake
from .hunks import likeness, moved, with_all

COPY = 0.6  # of the lines of the shorter definition, docstrings apart, that are the same in a copy


def copies(mistake: Mistake, task_of: Mapping[str, str]) -> Iterator[Mistake]:
    """The mistake in each copy of what it changes, under its name, at the expense of the copy's task.

    Args:
        mistake: of one definition; what is changed in several has no copy.
        task_of: the task of each name that students write.
    """
    tops = {edit.top for edit in mistake.edits}
    path, source = mistake.edits[0].path, tops.pop()
    if tops:
        return
    for name, task in task_of.items():
        if task != mistake.task and _is_copy(path, source, name):
            changed = _changed(mistake.edits, text_of(path, name))
            if changed is not None:
                edits = (Edit(path, name, changed),)
                yield replace(mistake, edits=edits, task=task, also=(), costs=None, copied=True)


def together(several: Iterable[Mistake]) -> str | None:
    """The text of the module with several mistakes in it; None where two of them change the same lines."""
    edits = sorted((edit for mistake in several for edit in mistake.edits), key=lambda edit: edit.name)
    merged = []
    for (path, name), same in groupby(edits, key=lambda edit: (edit.path, edit.name)):
        text = with_all(text_of(path, name), (edit.source for edit in same))
        if text is None:
            return None
        merged.append(Edit(path, name, text))
    try:
        return spliced(tuple(merged))
    except ConfigError:  # one changes a class, another a method of it; or both together are no Python
        return None


def _changed(edits: Iterable[Edit], text: str) -> str | None:
    for edit in edits:
        changed = moved(text_of(edit.path, edit.name), edit.source, text)
        if changed is None:
            return None
        text = changed
    return text


@lru_cache(maxsize=4096)
def _is_copy(path: Path, one: str, other: str) -> bool:
    return one != other and likeness(_bare(path, one), _bare(path, other)) >= COPY


@lru_cache(maxsize=512)
def _bare(path: Path, name: str) -> str:
    """A definition's text without docstrings; empty where the module has no such definition."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    node = definitions(tree).get(name)
    if node is None:
        return ""
    kept = set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    for part in ast.walk(node):
        if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and ast.get_docstring(
            part
        ):
            kept -= set(range(part.body[0].lineno, (part.body[0].end_lineno or 0) + 1))
    return "".join(line for number, line in enumerate(text.splitlines(keepends=True), 1) if number in kept)
