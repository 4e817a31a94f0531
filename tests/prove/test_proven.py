"""Which papers count as proven, and who asks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autograder.judge.papers import PUBLISHED_SECRET, Papers
from autograder.judge.secret import course_secret, publish_secret
from autograder.prove import prove, remember, why_unproven


@pytest.fixture
def small(tiny):
    """A course with one tiny unit and few papers, and the unit."""
    course = tiny()
    return replace(course, papers=2), course.units[0]


def test_papers_are_given_out_by_the_secret():
    """The same submission gets the same paper; over many, each is given out, and never the sealed one."""
    papers = Papers(b"5" * 64, "relu", 4)
    given = [papers.of(f"student-{number:03d}", "digest") for number in range(200)]
    assert given[0] == papers.of("student-000", "digest")
    assert set(given) == {0, 1, 2, 3}
    assert papers.sealed not in given
    assert papers.sealed in papers.all


def test_inputs_differ_by_paper_check_unit_and_secret():
    """Nothing of one paper tells of another."""
    seeds = {
        Papers(secret, unit, 4).seed(check, paper)
        for secret in (b"5" * 64, b"6" * 64)
        for unit in ("relu", "softmax")
        for check in ("test_a", "test_b")
        for paper in range(5)
    }
    assert len(seeds) == 2 * 2 * 2 * 5


def test_a_proof_on_all_papers_is_remembered(small):
    """Before it the reason names the command; after it there is none."""
    course, unit = small
    secret = course_secret(course)
    assert f"run 'course prove {unit.name}'" in why_unproven(course, unit, secret)
    proof = prove(course, unit, secret=secret)
    assert proof.seeds == 3  # two, and the sealed one
    assert remember(course, unit, proof, secret) is not None
    assert why_unproven(course, unit, secret) == ""


def test_what_is_not_all_papers_is_not_remembered(small):
    """Nor is a proof that fails."""
    course, unit = small
    secret = course_secret(course)
    assert remember(course, unit, prove(course, unit, secret=secret, papers=1), secret) is None
    failed = replace(prove(course, unit, secret=secret), problems=("something",))
    assert remember(course, unit, failed, secret) is None
    assert why_unproven(course, unit, secret)


def test_another_secret_or_number_of_papers_is_not_proven(small):
    """Both draw other inputs."""
    course, unit = small
    secret = course_secret(course)
    remember(course, unit, prove(course, unit, secret=secret), secret)
    assert "have changed" in why_unproven(course, unit, b"7" * 64)
    assert "have changed" in why_unproven(replace(course, papers=3), unit, secret)


def test_a_changed_grader_is_not_proven(small):
    """What was proven is another file."""
    course, unit = small
    secret = course_secret(course)
    remember(course, unit, prove(course, unit, secret=secret), secret)
    unit.grader.write_text(unit.grader.read_text() + "\nMORE = 1\n")
    assert why_unproven(course, unit, secret)


def test_a_demo_has_the_published_secret(small):
    """And no course that has a secret of its own loses it."""
    course, _ = small
    publish_secret(course)
    assert course_secret(course) == PUBLISHED_SECRET
    publish_secret(course)
    assert course_secret(course) == PUBLISHED_SECRET


def test_a_course_keeps_its_secret(small):
    """``publish_secret`` makes one and replaces none."""
    course, _ = small
    own = course_secret(course)
    publish_secret(course)
    assert course_secret(course) == own
