"""The leak check."""

import ast

import pytest

from autograder.base.errors import ConfigError
from autograder.unit.leaks import Text, find_leaks, normal, secrets_of

REFERENCE = '''
def forward(x, w):
    """Docstring: anything goes here, it is released."""
    import math
    n = len(x)
    out = 0
    for i in range(n):
        out += x[i] * w[n - 1 - i] + math.pi * 2
    return out
'''


def leaks(source, *, reference=REFERENCE, python=True, excused=False, given=(), exceptions=(), machine=()):
    secrets = secrets_of([("solutions/f.py", ast.parse(reference))], given, exceptions)
    found = find_leaks([Text("cell", source, python, excused)], secrets, machine)
    return [leak.code for leak in found]


def test_one_long_statement_is_a_leak_whatever_its_layout():
    """Layout, comments, brackets and nesting hide nothing."""
    hidden = "if True:\n  def f():\n    out += (x[i] *   # secret\n      w[n-1-i]) + math.pi*2"
    assert leaks(hidden) == ["out += x[i] * w[n - 1 - i] + math.pi * 2"]


def test_two_short_statements_in_a_row_are_a_leak():
    """Consecutive ones, loops with their headers included."""
    assert leaks("n = len(x)\nout = 0") == ["n = len(x); out = 0"]
    assert leaks("out = 0\nfor i in range(n):\n    print(i)") == ["out = 0; for i in range(n):"]


def test_one_short_statement_is_none():
    """Everybody writes n = len(x); in another order, two short ones are no solution either."""
    assert leaks("n = len(x)") == []
    assert leaks("out = 0\nn = len(x)") == []


def test_prose_and_strings_are_searched_too():
    """Code in Markdown, in a docstring or in a comment is found by its characters."""
    text = "Hint: write `out += x[i] * w[n-1-i] + math.pi*2` in the loop."
    assert leaks(text, python=False) == ["out += x[i] * w[n - 1 - i] + math.pi * 2"]
    assert leaks(f"# {text}") == leaks(text, python=False)


def test_signatures_docstrings_and_imports_are_no_secret():
    """What a stub shows is not reported."""
    assert (
        leaks('import math\ndef forward(x, w):\n    """Docstring: anything goes here, it is released."""')
        == []
    )


def test_class_level_code_and_branches_count():
    """A class body, except branches and match cases are searched as well."""
    reference = (
        "class A:\n    size: int = 3\n    def f(self):\n        try:\n            a = 1\n"
        "        except E:\n            b = 2\n            c = 3\n    __radd__ = f\n    __rmul__ = f\n"
    )
    assert leaks("b = 2\nc = 3", reference=reference) == ["b = 2; c = 3"]
    assert leaks("__radd__ = f\n__rmul__ = f", reference=reference) == ["__radd__ = f; __rmul__ = f"]
    assert leaks("size: int = 3", reference=reference) == []


def test_what_the_unit_gives_away_is_no_secret():
    """Definitions that are given, listed statements and excused cells are not reported."""
    long = "out += x[i] * w[n - 1 - i] + math.pi * 2"
    assert leaks(long, given=[ast.parse(REFERENCE).body[0]]) == []
    assert leaks(long, exceptions=["out+=x[i]*w[n-1-i]+math.pi*2"]) == []
    assert leaks("out = 0\nfor i in range(n):\n    print(i)", exceptions=["for i in range(n):"]) == []
    assert leaks(long, excused=True) == []


def test_an_exception_that_matches_nothing_is_refused():
    """A list of exceptions cannot outlive what it was written for."""
    with pytest.raises(ConfigError, match="'y = 3', which is no statement of the reference"):
        leaks("x = 1", exceptions=["y = 3"])
    with pytest.raises(ConfigError, match="no Python statement"):
        normal("no statement of Python")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("open('/home/ada/x.npz')", ["/home/ada"]),
        (r"C:\Users", [r"C:\Users"]),
        ("see /srv/course", ["/srv/course"]),
        ("https://example.org/home/page and data/home/x", []),
        ("x/var + y", []),
        ("in /opt-in", []),
        ("my folder is /here/it/is", ["/here/it"]),
    ],
)
def test_paths_of_the_machine_are_found(text, found):
    """Absolute paths that name a machine are leaks even in an excused cell; addresses are not."""
    assert leaks(text, python=False, excused=True, machine=["/here/it"]) == found
