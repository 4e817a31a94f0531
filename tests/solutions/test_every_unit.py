"""What holds for the notebook of every unit, and what bad answers are told in every unit of the seven."""

import re
import subprocess
import sys

import numpy as np
import pytest

from autograder.course import load_course
from autograder.judge.suite import Suite
from autograder.results.result import Verdict
from autograder.student.subjects import LocalSubject
from autograder.unit.master import read_master
from autograder.unit.mistakes.catalogue import tasks_of_names
from autograder.unit.mistakes.edits import module_namespace
from tests.support import ROOT

COURSE = load_course(ROOT)
WORDS = 17.0  # a sentence, on average
OTHER_DATA = {"lstm": "hydrogen helium lithium"}  # where digits would teach nothing

each_unit = pytest.mark.parametrize("unit", COURSE.units, ids=lambda unit: unit.name)


def sentences(text):
    """The words of each sentence of a text cell; a formula is one word, tables and headings are none."""
    text = re.sub(r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`", "x", text, flags=re.S)
    text = re.sub(r"<[^>]*>", " ", re.sub(r"</?details>|</summary>", ". ", text))
    text = "\n".join(line for line in text.split("\n") if not re.match(r"\s*[|#]", line))
    for sentence in re.split(r"[.!?]+(?=\s|$)", re.sub(r"\n\s*\n|\n(?=\* )", ". ", text)):
        if words := re.findall(r"[A-Za-z][\w'’-]*|\d[\d.,]*", sentence):
            yield words


def test_sentences_are_counted():
    """A formula is one word, a heading and a table are none."""
    text = "# Title\n\nTake $f(x) = x^2$ at 3.5. Go on!\n\n| a | b |\n* One\n* Two\n"
    text += "<details><summary>Hint</summary>x</details>"
    assert list(map(len, sentences(text))) == [4, 2, 1, 1, 1, 1]


@each_unit
def test_sentences_are_short(unit):
    """The English of a notebook is plain: 17 words a sentence at most, on average."""
    cells = read_master(unit.master, unit.name).cells
    lengths = [len(words) for cell in cells if cell.markdown for words in sentences(cell.source)]
    assert len(lengths) > 100
    assert np.mean(lengths) <= WORDS


@each_unit
def test_real_data_is_used(unit):
    """Each notebook shows real data once: scikit-learn's digits, or the names of the elements."""
    text = unit.master.read_text(encoding="utf-8")
    assert OTHER_DATA.get(unit.name, "load_digits()") in text


RUN = """\
import json, pathlib, sys
import matplotlib
matplotlib.use("Agg")
names = {"__name__": "__main__"}
for cell in json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))["cells"]:
    grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
    if cell["cell_type"] != "code" or grade_id == "setup" or grade_id.startswith(("check-", "points-")):
        continue
    try:
        exec("".join(cell["source"]), names)
    except NotImplementedError as error:
        print("STOPPED:", error)
        break
    print("RAN:", grade_id)
"""


@each_unit
def test_stubs_run_up_to_the_first_task(unit):
    """As released, a notebook runs until the first task is used, and says that it is not written."""
    path = unit.release / f"{unit.name}.ipynb"
    done = subprocess.run([sys.executable, "-c", RUN, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    tasks = read_master(unit.master, unit.name).tasks
    first = next(iter(tasks))
    *ran, stopped = done.stdout.splitlines()
    assert f"RAN: {first}" in ran
    assert any(stopped.startswith(f"STOPPED: {name}") for name in tasks[first]), stopped


# --- bad answers ---

# The function of each unit, a check that looks at its values, and which part of its answer is that array.
ASKED = {
    "backprop": ("linear_forward", "test_linear_out", 0),
    "pooling": ("max_pool2d_forward", "test_tiles", 0),
    "dropout": ("dropout_forward", "test_evaluation", 0),
    "batchnorm": ("batchnorm_forward", "test_normalises", 0),
    "lstm": ("lstm_cell_forward", "test_c", 1),
    "gan": ("discriminator_loss", "test_d_value", None),
    "dqn": ("value_iteration", "test_small_world", None),
}


def tensor(x):
    """A NumPy array as a tensor, a tensor as an array."""
    import torch

    return x.detach().numpy() if isinstance(x, torch.Tensor) else torch.tensor(x)


def half(x):
    """In float16."""
    return x.astype(np.float16) if isinstance(x, np.ndarray) else x.half()


def listed(x):
    """As a list, or a number in a list."""
    return x.tolist() if x.ndim else [x.item()]


def view_of(x, args):
    """A view of the first array of real numbers that the function was given, in the shape of its answer."""
    given = next(a for a in args if getattr(a, "ndim", 0) and "float" in str(a.dtype))
    if isinstance(given, np.ndarray):
        return np.broadcast_to(given.ravel()[0], x.shape)
    return given.flatten()[0].expand(x.shape)


# What becomes of the array, given the arguments; and what its author reads.
BAD = {
    "none": (lambda x, args: None, "None"),
    "list": (lambda x, args: listed(x), "list"),
    "nan": (lambda x, args: x * np.nan, "NaN"),
    "float16": (lambda x, args: half(x), "differs in|is wrong"),
    "tensor": (lambda x, args: tensor(x), "torch tensor.*expected a NumPy array|one number; expected"),
    "shape": (lambda x, args: x[None], "expected .*, got"),
    "view": (lambda x, args: view_of(x, args), "differs in|is wrong"),
}
# What becomes of all that is returned, and of the place of the array in it.
BAD_ANSWERS = {
    "nothing": (lambda answer, place: None, "returned None; expected"),
    "one more": (lambda answer, place: (*answer, 1), "returned . values; expected"),
    "one fewer": (lambda answer, place: answer[:-1], "returned . values?; expected"),
    "another order": (lambda answer, place: (*answer[1:], answer[0]), "expected"),
}


@pytest.fixture(scope="module", params=ASKED)
def asked(request):
    """The hidden checks of a unit, its reference as a program, and what of it is asked here."""
    unit = COURSE.unit(request.param)
    suite = Suite(COURSE, unit, tasks_of_names(unit))
    return suite, unit.reference.read_text(encoding="utf-8"), *ASKED[request.param]


def told(asked, change):
    """How the check ends where the function's answer is changed, given its arguments."""
    suite, source, name, check, _ = asked
    names = module_namespace(source, "student")
    right = names[name]
    names[name] = lambda *args, **named: change(right(*args, **named), args)
    outcome = suite.run(check, LocalSubject(names), 0)
    return outcome.verdict, outcome.reason


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_array_is_told(asked, kind):
    """Another kind of array, or another thing in its place, is named, and what was expected."""
    (change, sentence), place = BAD[kind], asked[-1]

    def changed(answer, args):
        if place is None:
            return change(answer, args)
        parts = list(answer)
        parts[place] = change(parts[place], args)
        return tuple(parts)

    verdict, reason = told(asked, changed)
    assert verdict is Verdict.FAILED
    assert re.search(sentence, reason), reason


@pytest.mark.parametrize("kind", BAD_ANSWERS)
def test_a_wrong_number_or_order_is_told(asked, kind):
    """Too few or too many values, none, or another order: what came, and what was expected."""
    (change, sentence), place = BAD_ANSWERS[kind], asked[-1]
    if place is None:
        change, sentence = {
            "one more": (lambda answer, place: (answer, answer), "returned a tuple"),
            "one fewer": (lambda answer, place: (), "returned a"),
            "another order": (lambda answer, place: {"answer": answer}, "returned a dict"),
        }.get(kind, (change, sentence))
    verdict, reason = told(asked, lambda answer, args: change(answer, place))
    assert verdict is Verdict.FAILED
    assert asked[2] in reason or kind == "another order"
    assert re.search(sentence, reason), reason


def test_a_changed_signature_is_told(asked):
    """A function that takes other arguments is an error that names it."""
    suite, source, name, check, _ = asked
    outcome = suite.run(check, LocalSubject({**module_namespace(source, "student"), name: lambda: None}), 0)
    assert outcome.verdict is Verdict.ERROR
    assert name in outcome.reason


def test_right_values_in_a_view_keep_their_points(asked):
    """An answer that is a view of a larger array is as right as any other."""

    def changed(answer, args):
        parts = [answer] if asked[-1] is None else list(answer)
        x = parts[asked[-1] or 0]
        parts[asked[-1] or 0] = (np.stack if isinstance(x, np.ndarray) else stacked)([x, x])[1]
        return parts[0] if asked[-1] is None else tuple(parts)

    assert told(asked, changed)[0] is Verdict.PASSED


def stacked(tensors):
    """Several tensors in one."""
    import torch

    return torch.stack(tensors)
