"""What is where in the text of a Python file."""

from __future__ import annotations

import ast

import pytest

from autograder.unit.source import first_line, imports, last_line, names_bound, names_free

MODULE = """\
import numpy as np, os.path
from .near import *

@first
@second(
    1)
def f(x):
    y = x
    return y + g

class C:
    z = f
"""


def test_lines_of_a_definition():
    """It begins with its first decorator and ends with its body."""
    places = [(first_line(node), last_line(node)) for node in ast.parse(MODULE).body]
    assert places == [(1, 1), (2, 2), (4, 9), (11, 12)]


@pytest.mark.parametrize(
    ("statement", "bound", "free"),
    [
        ("a, (b, *c) = d", "a b c", "d"),
        ("a[b].c = d", "", "a b d"),
        ("a: int = b", "a", "b int"),
        ("a += b", "a", "b"),
        ("for a in b:\n  c = a\nelse:\n  d = 1", "a c d", "b"),
        ("with a as b:\n  import c.d, e as f", "b c f", "a"),
        ("try:\n  a = 1\nexcept b as c:\n  pass", "a c", "b"),
        ("def a(b=c):\n  d = b + e\n  global g", "a", "c e g"),
        ("class a(b):\n  c = 1\n  def d(self): return e", "a", "b e"),
        ("a = [b for b in c if (d := b)]", "a d", "c"),
        ("a = lambda b: b + c", "a", "c"),
    ],
)
def test_names_that_a_statement_binds_and_needs(statement, bound, free):
    """What a function, a class or a comprehension binds is its own."""
    nodes = ast.parse(statement).body
    assert names_bound(*nodes) == set(bound.split())
    assert names_free(*nodes) - names_bound(*nodes) == set(free.split())


def test_modules_that_a_file_imports():
    """At any depth, with their lines; a relative one shows its dots."""
    found = list(imports(ast.parse(MODULE + "    def m(self):\n        from .. import d\n")))
    assert sorted(found) == [(1, "numpy"), (1, "os.path"), (2, ".near"), (14, "..")]
