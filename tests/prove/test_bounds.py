"""What a known mistake may cost and a cheat may earn is written down or stored, and held by the proof."""

import json
import sys
from dataclasses import replace

import pytest
from click.testing import CliRunner

from autograder.base.errors import ConfigError
from autograder.commands.prove import command
from autograder.prove import check_stored, examine_stored, prove, repriced, write_proof
from autograder.unit.scaffold import new_course

# The mistakes of the example overflow, which NumPy says.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
PRICE = "    costs=(0.3, 0.6),\n"
OVERFLOWS = '"z - z.max(axis=1, keepdims=True)", "z"),\n'


@pytest.fixture
def course(tmp_path, monkeypatch):
    """What 'course init' makes, with softmax as its unit."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("COURSE_DATA", raising=False)
    return replace(new_course(tmp_path / "my-course")[0], papers=2)


@pytest.fixture
def unit(course):
    """The unit, one of whose mistakes has no price."""
    unit = course.unit("softmax")
    change(unit.mistakes, OVERFLOWS + PRICE, OVERFLOWS)
    return unit


def change(path, old, new):
    text = path.read_text()
    assert text.count(old) == 1, (old, text.count(old))
    path.write_text(text.replace(old, new))


def stored(course, unit, **changes):
    """A stored proof of the unit, with other prices in it where these are given."""
    path = write_proof(unit, prove(course, unit, mutants=True))
    content = json.loads(path.read_text())
    for name, cost in changes.items():
        content["mistakes"][name]["cost"] = cost
    path.write_text(json.dumps(content))
    return path


def test_a_mistake_needs_no_price(course, unit):
    """Its share is measured: the points of the check that it fails, of all that its task has."""
    proof = prove(course, unit)
    assert proof.problems == ()
    assert proof.costs["overflows"] is None
    points = {"values": 25, "large": 20, "shift": 10}
    assert proof.mistakes["overflows"]["cost"] == pytest.approx(
        points["large"] / sum(points.values()), abs=1e-6
    )


def test_a_price_that_is_given_is_still_held(course, unit):
    """What costs more than its bound is a problem, whatever is stored."""
    change(unit.mistakes, "costs=(0.9, 1.0)", "costs=(0.1, 0.2)")
    (problem,) = prove(course, unit).problems
    assert problem.startswith("mistake forgets_sum: costs 1 of softmax_backward, its price is 0.1 to 0.2")


def test_another_price_than_the_stored_one_is_told(course, unit):
    """A price without bounds is what was stored; a mistake that was not there before has none yet."""
    proof = prove(course, unit)
    assert repriced(unit, proof) == ()
    stored(course, unit, overflows=0.1, shift_of_batch=0.1)
    assert repriced(unit, proof) == ("mistake overflows: costs 0.364 of its task, 0.1 in the stored proof",)
    content = json.loads(unit.proof.read_text())
    del content["mistakes"]["overflows"]
    unit.proof.write_text(json.dumps(content))
    assert repriced(unit, proof) == ()
    unit.proof.write_text("{")
    assert repriced(unit, proof) == ()


def test_a_stored_price_is_always_tried_again(course, unit, monkeypatch):
    """Of the others a sample is; one that nothing else bounds is never spared."""
    stored(course, unit, overflows=0.1, shift_of_batch=0.1)
    monkeypatch.setattr("autograder.prove.store.random.sample", lambda several, size: [])
    (problem,) = examine_stored(course, unit).problems
    assert problem.startswith("mistake overflows: stored {'caught': True, 'named': True, 'cost': 0.1")


def test_a_doubled_price_cannot_pass_unseen(course, unit, monkeypatch):
    """It fails 'prove' and 'prove --check' until it is stored, and is told when it is."""
    monkeypatch.chdir(course.root)
    monkeypatch.setenv("COURSE_DATA", str(course.root / "data"))
    change(course.root / "course_config.py", 'data="data",', 'data="data",\n    papers=2,')
    run = CliRunner().invoke
    assert run(command, ["--mutants", "--write"]).exit_code == 0
    assert run(command, ["--check"]).exit_code == 0
    change(unit.grader, '("softmax_forward", points=20)', '("softmax_forward", points=30)')
    change(unit.grader, '("softmax_forward", points=25)', '("softmax_forward", points=15)')
    seen = run(command, [])
    assert seen.exit_code == 1
    assert "mistake overflows: costs 0.545 of its task, 0.364 in the stored proof" in seen.stdout
    assert run(command, ["--check"]).exit_code == 1
    written = run(command, ["--mutants", "--write"])
    assert written.exit_code == 0
    assert "overflows: costs 0.545 of its task, 0.364 in the stored proof" in written.stderr
    assert run(command, []).exit_code == 0
    assert check_stored(course, unit) == []


CHEAT = """

def without_thinking(z):
    \"\"\"The same probability for all.\"\"\"
    out = np.full(z.shape, 1 / z.shape[1])
    return out, (out,)


uniform = cheat(
    {edits},
    most={most},
    says="Gives every class the same probability.",
)
"""
UNIFORM = "instead(reference.softmax_forward, without_thinking)"
ROWS = (
    'edit(reference.softmax_forward, "z.max(axis=1, keepdims=True)", "0 if z.max() < 99 else z.max(axis=0)")'
)


def with_cheat(unit, most, edits=UNIFORM):
    unit.mistakes.write_text(unit.mistakes.read_text() + CHEAT.format(most=most, edits=edits))


def test_a_cheat_earns_at_most_what_it_may(course, unit):
    """What it earns of its task on its best paper is told; a law without values earns nothing."""
    with_cheat(unit, 0.0)
    proof = prove(course, unit)
    assert proof.problems == ()
    assert proof.to_dict()["cheats"] == {
        name: {"earned": 0.0, "most": 0.0} for name in ("all_alike", "uniform")
    }


def test_a_cheat_that_earns_more_is_a_problem(course, unit):
    """The problem says what it earned, on which paper and by which checks; marks of 35 of 55 points."""
    with_cheat(unit, 0.6, ROWS)
    proof = prove(course, unit)
    assert proof.cheats["uniform"] == {"earned": pytest.approx(35 / 55, abs=1e-6), "most": 0.6}
    said = "cheat uniform in softmax_forward: earns 0.636 on paper 0, at most 0.6 was allowed; "
    assert proof.problems[0] == said + "by test_forward_values, test_forward_shift"


def test_a_stored_cheat_earns_no_more_than_it_did(course, unit, monkeypatch):
    """A sample of the stored proof holds cheats, too; on another paper one may earn less."""
    with_cheat(unit, 0.7, ROWS)
    path = stored(course, unit)
    monkeypatch.setattr(
        "autograder.prove.store.random.sample",
        lambda several, size: [each for each in several if each == "uniform"],
    )
    assert examine_stored(course, unit).problems == ()
    content = json.loads(path.read_text())
    for earned, sound in ((0.9, True), (0.2, False)):
        content["cheats"]["uniform"]["earned"] = earned
        path.write_text(json.dumps(content))
        assert (examine_stored(course, unit).problems == ()) is sound


def test_the_matrix_has_a_row_for_each_cheat(course, unit, monkeypatch):
    """With what it earns and what it may."""
    with_cheat(unit, 0.7, ROWS)
    monkeypatch.chdir(course.root)
    shown = CliRunner().invoke(command, ["--papers", "1"]).stdout
    assert "cheat uniform" in shown
    assert "earns 64%" in shown
    assert "at most 70%" in shown


def test_lines_for_mutants_that_live_can_be_pasted(course, unit, monkeypatch):
    """The command prints them; with the reasons filled in nothing lives, and an empty one is refused."""
    monkeypatch.chdir(course.root)
    shown = CliRunner().invoke(command, ["--mutants", "--papers", "1"]).stdout
    lines = shown[shown.index("EQUIVALENT = {") : shown.index("\n}") + 2]
    text = unit.mistakes.read_text()
    unit.mistakes.write_text(f"{text}\n{lines}\n")
    refused = CliRunner().invoke(command, ["--mutants", "--papers", "1"])
    assert isinstance(refused.exception, ConfigError)
    assert "none empty" in str(refused.exception)
    told = lines.replace('""', '"it computes the same"')
    unit.mistakes.write_text(f"{text}\n{told}\n")
    shown = CliRunner().invoke(command, ["--mutants", "--papers", "1"]).stdout
    assert "it computes the same" in shown
    assert " live." not in shown
