"""Names of platforms' numbers are kept in the facts."""

import pytest

from autograder.base.errors import UsageError
from autograder.marks import open_facts
from autograder.marks.identities import note, read_identities
from autograder.notebook.naming import Identities, KnownAs
from autograder.notebook.platforms import Submitter
from tests.export.marked import CONV, course_at, download

ONE = KnownAs(
    "gradescope", "", "111", "submission_111", "", (Submitter("Student One", "0012", "one@x.example"),)
)


def test_what_was_noted_is_read_again(tmp_path):
    """With the people, once; a second run has nothing new."""
    course = course_at(tmp_path)
    identities = Identities()
    identities.new.append(ONE)
    with open_facts(course) as database:
        for _ in range(2):
            with database.write() as connection:
                note(connection, identities)
        with database.read() as connection:
            assert read_identities(connection).of_student("submission_111", "conv_layer") == [ONE]


def test_a_namesake_of_next_week(tmp_path):
    """The first keeps the name in the database, too."""
    course = course_at(tmp_path)
    name = "Student One_{}_assignsubmission_file_/x.ipynb"
    assert download(course, CONV, name.format(12)) == ["Student One"]
    assert download(course, CONV, name.format(11)) == ["Student One", "Student One_11"]


def test_two_runs_at_once(tmp_path):
    """The second one to give a number another name is refused, and nothing of it is kept."""
    course = course_at(tmp_path)
    first, second = Identities(), Identities()
    first.new.append(KnownAs("canvas", "", "1", "one", "one"))
    second.new += [KnownAs("canvas", "", "2", "two", "two"), KnownAs("canvas", "", "1", "one_1", "one")]
    with open_facts(course) as database:
        with database.write() as connection:
            note(connection, first)
        with pytest.raises(UsageError, match="Run the same command again"), database.write() as connection:
            note(connection, second)
        with database.read() as connection:
            assert read_identities(connection).of_student("two", "") == []
