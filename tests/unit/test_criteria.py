"""Reading the marks of a grader without running it."""

import pytest

from autograder.base.errors import ConfigError
from autograder.unit.criteria import points_by_task, read_criteria

CHECK = '''
@pytest.mark.task("conv", points=3{more})
def test_stride(student):
    """{title}

    More for staff."""
'''


def grader(tmp_path, text):
    path = tmp_path / "grader.py"
    path.write_text(text)
    return path


def test_a_mark_is_read_as_it_stands(tmp_path):
    """Name, task, points, options, first line of the docstring and line number arrive."""
    text = "raise SystemExit('read, not run')\n" + CHECK.format(more=", law=True", title="Stride 2.")
    (mark,) = read_criteria(grader(tmp_path, text))
    assert (mark.id, mark.task, mark.points, mark.title) == ("test_stride", "conv", 3.0, "Stride 2.")
    assert mark.law
    assert not mark.bonus
    assert mark.on == ()
    assert mark.line == 4


def test_parametrised_checks_are_one_check(tmp_path):
    """Further decorators do not multiply points."""
    text = "\n@pytest.mark.parametrize('n', [1, 2])" + CHECK.format(more="", title="T.")
    assert len(read_criteria(grader(tmp_path, text))) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CHECK.format(more=", bonus=3", title="T."), "bonus is 3, expected True or False"),
        (CHECK.format(more=", bonnus=True", title="T."), "did you mean bonus?"),
        (CHECK.format(more=", mirror=False", title="T."), "mirror= is gone, since only what right(...)"),
        (CHECK.format(more=", isolate=True", title="T."), "isolate= is gone, since what is passed on"),
        (CHECK.format(more=", on='im2col'", title="T."), "on is 'im2col', expected a tuple of names"),
        (CHECK.partition('    """')[0].format(more="") + "    pass", "no docstring"),
        (CHECK.replace("3{more}", "BASE"), "points is 'BASE', expected a literal"),
        (CHECK.replace("3{more}", "-1"), "expected a positive number"),
        (CHECK.replace("3{more}", "float('nan')"), "expected a literal"),
        (CHECK.replace("points=3{more}", "law=True"), "points is None"),
        (CHECK.format(more="", title="T.").replace('"conv", ', ""), "task's name as the only positional"),
        ("def test_bare(student):\n    '''T.'''", "has no mark"),
        (CHECK.format(more="", title="T.") * 2, "defined twice"),
        ("def test_(:", "not valid Python"),
    ],
)
def test_an_error_names_file_and_line(tmp_path, text, said):
    """Whatever is wrong with a mark is said with the place."""
    with pytest.raises(ConfigError, match=r"grader\.py:\d+") as caught:
        read_criteria(grader(tmp_path, text))
    assert said in str(caught.value)


def test_a_missing_grader_is_said(tmp_path):
    """The file that is missing is named."""
    with pytest.raises(ConfigError, match=r"grader\.py is missing"):
        read_criteria(tmp_path / "grader.py")


def test_bonus_points_do_not_count_to_the_core(tmp_path):
    """A task's points are its core checks'; bonus checks are summed apart."""
    text = "".join(
        f'@pytest.mark.task("{task}", points={points}, bonus={bonus})\ndef test_{i}(student):\n    """T."""\n'
        for i, (task, points, bonus) in enumerate([("a", 60, False), ("b", 5, True), ("a", 0.5, True)])
    )
    first, second = points_by_task(read_criteria(grader(tmp_path, text)))
    assert (first.name, first.points, first.max_bonus, first.bonus) == ("a", 60.0, 0.5, False)
    assert (second.name, second.points, second.max_bonus, second.bonus) == ("b", 0.0, 5.0, True)
