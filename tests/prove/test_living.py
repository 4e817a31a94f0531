"""Mutants that live are printed as lines for EQUIVALENT."""

import pytest

from autograder.prove.killing import Killing
from autograder.unit.mistakes.mutants import Mutant


def mutant(number, name, old, new):
    return Mutant(f"{number:010x}", name, "NumberReplacer", f"@@ {name} @@\n-    {old}\n+    {new}", "")


LIVING = (
    mutant(1, "scale", "if factor < 0:", "if factor <= 0:"),
    mutant(2, "total", "return x", "return +x"),
    mutant(3, "scale", "return 2 * x", "return x * 2"),
)
ALL = """EQUIVALENT = {
    # --- scale
    # -    if factor < 0:
    # +    if factor <= 0:
    "0000000001": "",
    # -    return 2 * x
    # +    return x * 2
    "0000000003": "",
    # --- total
    # -    return x
    # +    return +x
    "0000000002": "",
}"""


def test_the_lines_are_grouped_by_definition():
    """Each with its change as a comment and a reason to fill in; the whole dict where there is none yet."""
    assert Killing({}, LIVING, {}).to_paste() == ALL


def test_the_lines_go_into_a_dict_that_is_there():
    """What has its reason is not printed again."""
    lines = Killing({}, LIVING, {"0000000001": "zero is a matter of taste"}).to_paste()
    assert lines.splitlines()[:2] == ["    # --- total", "    # -    return x"]
    assert "0000000001" not in lines
    assert not lines.endswith("}")


@pytest.mark.parametrize("survivors", [(), LIVING[:1]])
def test_where_all_are_explained_nothing_is_printed(survivors):
    """No empty dict either."""
    assert Killing({"x": "test_a"}, survivors, {"0000000001": "a reason"}).to_paste() == ""


def test_what_is_pasted_is_python():
    """The lines are a dict of the identifiers, whatever the changed lines hold."""
    odd = mutant(4, "scale", 'print("' + "x" * 200 + '")', "pass  # '''")
    names = {}
    exec(Killing({}, (*LIVING, odd), {}).to_paste(), names)
    assert names["EQUIVALENT"] == {f"{number:010x}": "" for number in (1, 2, 3, 4)}
