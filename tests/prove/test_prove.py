"""The proof: each way in which a unit can be wrong is found and said."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from autograder.base.errors import ConfigError
from autograder.commands.prove import command
from autograder.prove import check_stored, proof_digest, prove, write_proof


def problems(course, **options):
    return "\n".join(prove(course, course.units[0], **{"papers": 2, **options}).problems)


def test_a_sound_unit(tiny):
    """Reference and variant get everything, stub and trivial code nothing, mistakes are priced and named."""
    course = tiny()
    proof = prove(course, course.units[0], papers=2)
    assert proof.problems == ()
    found = proof.to_dict()
    assert found["ok"] is True
    assert (found["reference"], found["stub"]) == (1.0, 0.0)
    assert found["trivial"] == {"none": 0.0, "zeros": 0.0, "random": 0.0, "input": 0.0}
    assert found["variants"] == {"reordered": 1.0}
    assert found["mistakes"]["ignores_factor"] == {
        "caught": True,
        "named": True,
        "cost": pytest.approx(20 / 45, abs=1e-5),
        "by": ["test_factor"],
    }
    assert "mutants" not in found


def test_every_paper_is_met(tiny):
    """A proof is complete where nobody says otherwise, the sealed paper included; there are no others."""
    course = replace(tiny(), papers=2)
    met = [prove(course, course.units[0], papers=papers).seeds for papers in (None, 1, 5)]
    assert met == [3, 1, 3]


AGAIN = """says="No clock.")
again = mistake(edit(reference.Counter, "self.t *", "1 *"), costs=(1, 1), says="Again.")"""


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"mistakes": [("factor * x", "factor * x * 1.1")]}, "variant reordered: test_double is FAILED"),
        (
            {"mistakes": [("costs=(0.4, 0.5)", "costs=(0.1, 0.2)")]},
            "costs 0.444 of scale, its price is 0.1 to 0.2",
        ),
        ({"mistakes": [('"x * 2.0"', '"x * 1.0 * factor"')]}, "ignores_factor: is not caught by any check"),
        ({"grader": [("draw.normal(5, 5)", "draw.normal(5, 5) * 0")]}, "earns 30 points in test_total"),
        (
            {"mistakes": [('says="No clock.")', AGAIN)]},
            "stays: diagnosis cannot tell it from another mistake",
        ),
        (
            {"grader": [("counter.step([draw.normal(3)])", "counter.step([draw.normal(3)], 1)")]},
            "reference: test_steps is BROKEN",
        ),
    ],
)
def test_what_is_wrong_is_said(tiny, changes, complaint):
    """One sentence names the subject, the check and what it did."""
    course = tiny(**changes)
    found = problems(course)
    assert complaint in found


def test_one_mistake_one_price(tiny):
    """A mistake that fails checks of another task is found, unless it says so."""
    calls = [("out = x.sum(axis=0)", "out = scale(x, 1.0).sum(axis=0)")]
    found = problems(tiny(numbers=calls))
    assert "mistake adds: test_total of total is FAILED, but only scale may pay" in found
    also = [('says="You add.", hint="*"', 'says="You add.", also=["total"]')]
    found = problems(tiny(numbers=calls, mistakes=also))
    assert "mistake adds" not in found


def test_marks_that_depend_on_the_inputs(tiny):
    """The same code must get the same marks whatever the paper."""
    course = tiny(mistakes=[('"x * 2.0"', '"x * 2.0 if x.flat[0] > 0 else x * factor"')])
    assert "mistake ignores_factor: test_factor depends on the paper" in problems(course, papers=8)


def test_mutants(tiny):
    """Mutants die by a check; survivors are listed with the unit's reason, and stale reasons are found."""
    course = tiny()
    unit = course.units[0]
    hunt = prove(course, unit, papers=1, mutants=True).mutants
    assert hunt is not None
    assert hunt.total == len(hunt.killed) + len(hunt.survivors)
    lines = {mutant.diff.split("\n+")[-1].strip() for mutant in hunt.survivors}
    assert "if factor <= 0:" in lines
    survivor = next(mutant for mutant in hunt.survivors if "if factor <= 0:" in mutant.diff)
    note = f'\n\nEQUIVALENT = {{"{survivor.id}": "zero is a matter of taste", "0000000000": "gone"}}\n'
    course = tiny(mistakes=[("turned))\n", "turned))" + note)])
    proof = prove(course, unit, papers=1, mutants=True)
    assert proof.to_dict()["mutants"]["equivalent"] == 1
    assert any("EQUIVALENT lists 0000000000" in problem for problem in proof.problems)


def test_stored_proof(tiny):
    """A stored proof is fresh until one of the unit's files changes, and a sample of it is tried again."""
    course = tiny(grader=[("[3.0, 0.5]", "[3.0, 0.5, 0.0]")])
    unit = course.units[0]
    assert "is missing" in check_stored(course, unit)[0]
    proof = prove(course, unit, papers=1, mutants=True)
    path = write_proof(unit, proof)
    before = path.read_bytes()
    write_proof(unit, prove(course, unit, papers=1, mutants=True))
    assert path.read_bytes() == before
    stored = json.loads(before)
    if proof.ok:
        assert check_stored(course, unit) == []
        forged = {**stored, "killed_by": {}}
        path.write_text(json.dumps(forged))
        assert "is now killed by" in check_stored(course, unit)[0]
    unit.grader.write_text(unit.grader.read_text() + "\n# a comment\n")
    assert proof_digest(unit) == stored["digest"]
    unit.grader.write_text(unit.grader.read_text() + "\nCHANGED = 1\n")
    assert "stale" in check_stored(course, unit)[0]


def test_command(tiny, monkeypatch):
    """--json prints the array and nothing else; exit code 1 where something is not proven."""
    course = tiny()
    monkeypatch.chdir(course.root)
    good = CliRunner().invoke(command, ["numbers", "--papers", "1", "--json"])
    assert good.exit_code == 0
    assert json.loads(good.stdout)[0]["unit"] == "numbers"
    table = CliRunner().invoke(command, ["--papers", "1"])
    assert "numbers: proven" in table.stdout
    tiny(mistakes=[("costs=(0.4, 0.5)", "costs=(0.1, 0.2)")])
    bad = CliRunner().invoke(command, ["--papers", "1"])
    assert bad.exit_code == 1
    assert "its price is 0.1 to 0.2" in bad.stdout


def test_unit_that_cannot_be_collected(tiny):
    """A grader that does not run is an error of the unit, with its file."""
    course = tiny(grader=[("from autograder.checks", "from autograder.chekcs")])
    with pytest.raises(ConfigError, match=r"grader.py cannot be collected"):
        prove(course, course.units[0])
