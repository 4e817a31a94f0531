"""Values of a configuration: each field says what it wants and what came."""

from __future__ import annotations

import pytest

from autograder.base.errors import ConfigError
from autograder.course import load_course

UNIT = {"name": '"a"', "title": '"A"', "due": '"2027-01-17T12:00+00:00"', "hours": "1"}
OF_A_UNIT = {
    "name=3": r"units\[0\]\.name is 3, expected text",
    'name="A b"': r"units\[0\]\.name is 'A b', expected lower-case letters",
    'hours="one"': "unit 'a': hours is 'one', expected a number that is not negative",
    "hours=True": "unit 'a': hours is True, expected a number",
    "hours=-1": "unit 'a': hours is -1, expected a number that is not negative",
    'files=("a.csv")': r"unit 'a': files is 'a\.csv', expected a tuple",
    "libraries=(1,)": r"unit 'a': libraries\[0\] is 1, expected text",
    "limits=3": r"unit 'a': limits is 3, expected Limits\(\.\.\.\) or None",
    'runtime="jax"': "unit 'a': runtime is 'jax', expected 'numpy' or 'torch'",
    'due="soon"': "unit 'a': due is 'soon', expected ISO 8601",
}


def unit(**fields):
    """The text of a unit with these fields."""
    return f"Unit({', '.join(f'{name}={value}' for name, value in (UNIT | fields).items())})"


WRONG = {
    f"units=({unit()})": r"units is Unit\(.*expected a tuple, such as \(\.\.\.,\), of Unit\(\.\.\.\)",
    'units=("softmax",)': r"units\[0\] is 'softmax', expected Unit\(\.\.\.\)",
    "units=3": "units is 3, expected a tuple",
    f"units=({unit()}, {unit()})": "listed 2 times",
    "limits=None": r"limits is None, expected Limits\(\.\.\.\)",
    'limits=Limits(call_seconds=float("nan"))': "limits.call_seconds is nan, expected a positive number",
    'limits=Limits(call_seconds=float("inf"))': "limits.call_seconds is inf, expected a positive number",
    "limits=Limits(call_seconds=0)": "limits.call_seconds is 0, expected a positive number",
    "limits=Limits(memory_mib=1.5)": r"limits.memory_mib is 1\.5, expected a whole number",
    "late=None": r"late is None, expected LatePolicy\(\.\.\.\)",
    'late=LatePolicy(days="5")': "late.days is '5', expected a whole number",
    "late=LatePolicy(percent_per_day=-1)": "late.percent_per_day is -1",
    "data=3": "data is 3, expected text",
    "name=None": "name is None, expected text",
    "profiles=(1,)": r"profiles\[0\] is 1, expected Profile\(\.\.\.\)",
    'profiles=(Profile("s", "S", cpus=0),)': r"profiles\[0\].cpus is 0, expected a positive number",
    'profiles=(Profile("s", "S", gpus=-1),)': r"profiles\[0\].gpus is -1",
    "hint_tokens=3": r"hint_tokens is 3, expected HintTokens\(\.\.\.\) or None",
    "hint_tokens=HintTokens(start=None)": "hint_tokens.start is None, expected a number",
    'disclosure=Disclosure(verdicts="sometimes")': "disclosure.verdicts is 'sometimes', expected 'always'",
    "gradebook=3": "gradebook is 3, expected text or None",
    "mutants_killed=95": "mutants_killed is 95, expected a share from 0 to 1",
}


def course_of(folder, **fields):
    """Load a course with these fields."""
    given = {"name": '"c"', "title": '"C"', "units": f"({unit()},)"} | fields
    words = ", ".join(f"{name}={value}" for name, value in given.items())
    (folder / "course_config.py").write_text(f"from autograder.course import *\ncourse = Course({words})\n")
    return load_course(folder)


@pytest.mark.parametrize("field", WRONG)
def test_a_wrong_value_is_named(field, tmp_path):
    """The file, the field, what was expected and what came."""
    name, value = field.split("=", 1)
    with pytest.raises(ConfigError, match=r"^course_config\.py: .*" + WRONG[field]):
        course_of(tmp_path, **{name: value})


@pytest.mark.parametrize("field", OF_A_UNIT)
def test_a_wrong_value_of_a_unit_is_named(field, tmp_path):
    """The unit is told by its name, where it has one."""
    name, value = field.split("=", 1)
    with pytest.raises(ConfigError, match=r"^course_config\.py: .*" + OF_A_UNIT[field]):
        course_of(tmp_path, units=f"({unit(**{name: value})},)")


def test_right_values_are_taken(tmp_path):
    """Whole numbers for numbers, None where a field says so, zero where it means something."""
    course = course_of(
        tmp_path,
        limits="Limits(call_seconds=1)",
        late="LatePolicy(percent_per_day=0, days=0, grace_minutes=0)",
        hint_tokens="None",
        profiles='[Profile("s", "S", cpus=0.5)]',
    )
    assert course.unit("a").hours == 1


@pytest.mark.parametrize("ending", ['"x"', "", "3"])
def test_a_configuration_that_ends_python(tmp_path, ending):
    """It is an error as any other; no command ends without a word because of it."""
    (tmp_path / "course_config.py").write_text(f"import sys\nsys.exit({ending})\n")
    with pytest.raises(ConfigError, match=r"course_config\.py does not run: SystemExit"):
        load_course(tmp_path)
