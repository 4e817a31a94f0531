"""Public checks become Otter's test files."""

import pytest

from autograder.base.errors import ConfigError
from autograder.unit.examples import Examples
from autograder.unit.public_checks import export_checks

CHECKS = '''
import math
import numpy as np
import pytest

SIZE = 3


def grid(n):
    return np.arange(float(n))


def unused():
    return math.pi


@pytest.mark.task("conv")
def test_hand(conv_class):
    """By hand."""
    assert conv_class(grid(SIZE)) == 3  # the comment stays


def test_conv_output_size(conv_output_size):
    """Sizes."""
    assert conv_output_size(3) == 1
'''


def exported(tmp_path, text, tasks=("conv", "conv_output_size")):
    path = tmp_path / "checks.py"
    path.write_text(text)
    return export_checks(path, dict.fromkeys(tasks, Examples()))


def test_each_task_gets_its_checks_and_what_they_use(tmp_path):
    """A check brings the imports, constants and functions that it uses, and no others."""
    files = exported(tmp_path, CHECKS)
    assert list(files) == ["conv", "conv_output_size"]
    assert "import numpy as np" in files["conv"]
    assert "def grid(n):" in files["conv"]
    assert "SIZE = 3" in files["conv"]
    assert "# the comment stays" in files["conv"]
    assert not any(word in files["conv"] for word in ("pytest", "math", "unused", "Sizes"))
    assert "numpy" not in files["conv_output_size"]


def test_the_longest_task_in_the_name_wins(tmp_path):
    """test_conv_output_size belongs to conv_output_size, though conv is a task too."""
    assert "Sizes." in exported(tmp_path, CHECKS)["conv_output_size"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # raised while Otter imports its dependencies
def test_otter_runs_the_file(tmp_path):
    """Otter passes right code, and says what is wrong, missing or not written yet."""
    from otter.test_files.exception_test import ExceptionTestFile

    test_file = ExceptionTestFile.from_string(exported(tmp_path, CHECKS)["conv"])

    def outcome(**names):
        test_file.run(names)
        (result,) = test_file.test_case_results
        return result.passed, result.message

    def unwritten(x):
        raise NotImplementedError("conv_class is not written yet")

    assert test_file.test_cases[0].name == '"By hand"'
    assert outcome(conv_class=lambda x: len(x))[0]
    assert "assert conv_class(grid(SIZE)) == 3" in outcome(conv_class=lambda x: 0)[1]
    assert "conv_class is not defined yet: run the cell" in outcome()[1]
    assert "conv_class is not written yet" in outcome(conv_class=unwritten)[1]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('task("conv")', 'task("cnov")', "'cnov', which has no cell"),
        ("def test_conv_output_size", "def test_output_size", "names no task"),
        ('"""Sizes."""\n', "", "no docstring"),
        ("    assert conv_output_size(3) == 1\n", "", "checks nothing"),
        ("import math", "from autograder.compare import math", ""),
        ("grid(SIZE)) == 3", "pytest.approx(3))", "pytest, which students do not have"),
        (
            "test_conv_output_size(conv_output_size):",
            "test_conv_more(conv):",
            "no public check for conv_output_size",
        ),
    ],
)
def test_what_students_could_not_run_is_refused(tmp_path, old, new, said):
    """Each error names the file; an import that no check uses is no error."""
    assert old in CHECKS
    text = CHECKS.replace(old, new)
    if not said:
        assert exported(tmp_path, text)
        return
    with pytest.raises(ConfigError, match=r"checks\.py") as caught:
        exported(tmp_path, text)
    assert said in str(caught.value)
