"""The examples of a docstring become public checks, which compare as a reader would."""

import doctest
import json
import sys
import types

import numpy as np
import pytest

from autograder.base.errors import ConfigError
from autograder.preflight.beside import run_checks
from autograder.unit import shown
from autograder.unit.examples import Examples, examples_of
from autograder.unit.public_checks import export_checks
from autograder.unit.release import build
from autograder.unit.stubs import Reference

REFERENCE = '''
import math

import numpy as np


def half(x):
    """Half of it.

    Example:
        >>> half(np.array([1.0, 3.0]))
        array([0.5, 1.5])
        >>> for x in (2, 4):
        ...     print(half(x))
        1.0
        2.0
    """
    return x / 2


class Counter:
    """Counts.

        >>> counter = Counter()
        >>> counter.add(half(3.0)), math.floor(2.5)
        (1.5, 2)
    """

    def add(self, n):
        """Add to it.

            >>> Counter().add("a")
            Traceback (most recent call last):
            TypeError: a number is expected
        """
        if isinstance(n, str):
            raise TypeError("a number is expected")
        return n

    def loud(self):
        """An example that asks nothing of the student's code would pass with a stub, too.

            >>> 1 + 1
            2
        """

    def quiet(self):
        """Nothing to see.

            >>> Counter().quiet()  # doctest: +SKIP
            5
        """


def _hidden(x):
    return x
'''
TASKS = {"half": ("half",), "counter": ("Counter",)}


def reference(text=REFERENCE):
    return Reference.parse(text, "solutions/numbers.py")


def exported(tmp_path, text=REFERENCE, checks=None, available=("half", "Counter")):
    """The released files of the two tasks."""
    path = tmp_path / "checks.py"
    if checks is not None:
        path.write_text(checks)
    return export_checks(
        path, {task: examples_of(reference(text), names, available) for task, names in TASKS.items()}
    )


@pytest.fixture
def outcomes(monkeypatch):
    """A function that runs a released file with a student's names; what is said by title, or nothing."""

    def run(text, **names):
        submission = types.ModuleType("submission")
        submission.__dict__.update(names)
        for name in ("otter", "otter.test_files"):
            monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
        monkeypatch.setitem(sys.modules, "submission", submission)
        return {title: "" if passed else said for title, passed, said in json.loads(run_checks(text, "t.py"))}

    return run


def right(text=REFERENCE):
    names = {}
    exec(text, names)
    return names


def test_the_reference_passes_its_examples(tmp_path, outcomes):
    """Values, printed lines, exceptions, names of other tasks and of modules; no checks.py is needed."""
    files, names = exported(tmp_path), right()
    assert outcomes(files["half"], half=names["half"]) == {"The examples of the task": ""}
    assert outcomes(files["counter"], half=names["half"], Counter=names["Counter"]) == {
        "The examples of Counter": "",
        "The examples of Counter.add": "",
    }


def test_a_wrong_value_is_told_with_the_right_one(tmp_path, outcomes):
    """What was asked, what came, and what the text says."""
    said = outcomes(exported(tmp_path)["half"], half=lambda x: x / 4)["The examples of the task"]
    assert said == "half(np.array([1.0, 3.0]))\ngives array([0.25, 0.75])\nbut it is   array([0.5, 1.5])"


def test_what_is_not_written_says_so(tmp_path, outcomes):
    """The stub's own sentence, and a name that is not there yet."""

    def half(x):
        raise NotImplementedError("half is not written yet")

    files = exported(tmp_path)
    assert outcomes(files["half"], half=half) == {"The examples of the task": "half is not written yet"}
    said = outcomes(files["half"])["The examples of the task"]
    assert said == "half: not defined in the saved notebook."
    said = outcomes(files["half"], half=None)["The examples of the task"]
    assert "half is not defined yet: run the cell that defines it" in said


def test_print_options_of_the_notebook_are_no_matter(tmp_path, outcomes):
    """A student may print with two digits; the options are his own again afterwards."""
    with np.printoptions(precision=2, formatter={"float": lambda x: f"<{x:.0f}>"}):
        said = outcomes(exported(tmp_path)["half"], half=lambda x: x / 2)
        assert said == {"The examples of the task": ""}
        assert repr(np.array([2.0])) == "array([<2>])"


def test_an_exception_is_told_by_its_class(tmp_path, outcomes):
    """Another wording is no error; another class is, and so is none."""

    def counter(raised):
        class Counter:
            def add(self, n):
                if isinstance(n, str) and raised is not None:
                    raise raised("no")
                return n

        return {"half": lambda x: x / 2, "Counter": Counter}

    text = exported(tmp_path)["counter"]
    assert outcomes(text, **counter(TypeError))["The examples of Counter.add"] == ""
    assert (
        "gives ValueError: no\nbut it is   TypeError: a"
        in outcomes(text, **counter(ValueError))["The examples of Counter.add"]
    )
    assert (
        "gives 'a'\nbut it is   TypeError" in outcomes(text, **counter(None))["The examples of Counter.add"]
    )


def test_an_exception_that_nobody_expects_is_the_student_s(tmp_path, outcomes):
    """It is told with its class, as in any other check."""
    said = outcomes(exported(tmp_path)["half"], half=lambda x: x + "1")["The examples of the task"]
    assert said.startswith("UFuncTypeError") or said.startswith("UFuncNoLoopError")


def test_checks_stand_below_the_examples(tmp_path, outcomes):
    """A task may have both; what a check of the author's is called does no harm."""
    checks = "import math\n\n\ndef agree(x):\n    return math.isclose(x, 1)\n\n\ndef test_half(half):\n"
    text = exported(tmp_path, checks=checks + '    """Of two."""\n    assert agree(half(2))\n')["half"]
    assert list(outcomes(text, half=lambda x: x / 2)) == ["The examples of the task", "Of two."[:-1]]
    assert set(outcomes(text, half=lambda x: x / 2).values()) == {""}
    assert text.count("import math\n") == 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # raised while Otter imports its dependencies
def test_otter_runs_them(tmp_path):
    """At home it is Otter that runs the file, on the names of the kernel."""
    from otter.test_files.exception_test import ExceptionTestFile

    test_file = ExceptionTestFile.from_string(exported(tmp_path)["half"])
    test_file.run({"half": lambda x: x / 2})
    assert test_file.passed_all
    test_file.run({"half": lambda x: x})
    (result,) = test_file.test_case_results
    assert "_tried(examples, half=half, np=np)" in result.message
    assert "gives array([1., 3.])\nbut it is   array([0.5, 1.5])" in result.message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("half(np.array", "_hidden(np.array", "examples of half use '_hidden', which students do not have"),
        ("half(np.array", "half(torch.array", "examples of half use 'torch', which students do not have"),
        (">>> half(np.array([1.0, 3.0]))", ">>> half(", "examples of half are not valid Python"),
        (">>> half(np.array", ">>>half(np.array", "the examples of half cannot be read"),
    ],
)
def test_examples_that_students_cannot_run_are_refused(tmp_path, old, new, said):
    """The sentence names the reference's file and line."""
    assert old in REFERENCE
    with pytest.raises(ConfigError, match=r"solutions/numbers\.py:7: ") as caught:
        exported(tmp_path, REFERENCE.replace(old, new))
    assert said in str(caught.value)


def test_a_task_with_neither_check_nor_example_is_refused(tmp_path):
    """Students could not see early what goes wrong."""
    with pytest.raises(ConfigError, match=r"checks\.py: no public check for counter; add 'def test_counter"):
        export_checks(tmp_path / "checks.py", {"counter": Examples()})


def test_a_unit_whose_examples_say_enough_builds_without_checks(course, unit, change):
    """checks.py may be missing; a task without an example then is refused by name."""
    assert not unit.public_checks.exists()
    assert (
        b">>> softmax_forward(np.array([[1000.0, 0.0]]))[0]"
        in build(course, unit).files["tests/softmax_forward.py"]
    )
    change(unit.reference, ">>> _, cache", "    _, cache")
    change(unit.reference, ">>> softmax_backward", "    softmax_backward")
    with pytest.raises(ConfigError, match="no public check for softmax_backward"):
        build(course, unit)


def test_a_check_shows_nothing_of_the_hidden_ones(course, unit):
    """The leak check reads checks.py, too."""
    shown_too = "    z, shift = draw.normal(3, 4), draw.normal(3, 1)\n"
    unit.public_checks.write_text(f'def test_softmax_forward(draw):\n    """T."""\n{shown_too}')
    with pytest.raises(ConfigError, match=r"tests/softmax_forward\.py"):
        build(course, unit)


AGREE = [
    ("np.float64(1.5)", "1.5", True),
    ("np.int64(3)", "3", True),
    ("[np.float64(4.0), np.float32(2.25)]", "[4.0, 2.25]", True),
    ("np.True_", "True", True),
    ("(np.False_, np.str_('a'))", "(False, 'a')", True),
    ("0.30000000000000004", "0.3", True),
    ("array([0.75, 2.3])", "array([0.75, 2.3 ])", True),
    ("array([[ 1., 10.],\n       [ 2.,  3.]])", "array([[1., 10.], [2., 3.]])", True),
    ("array([1.0e-17, 1.0e+00])", "array([0., 1.])", True),
    ("tensor(0.1439)", "tensor(0.1438)", True),
    ("tensor(4.0000)", "tensor(4.)", True),
    ("tensor(0.626)", "tensor(0.6265)", True),
    ("0.8", "0.75", False),
    ("tensor([-0.])", "tensor([0.])", True),
    ("tensor(0.1448)", "tensor(0.1438)", False),
    ("2.26", "2.25", False),
    ("3.0", "3", False),
    ("3", "3.0", False),
    ("4", "3", False),
    ("-3", "3", False),
    ("nan", "3.0", False),
    ("array(2.)", "2.0", False),
    ("array([1., 2.])", "array([1., 2., 3.])", False),
    ("array([1, 2])", "array([[1, 2]])", False),
    ("tensor(2., dtype=torch.float64)", "tensor(2.)", False),
    ("(3,)", "[3]", False),
    ("'ab'", "'a b'", False),
    ("None", "0", False),
]


@pytest.mark.parametrize(("got", "want", "same"), AGREE)
def test_values_agree_as_a_reader_would_say(got, want, same):
    """Types of NumPy's scalars, columns and rounding are no difference; kinds, shapes and values are."""
    assert shown._agree(got, want) is same


@pytest.mark.parametrize(
    ("got", "want", "same"),
    [
        ("7.0", "7", True),
        ("2", "2.0", True),
        ("tensor(0.5)", "0.5", True),
        ("tensor(0.5, grad_fn=<MeanBackward0>)", "0.5", True),
        ("[tensor(4.), tensor(2.2500)]", "[4.0, 2.25]", True),
        ("array([1, 2])", "[1, 2]", True),
        ("(3,)", "[3]", True),
        ("[1.5, 2]", "(1.5, 2)", True),
        ("tensor(2., dtype=torch.float64)", "tensor(2.)", True),
        ("array([1, 2])", "array([1., 2.])", True),
        ("7.5", "7", False),
        ("tensor(0.6)", "0.5", False),
        ("0.5", "tensor(0.5)", False),
        ("[1.0, 2.0]", "array([1., 2.])", False),
        ("array([[1, 2]])", "[1, 2]", False),
        ("None", "0", False),
    ],
)
def test_right_numbers_of_another_type_pass_with_a_note(got, want, same):
    """The rule of the hidden checks; the note says which type is asked."""
    checker = shown._Shown()
    assert checker.check_output(f"{want}\n", f"{got}\n", 0) is same
    assert checker.notes == (
        [f"Note: {got} has the right numbers, and the task asks for another type: {want}"] if same else []
    )


@pytest.mark.parametrize(
    ("got", "want", "same"),
    [
        ("looking at 3\n1.5\n", "1.5\n", True),
        ("1.5\nlooking at 3\n", "1.5\n", False),
        ("<Counter object>\n", "", True),
        ("", "1.5\n", False),
        ("1\n\n2\n", "1\n<BLANKLINE>\n2\n", True),
        ("array([0., 1., 2., 9.])\n", "array([0., ..., 9.])\n", True),
    ],
)
def test_only_what_the_text_shows_is_compared(got, want, same):
    """What a student's code prints before, and what it returns where the text shows nothing, is no matter."""
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert shown._Shown().check_output(want, got, flags) is same
