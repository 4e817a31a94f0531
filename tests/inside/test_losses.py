"""What a notebook lacks once it is loaded: broken cells, failed statements, decorators of missing modules."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.inside.program.loading import compile_program
from autograder.inside.program.losses import MOST_NAMES, names_bound


def report(*cells: str, mode: str = "slice", names: tuple[str, ...] = ("f",)) -> dict[str, Any]:
    """What loading these cells tells."""
    listed = [{"id": None, "task": None, "source": text, "index": at} for at, text in enumerate(cells)]
    return compile_program({"cells": listed, "names": list(names), "libraries": []}).execute(mode)[1]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("def f(x)\n    return x", ["f"]),
        ("async def f(x): pass\nclass G(f)\n    x = 1", ["f", "G"]),
        ("a = b = 1 +", ["a"]),
        ("a, b = 1 +", ["a", "b"]),
        ("a: int = 1 +", ["a"]),
        ("import numpy as np, os.path\nfrom m import (x as y, z)", ["np", "os", "y", "z"]),
        ("    def f(x)\n        return x\n    y = 1", ["f", "y"]),
        ("\tdef f(x)\n\t\ty = x", ["f"]),
        ("a == 1 +", []),
        ("a[0] = 1 +\na.b = 1\nprint(a = 1", []),
        ("else: a = 1\nif = 3\nclass\ndef", []),
        ("", []),
        ("é = (", ["é"]),
    ],
)
def test_names_of_a_text_that_is_no_python(text: str, names: list[str]) -> None:
    """Definitions, imports and assignments at its own margin."""
    assert names_bound(text) == names


def test_a_long_text_names_not_too_many() -> None:
    """What travels to the judge is bounded."""
    names = names_bound(
        "\n".join(f"x{number} = (" for number in range(10 * MOST_NAMES)) + f"\n{'y' * 500} = 1"
    )
    assert len(names) == MOST_NAMES


def test_a_broken_cell_tells_what_is_needed_of_it() -> None:
    """What a task uses and no other cell binds."""
    (error,) = report("a = 1\nb = 2\nc = (", "b = 3", "def f(x):\n    return a + b")["syntax_errors"]
    assert error["names"] == ["a", "b", "c"] and error["needed"] == ["a"]
    (error,) = report("def f(x)\n    return x")["syntax_errors"]
    assert error["needed"] == ["f"]


@pytest.mark.parametrize(("mode", "names"), [("slice", ["b", "d"]), ("whole", ["b", "c"])])
def test_a_failed_statement_tells_what_it_leaves_unbound(mode: str, names: list[str]) -> None:
    """In a run of everything, the rest of its cell as well; what another cell gave (d) is there then."""
    (error,) = report("d = 0", "a = 1\nb, d = 1 / 0, 2\nc = a", "def f(x):\n    return b + d", mode=mode)[
        "errors"
    ]
    assert error["names"] == names


@pytest.mark.parametrize(
    "decorator", ["@d2l.add_to_class(f)", "@d2l.torch.patch", "@add_to_class(f)", "@other\n@d2l.x.y(f)(1)"]
)
def test_a_decorator_of_a_missing_module_leaves_its_function_in_no_class(decorator: str) -> None:
    """Whatever is called or looked up on the way from the module."""
    cells = (
        "import d2l\nfrom d2l.torch import add_to_class\n\ndef other(x):\n    return x",
        "class f:\n    pass",
        f"{decorator}\ndef backward(self):\n    pass\n\n@other\ndef forward(self):\n    pass",
    )
    line = decorator.count("\n") + 2
    (found,) = report(*cells)["in_no_class"]
    assert found == {"name": "backward", "module": "d2l", "cell": 3, "line": line}
