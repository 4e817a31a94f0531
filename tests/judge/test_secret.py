"""The course secret, from which the papers follow."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from autograder.base.errors import ConfigError
from autograder.course import Course
from autograder.judge.secret import course_secret, secret_id


@pytest.fixture
def course(tmp_path):
    """A course without units, whose data folder does not exist yet."""
    return Course("tiny", "Tiny", units=(), data="data", root=tmp_path)


def test_it_is_made_at_first_use_for_its_owner_only(course):
    """The file has mode 0600, 256 random bits, and stays as it is."""
    first = course_secret(course)
    path = course.data_folder / "secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(bytes.fromhex(first.decode())) == 32
    assert course_secret(course) == first
    assert [entry.name for entry in course.data_folder.iterdir()] == ["secret"]


def test_made_by_many_at_once_it_is_one(course):
    """Workers that start together agree, and leave nothing else behind."""
    with ThreadPoolExecutor(16) as pool:
        secrets = set(pool.map(lambda _: course_secret(course), range(64)))
    assert len(secrets) == 1
    assert [entry.name for entry in course.data_folder.iterdir()] == ["secret"]


def test_two_courses_have_two(course, tmp_path):
    """Nothing of it comes from the course's name."""
    other = Course("tiny", "Tiny", units=(), data="other", root=tmp_path)
    assert course_secret(course) != course_secret(other)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_readable_by_others_is_refused(course, mode):
    """The error names the command that mends it."""
    course_secret(course)
    (course.data_folder / "secret").chmod(mode)
    with pytest.raises(ConfigError, match=r"can be read by others; run: chmod 600 .*secret"):
        course_secret(course)


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff" * 64])
def test_damaged_is_refused_not_replaced(course, content):
    """A new secret would make other papers for everybody, so that a damaged one is never overwritten."""
    course_secret(course)
    path = course.data_folder / "secret"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"at least 32 characters; restore it|cannot be made or read"):
        course_secret(course)
    assert path.read_bytes() == content


def test_a_data_folder_that_is_a_file(course):
    """Where it cannot be made the error is a sentence."""
    course.data_folder.write_text("")
    with pytest.raises(ConfigError, match=r"the course's secret, cannot be made or read"):
        course_secret(course)


def test_the_id_does_not_tell_the_secret():
    """It tells secrets apart and holds nothing of them."""
    assert secret_id(b"a" * 64) != secret_id(b"b" * 64)
    assert len(secret_id(b"a" * 64)) == 12
