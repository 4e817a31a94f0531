"""The page of a submission in formgrader, drawn in a process of its own so that nobody else waits for it.

What takes too long as a whole is drawn again as it was typed; what is still too much, without outputs and
without cells of the student's own. So a reader always has the answers and the fields for marks and comments.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

from ..base.apart import Bounds, NoAnswer, call_apart, prepare
from ..base.text import legible
from .page_filters import PLAIN
from .settings import page_config

PREPARED = f"{__package__}.page_first"
LAID_OUT = Bounds(seconds=20.0, memory_mib=1500, answer_mib=64)
AS_TYPED = "Parts of this submission cannot be laid out ({}), so all of it is shown as it was typed."
SHORTENED = (
    "This submission is too much to show ({}): outputs and the cells that the student added are left out, "
    "and long answers are cut. The link with the student's name opens the notebook on a server of its own."
)
SHORT = 5_000  # characters of an answer that is cut
_MATHJAX: ContextVar[str] = ContextVar("mathjax")  # the address that the page at hand is to use
WAYS = ("", AS_TYPED, SHORTENED)


def get_ready() -> None:
    """Begin to load what pages need, so that the first reader does not wait for it."""
    prepare([PREPARED])


def draw(file: Path, resources: Mapping[str, Any], mathjax: str, bounds: Bounds = LAID_OUT) -> str:
    """The page as HTML.

    Args:
        file: the notebook, as the projection wrote it.
        resources: what nbgrader's template is told: plain data.
        mathjax: the address of MathJax's script.
        bounds: of each try.

    Raises:
        NoAnswer: there is no such file, or it is no notebook.
    """
    why = ""
    for way in WAYS:
        try:
            told = dict(resources, trouble=way.format(why))
            return call_apart(drawn, str(file), told, mathjax, WAYS.index(way), bounds=bounds)
        except NoAnswer as error:
            why = str(error)
    raise NoAnswer(why)


def drawn(file: str, resources: dict[str, Any], mathjax: str, way: int) -> str:
    """The page in one of the ``WAYS``; it runs in a process of its own."""
    return page_of(json.loads(Path(file).read_bytes()), resources, mathjax, way)


def page_of(notebook: dict[str, Any], resources: Mapping[str, Any], mathjax: str, way: int = 0) -> str:
    """The page of a notebook as the projection made it, or nbgrader, which writes texts as lists of lines."""
    from nbformat.v4.nbjson import JSONReader

    node = JSONReader().to_notebook(notebook)
    if way == WAYS.index(SHORTENED):
        node.cells = [_shortened(cell) for cell in node.cells if "nbgrader" in cell.metadata]
    _MATHJAX.set(mathjax)
    told = {name: legible(value) if isinstance(value, str) else value for name, value in resources.items()}
    page, _ = _exporter().from_notebook_node(node, resources={**told, PLAIN: way > 0})
    return str(page)


def _shortened(cell: Any) -> Any:
    left = len(cell.source) - SHORT
    if left > 0:
        cell.source = f"{cell.source[:SHORT]} … ({left:,} more characters)"
    if cell.cell_type == "code":
        cell.outputs = []
    cell.pop("attachments", None)
    return cell


@cache
def _exporter() -> Any:
    from nbconvert.exporters import HTMLExporter

    exporter = HTMLExporter(config=page_config())
    exporter.environment.globals["mathjax_address"] = _MATHJAX.get  # asked by a macro, which is loaded once
    return exporter
