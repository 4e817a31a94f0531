"""Percent text cut into cells, without jupytext, whose import takes half a second.

    # %% [markdown] written="why" points=4      a marker: what kind of cell, and its options
    # Why?                                      the cell, up to the next marker

Whoever grades needs the tasks of a notebook and no more. What the text is as a notebook is for
jupytext to say: ``master`` holds the two against each other whenever a release is built.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any

_MARKER = re.compile(r"#\s*%%+(?:\s+(?P<rest>.*))?")  # and not a commented magic: # %%time
_MARKDOWN = re.compile(r"\[(?:markdown|md)\]")
_OPTION = re.compile(
    r"""(?P<name>\w+)=(?P<value>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\[[^\]]*\]|[^\s"'\[\]{}]+)"""
)
_WORDS = {"true": True, "false": False}  # as jupytext writes them


@dataclass(frozen=True)
class RawCell:
    """One cell as it stands in the text; that of a markdown cell is a comment."""

    markdown: bool
    options: dict[str, Any]
    source: str
    line: int  # of its marker


def raw_cells(text: str) -> list[RawCell]:
    """The cells of a text; what stands above the first marker is in none."""
    lines = text.splitlines()
    marked = [(number, found) for number, line in enumerate(lines, 1) if (found := _MARKER.fullmatch(line))]
    ends = [number - 1 for number, _ in marked[1:]] + [len(lines)]
    return [
        _cell(found["rest"] or "", "\n".join(lines[number:end]), number)
        for (number, found), end in zip(marked, ends, strict=False)
    ]


def _cell(rest: str, source: str, line: int) -> RawCell:
    options = {found["name"]: _value(found["value"]) for found in _OPTION.finditer(rest)}
    return RawCell(_MARKDOWN.search(_OPTION.sub("", rest)) is not None, options, source, line)


def _value(text: str) -> Any:
    try:
        return _WORDS[text] if text in _WORDS else ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
