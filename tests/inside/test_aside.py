"""An assignment that is set aside may fail: what it binds keeps its value, or is None."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from autograder.inside.program.loading import compile_program


def namespace(source: str, line: int, **more: Any) -> dict[str, Any]:
    """What a notebook of one cell binds, with a line set aside."""
    cells = [{"id": None, "task": "f", "source": source, "index": 3}]
    program = {"cells": cells, "names": ["f"], "libraries": [], "aside": [4, line], **more}
    return compile_program(program).execute("slice")[0]


@pytest.mark.parametrize(
    ("body", "given"),
    [
        ("    a = x.gone\n    return a, 2", (None, 2)),
        ("    a = (\n        x.gone\n    )\n    return a, 2", (None, 2)),
        ("    a, (b, *c) = x.gone\n    return a, b, c", (None, None, None)),
        ("    a = b = x.gone\n    return a, b", (None, None)),
        ("    a: int = x.gone\n    return a", None),
        ("    x = x.gone\n    return x", 5),
        ("    x += 'no number'\n    return x", 5),
        ("    x = [x]; x[1] = 0\n    return x", [5]),
        ("    for i in (1, 0): a = i / i\n    return a", 1.0),
        ("    a = x + 1\n    return a", 6),
    ],
)
def test_what_an_assignment_binds(body: str, given: Any) -> None:
    """None where nothing was bound before; in whatever form it stands."""
    assert namespace(f"def f(x):\n{body}\n", 2)["f"](5) == given


def test_a_line_within_the_statement() -> None:
    """Python names the line of the part that raised."""
    assert (
        namespace("def f(x):\n    a = [\n        1,\n        x.gone,\n    ]\n    return a\n", 4)["f"](5)
        is None
    )


@pytest.mark.parametrize("line", ["return x.gone", "x.gone()", "assert x.gone", "if x.gone: pass"])
def test_other_lines_stay(line: str) -> None:
    """Without an assignment nothing is missing: such a line raises as it did."""
    with pytest.raises(AttributeError):
        namespace(f"def f(x):\n    {line}\n    return 1\n", 2)["f"](5)


def test_other_lines_and_cells_are_as_they_were() -> None:
    """Also their numbers in tracebacks."""
    function = namespace("def f(x):\n    a = x.gone\n    b = x.lost\n    return a, b\n", 2)["f"]
    with pytest.raises(AttributeError, match="lost") as caught:
        function(5)
    assert traceback.extract_tb(caught.value.__traceback__)[-1].lineno == 3
    other = namespace("def f(x):\n    a = x.gone\n    return a\n", 2, aside=[5, 2])["f"]
    with pytest.raises(AttributeError, match="gone"):
        other(5)


def test_what_is_no_error_is_not_held_up() -> None:
    """An exit, or an interrupt, is not swallowed."""
    with pytest.raises(SystemExit):
        namespace("def f(x):\n    a = stop()\n    return a\n\ndef stop():\n    raise SystemExit\n", 2)["f"](5)
