"""Papers: which inputs a submission gets follows from the secret, and from nothing that it could choose."""

from __future__ import annotations

from collections import Counter

import pytest

from autograder.judge.papers import PUBLISHED_SECRET, Papers

PAPERS = Papers(b"s" * 64, "relu", 16)
DIGEST = "d" * 64


def test_the_same_submission_gets_the_same_paper():
    """Whoever grades it, and whenever; the values are fixed for ever."""
    assert Papers(b"s" * 64, "relu", 16).of("student-001", DIGEST) == PAPERS.of("student-001", DIGEST) == 7
    assert PAPERS.seed("test_values", 3) == 15523434361835362218


@pytest.mark.parametrize("other", [("student-002", DIGEST), ("student-001", "e" * 64)])
def test_students_and_attempts_differ(other):
    """Not each pair of them, but most: of a hundred neighbours a sixteenth has the same."""
    same = sum(
        PAPERS.of(f"{other[0]}{n}", other[1]) == PAPERS.of(f"student-001{n}", DIGEST) for n in range(1000)
    )
    assert 20 < same < 120


def test_all_papers_are_used_alike():
    """A class is spread over them, as by dice."""
    found = Counter(PAPERS.of(f"student-{n:04d}", DIGEST) for n in range(1600))
    assert set(found) == set(range(16))
    assert all(60 < count < 145 for count in found.values()), found  # 100 +- 4.7 standard deviations


def test_every_check_of_every_paper_has_a_seed_of_its_own():
    """Also the sealed paper, which no submission gets before the due date."""
    seeds = {PAPERS.seed(check, paper) for check in ("a", "b", "c") for paper in range(17)}
    assert len(seeds) == 3 * 17
    assert all(0 <= seed < 2**64 for seed in seeds)
    assert (PAPERS.sealed, max(PAPERS.all)) == (16, 16)
    assert {PAPERS.of(str(n), DIGEST) for n in range(500)} == set(range(16))


@pytest.mark.parametrize("other", [Papers(b"t" * 64, "relu", 16), Papers(b"s" * 64, "gan", 16)])
def test_another_secret_or_unit_is_another_set(other):
    """Without the secret the inputs cannot be told."""
    assert {other.seed("test_values", n) for n in range(16)}.isdisjoint(
        PAPERS.seed("test_values", n) for n in range(16)
    )
    assert [other.of(str(n), DIGEST) for n in range(50)] != [PAPERS.of(str(n), DIGEST) for n in range(50)]


def test_parts_do_not_run_together():
    """No two lists of texts make one number."""
    assert Papers(b"s", "a", 9).seed("bc", 1) != Papers(b"s", "ab", 9).seed("c", 1)
    assert PAPERS.seed("a1", 1) != PAPERS.seed("a", 11)
    assert {PAPERS.seed("paper", n) for n in range(16)}.isdisjoint(
        {PAPERS.of("seed", str(n)) for n in range(16)}
    )


def test_a_seed_does_not_depend_on_how_many_papers_there_are():
    """More papers leave the inputs of those before as they are, so that a proof of them stays one."""
    assert Papers(b"s" * 64, "relu", 4).seed("a", 3) == PAPERS.seed("a", 3)


def test_the_published_secret_says_what_it_is():
    """Nobody takes it for a course's own."""
    assert b"never for marks" in PUBLISHED_SECRET
