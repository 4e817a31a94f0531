"""The vocabulary page has every word that a check or a mistakes.py may use, and no other."""

import inspect
import re
from pathlib import Path

from autograder import checks, mistakes
from autograder.checks import Draw, chance
from autograder.student import Student
from autograder.unit.criteria import GONE, OPTIONS
from autograder.unit.mistakes.entries import cheat, mistake

PAGE = (Path(__file__).parents[2] / "docs" / "instructors" / "vocabulary.md").read_text(encoding="utf-8")
FOR_THE_JUDGE = {"begin", "end", "court"}


def public(kind):
    return {name for name, value in vars(kind).items() if not name.startswith("_") and callable(value)}


def test_every_word_of_checks_is_there():
    """As code, with its brackets or without."""
    for name in {*checks.__all__, *mistakes.__all__} - {"Draw"}:
        assert re.search(rf"`[^`\n]*\b{name}\b", PAGE), name


def test_what_student_and_draw_offer_is_there():
    """Every method that is not the judge's, and the laws of chance."""
    for name in public(Student) - FOR_THE_JUDGE:
        assert f"`student.{name}(" in PAGE, name
    for name in public(Draw):
        assert f"`draw.{name}" in PAGE, name
    for name, value in vars(chance).items():
        if inspect.isfunction(value) and value.__module__ == chance.__name__ and not name.startswith("_"):
            assert f"`chance.{name}" in PAGE, name


def test_what_it_offers_is_there():
    """Nothing on the page has another name by now."""
    for name in re.findall(r"student\.(share|now|same|beside|lend|inside|both|value|whole)\(", PAGE):
        assert name in public(Student)
    for name in re.findall(r"`draw\.(\w+)", PAGE):
        assert name in public(Draw)
    for name in re.findall(r"`chance\.(\w+)", PAGE):
        assert callable(getattr(chance, name))
    imported = set(re.findall(r"^\| `(\w+)\(", PAGE, re.M))
    assert imported <= {*checks.__all__, *mistakes.__all__}, imported


def test_the_options_are_there():
    """Of the mark, those that are gone too, and of the entries of mistakes.py."""
    for name in {*OPTIONS, *GONE}:
        assert f"`{name}=" in PAGE, name
    for word in (mistake, cheat):
        line = next(line for line in PAGE.splitlines() if line.startswith(f"| `{word.__name__}("))
        for name in inspect.signature(word).parameters:
            assert name in line, (word.__name__, name)
