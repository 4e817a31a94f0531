"""Mutants: one change each, where behaviour can change, with stable identifiers."""

import ast

import pytest

from autograder.unit.mistakes import array_operators
from autograder.unit.mistakes.mutants import mutants_of, operators

SOURCE = '''import numpy as np


def given(x):
    return x + 1


def scaled(x: "np.ndarray", axis: int = 0) -> "tuple[int, 2]":
    """Divide by the sum of 3 numbers."""
    if x.ndim > 2:
        raise ValueError(f"expected {1 + 1} axes")
    total: float = x.sum(axis=axis)
    return x / total
'''


@pytest.fixture
def module(tmp_path):
    path = tmp_path / "solution.py"
    path.write_text(SOURCE)
    return path


def changed(mutants):
    return [mutant.diff.split("\n+")[-1].strip() for mutant in mutants]


def test_each_mutant_is_one_change_of_a_released_name(module):
    """The rest of the module stays to the letter, and what is given is not mutated."""
    mutants = mutants_of(module, ["scaled"])
    assert {mutant.definition for mutant in mutants} == {"scaled"}
    for mutant in mutants:
        before, after = SOURCE.splitlines(), mutant.source.splitlines()
        assert len(before) == len(after)
        assert sum(a != b for a, b in zip(before, after, strict=True)) == 1
        ast.parse(mutant.source)


def test_expected_changes(module):
    """Operators, comparisons, numbers, defaults and NumPy's own slips are there."""
    lines = changed(mutants_of(module, ["scaled"]))
    assert "return x * total" in lines
    assert "if x.ndim >= 2:" in lines
    assert any("axis: int = 1" in line.replace("= ", "= ").replace("  ", " ") for line in lines)
    assert "total: float = x.mean(axis=axis)" in lines
    assert "total: float = x.sum()" in lines


def test_words_are_left_alone(module):
    """Docstrings, type hints and the words of an error are not behaviour."""
    for mutant in mutants_of(module, ["scaled"]):
        assert "Divide by the sum of 3 numbers." in mutant.source
        assert 'raise ValueError(f"expected {1 + 1} axes")' in mutant.source
        assert '-> "tuple[int, 2]":' in mutant.source


def test_no_two_alike(module):
    """Mutants that mean the same are counted once, and identifiers are unique."""
    mutants = mutants_of(module, ["given", "scaled"])
    assert len({ast.dump(ast.parse(mutant.source)) for mutant in mutants}) == len(mutants)
    assert len({mutant.id for mutant in mutants}) == len(mutants)


def test_identifiers_survive_changes_elsewhere(module):
    """A judgement of equivalence stays valid when another line of the function changes."""
    before = {mutant.id for mutant in mutants_of(module, ["scaled"]) if "total" in mutant.diff}
    module.write_text(SOURCE.replace("x.ndim > 2", "x.ndim > 3"))
    after = {mutant.id for mutant in mutants_of(module, ["scaled"]) if "total" in mutant.diff}
    assert before == after != set()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def f(a, b):\n    a += b\n", ["a = b", "a -= b", "pass"]),
        ("def f(a, b):\n    return a @ b.T\n", ["return a * b.T", "return a @ b"]),
        ("def f(a):\n    return a.transpose(1, 0)\n", ["return a"]),
        ("def f(a):\n    return np.transpose(a)\n", []),
        (
            "def f(a):\n    return a.sum(axis=(0, 2))\n",
            ["return a.sum(axis=(2,))", "return a.sum(axis=(0,))"],
        ),
        ("def f(a):\n    return np.maximum(a, b)\n", ["return np.minimum(a, b)"]),
        ("def f(a):\n    return a.mean(b, keepdims=True)\n", ["return a.mean(b)"]),
        ("def f(o):\n    o.zero_grad()\n", ["pass"]),
        ("def f(a):\n    a[0] = g(1)\n", ["pass"]),
    ],
)
def test_array_operators(tmp_path, code, expected):
    """The slips of array code that cosmic-ray does not know."""
    path = tmp_path / "m.py"
    path.write_text(code)
    own = {operator.__name__ for operator in array_operators.OPERATORS}
    lines = changed(mutant for mutant in mutants_of(path, ["f"]) if mutant.operator in own)
    assert [line for line in expected if line not in lines] == []
    if not expected:
        assert lines == []


def test_operators_of_the_library():
    """Most operators are cosmic-ray's; a new version that drops one is noticed here."""
    assert len(operators()) > 50
    assert all(hasattr(operator, "mutation_positions") for operator in operators().values())
