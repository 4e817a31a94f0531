"""What ``course preflight`` says of a notebook, with the released files only."""

import json

import pytest
from click.testing import CliRunner

from autograder.base.errors import ConfigError, UsageError
from autograder.cli import course
from autograder.course import Limits
from autograder.preflight import beside_notebook, preflight
from tests.support import code, place

pytestmark = pytest.mark.sandbox


def look(folder):
    """The report, and its text as one string."""
    report = preflight(folder.notebook, folder.release)
    return report, "\n".join(report.lines())


def test_a_finished_notebook_loses_nothing(folder):
    """Both tasks written: every public check passes and there is nothing to say."""
    report, text = look(folder)
    assert report.ok and report.lost == report.healed == report.ignored == ()
    assert [check.passed for check in report.checks] == [True, True]
    assert report.loaded == "slice" and report.tier in ("walled", "fenced", "none")
    assert "hidden checks decide" in text and text.endswith("Nothing would be lost.")


def test_a_leftover_stub_is_named(folder):
    """A task that is as it was released is lost; its checks are not listed once more."""
    released = next(c.source for c in folder.release.cells if c.task == "softmax_backward")
    report, _ = look(folder.write(softmax_backward=released))
    assert report.lost == (
        "softmax_backward is not written yet: softmax_backward still raises NotImplementedError",
    )
    assert {check.task for check in report.checks} == {"softmax_forward"}


def test_a_stub_in_one_cell_and_the_work_in_another_is_no_loss(folder):
    """The last definition decides, wherever it stands."""
    written = folder.cell("softmax_backward")["source"]
    stub = next(c.source for c in folder.release.cells if c.task == "softmax_backward")
    folder.content["cells"].append(code(written))
    report, _ = look(folder.write(softmax_backward=stub))
    assert report.ok and any("still holds the stub" in sentence for sentence in report.healed)


def test_a_stub_pasted_below_the_work_is_no_loss(folder):
    """A definition that is written stays, also where a stub follows it."""
    stub = next(c.source for c in folder.release.cells if c.task == "softmax_backward")
    folder.content["cells"].append(code(f"# to do:\n{stub}"))
    report, _ = look(folder.write())
    assert report.ok and all(check.passed for check in report.checks)


def test_a_name_that_is_bound_anew_is_told_with_its_line(folder):
    """What stands at the check counts, and its public check passes; the other is named with its line."""
    folder.content["cells"].append(code("\nsoftmax_forward = softmax_forward(np.ones((1, 2)))"))
    number = place(folder.content, "softmax_forward") + 1
    report, text = look(folder.write())
    assert report.ok and all(check.passed for check in report.checks)
    assert report.rebound == (
        f"cell {len(folder.content['cells'])}, line 2: `softmax_forward = softmax_forward(np.ones((1, 2)))`; "
        f"for softmax_forward, softmax_backward softmax_forward is that of cell {number}, line 1",
    )
    assert "what stood at the check counts" in text


def test_a_module_that_the_notebook_writes_is_there(folder):
    """It is imported and run as in Jupyter, and nobody says that it is ignored."""
    body = folder.cell("softmax_backward")["source"]
    at = place(folder.content, "softmax_backward")
    folder.content["cells"].insert(at + 1, code("%run backward.py"))
    report, text = look(folder.write(softmax_backward=f"%%writefile backward.py\n{body}"))
    assert report.ok and report.ignored == (), text
    assert len(report.checks) == 2 and all(check.passed for check in report.checks)


def test_a_right_value_of_another_type_is_told_and_costs_nothing(folder):
    """The public checks pass, as the hidden ones do, and say which type the task asks for."""
    written = folder.cell("softmax_forward")["source"]
    single = written.replace("return out, out", "out = out.astype(np.float32)\n    return [out, out]")
    report, text = look(folder.write(softmax_forward=single))
    assert report.ok and all(check.passed for check in report.checks)
    assert "Note: array([[1., 0.]], dtype=float32) has the right numbers, and the task asks for" in text


def test_a_syntax_error_is_given_with_cell_and_line(folder):
    """It costs the tasks of its cell, which is said once."""
    number = place(folder.content, "softmax_backward") + 1
    report, _ = look(folder.write(softmax_backward="x = 1\ndef softmax_backward(dout, cache)\n    return 1"))
    (lost,) = report.lost
    assert lost.startswith(f"cell {number}, line 2: ") and "softmax_backward cannot be graded" in lost


def test_a_deleted_cell_is_lost_and_a_duplicated_one_is_told(folder):
    """Deleting costs the task; a copy is run after the original, which is said."""
    cells = folder.content["cells"]
    cells.append(folder.cell("softmax_forward"))
    del cells[place(folder.content, "softmax_backward")]
    report, _ = look(folder.write())
    assert report.lost == ("softmax_backward: the notebook does not define softmax_backward",)
    assert any("all marked as softmax_forward" in sentence for sentence in report.healed)


def test_what_grading_ignores_is_told_and_costs_nothing(folder):
    """Notebook commands, absent modules and code that no task needs."""
    folder.content["cells"].append(code("!pip list\nimport pandas\nprint('hello')\ntotal = 1 + 1"))
    folder.content["cells"].append(code("%%bash\necho hello"))
    report, _ = look(folder.write())
    at = len(folder.content["cells"]) - 1
    assert report.ok
    assert report.ignored == (
        f"cell {at}, line 1: `!pip list` is a notebook command, not Python",
        f"cell {at + 1}: all of it, `%%bash` is not Python",
        f"cell {at}, line 2: pandas is not there while grading; only code that does without it earns points",
        f"cell {at}, line 3: `print('hello')` and 1 more: no task needs it",
    )


def test_a_wrong_answer_fails_its_public_check_with_the_sentence_of_the_check(folder):
    """The message says what was asked, what came and what the text shows."""
    report, _ = look(folder.write(softmax_forward="def softmax_forward(z):\n    return z, z"))
    failed = [check for check in report.checks if not check.passed]
    assert failed and not report.ok
    assert any("but it is   array([[0.25, 0.75]])" in check.message for check in failed)


def test_an_exception_is_shown_with_the_students_own_line(folder):
    """Class, message, cell and line."""
    source = "def softmax_forward(z):\n    return z[0, 99], z"
    report, _ = look(folder.write(softmax_forward=source))
    message = report.checks[0].message
    assert message.startswith("IndexError: ")
    assert f"cell {place(folder.content, 'softmax_forward') + 1}, line 2: return z[0, 99], z" in message


def test_a_notebook_that_relies_on_the_kernels_memory_is_found_out(folder):
    """A name that only a deleted cell defined is missing in a fresh process."""
    right = folder.cell("softmax_forward")["source"]
    folder.write(softmax_forward=f"half = scale / 2\n{right}\nsoftmax_forward.half = half")
    report, _ = look(folder)
    assert any("does not load by itself" in sentence and "NameError" in sentence for sentence in report.lost)


def test_an_endless_loop_ends_as_a_sentence(folder, monkeypatch):
    """The limits of grading hold here too."""
    from dataclasses import replace

    folder.write(softmax_forward="def softmax_forward(z):\n    while True: pass")
    report = preflight(folder.notebook, folder.release, replace(Limits(), test_seconds=1.0))
    assert not report.ok and not report.checks[0].passed
    assert "time" in report.checks[0].message or "answer" in report.checks[0].message


def test_a_file_that_is_no_notebook_is_one_sentence(folder):
    """The reason is that of the server."""
    folder.notebook.write_text("{")
    report = preflight(folder.notebook, folder.release)
    assert not report.ok and "cut off" in report.lost[0] and report.checks == ()


@pytest.mark.parametrize("as_json", [True, False])
def test_the_command_works_without_a_course(folder, monkeypatch, as_json):
    """Exit code 0 where nothing is lost, 1 otherwise; --json prints the report and nothing else."""
    monkeypatch.chdir(folder.path)
    args = ["preflight", "softmax", "softmax.ipynb", *(["--json"] if as_json else [])]
    done = CliRunner().invoke(course, args)
    assert done.exit_code == 0, done.output
    if as_json:
        found = json.loads(done.stdout)
        assert found["ok"] is True and found["unit"] == "softmax" and len(found["checks"]) == 2
    folder.write(softmax_forward="x = ")
    assert CliRunner().invoke(course, args).exit_code == 1


def test_the_command_takes_the_courses_release_where_there_is_a_course(released, folder, monkeypatch):
    """Staff look at a bare notebook; the release comes from the course."""
    monkeypatch.chdir(released)
    bare = folder.notebook.rename(folder.path.parent / "student-001.ipynb")
    done = CliRunner().invoke(course, ["preflight", "softmax", str(bare)])
    assert done.exit_code == 0, done.output


def test_missing_released_files_are_named_with_the_next_step(folder, tmp_path):
    """Another folder, another unit, a damaged file."""
    with pytest.raises(UsageError, match="with its folder tests"):
        beside_notebook(tmp_path)
    with pytest.raises(UsageError, match="holds the unit 'softmax', not 'conv'"):
        beside_notebook(folder.path, "conv")
    (folder.path / "tests" / "released.json").write_text("{}")
    with pytest.raises(ConfigError, match="Fetch the assignment again"):
        beside_notebook(folder.path)
