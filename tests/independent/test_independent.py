"""Independent right solutions lose nothing, and mistakes in them are named: the stored shares hold."""

import pytest

from autograder.course import load_course

from .shares import again, digest, read
from .solutions import FOLDER, read_solutions

COURSE = load_course()
STORED = read()
UNITS = sorted(path.name for path in FOLDER.iterdir() if any(path.glob("[!_]*.py")))
SOLUTIONS = 3
NAMED, DIFFERS, CASES = 0.75, 0.03, 0.8  # at least, at most, at least


def test_no_unit_is_forgotten():
    """The older units have their solutions, and nothing is stored of others."""
    assert {"autoencoder", "conv_layer", "optimizers"} <= set(UNITS) == set(STORED)


@pytest.mark.parametrize("name", UNITS)
def test_shares(name):
    """Right ones have full marks; no name is false; most single mistakes are named, with a smallest case."""
    stored = STORED[name]
    assert stored["digest"] == digest(COURSE, COURSE.unit(name)), "run 'make shares'"
    assert stored["solutions"] == stored["right"] == len(read_solutions(name)) >= SOLUTIONS
    for several in (stored["single"], stored["pairs"]):
        assert several["caught"] == several["wrong"]
        assert several["falsely"] == 0
        assert several["named"] >= NAMED * several["caught"]
        assert several["differs"] <= DIFFERS * several["caught"]
        assert several["case"] >= CASES * several["caught"]


@pytest.mark.parametrize("name", UNITS)
def test_a_sample_comes_out_the_same(name):
    """Twenty of the entries, at random."""
    assert again(COURSE, COURSE.unit(name), STORED[name], share=0.05) == {}
