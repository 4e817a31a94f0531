"""Messages of exceptions: the libraries' own are told, whatever a process makes up is not."""

import numpy as np
import pytest

from autograder.inside.wire import Unpacker, WireError
from autograder.student.claims.sayings import known_saying
from autograder.student.claims.texts import StudentText
from autograder.student.faults import raised

WORDS = {"z", "np", "x", "layer"}


@pytest.mark.parametrize(
    "expression",
    [
        "z @ z",
        "z.reshape(7, 7)",
        "z[9]",
        "z[0, 0, 0]",
        "z.x",
        "None + 1",
        "layer[0]",
        "layer(1)",
        "1 / 0",
        "z + z.T",
    ],
)
def test_what_the_libraries_say_is_told(expression):
    """The messages that students meet most, as this version of Python and NumPy words them."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
        eval(expression, {"z": np.ones((3, 5)), "layer": None})
    assert known_saying(str(caught.value), WORDS) == str(caught.value).strip()


TORCH = [
    "z @ v",
    "v @ z",
    "z + v",
    "z.view(7, 7)",
    "z.T.view(15)",
    "v[9]",
    "z[0, 0, 0]",
    "z.sum(5)",
    "torch.cat([z, v])",
    "torch.cat([z, torch.ones(3, 4)])",
    "torch.stack([v, torch.ones(3)])",
    "torch.bmm(torch.ones(2, 3, 4), torch.ones(2, 5, 6))",
    "torch.dot(v, torch.ones(3))",
    "torch.ones(3).expand(2, 4)",
    "torch.ones(3).add_(torch.ones(4, 3))",
    "z @ z.double().T",
    "z.permute(0, 1, 2)",
    "torch.nn.functional.conv2d(torch.ones(1, 2, 8, 8), torch.ones(4, 3, 3, 3))",
    "torch.nn.functional.cross_entropy(z, torch.tensor([1, 2]))",
    "torch.nn.functional.binary_cross_entropy(z, v)",
    "torch.nn.functional.layer_norm(z, (4,))",
    "float(z)",
    "bool(z)",
    "z.clone().requires_grad_().numpy()",
    "z.clone().requires_grad_().backward()",
    "z.sum().backward()",
]


@pytest.mark.parametrize("expression", TORCH)
def test_what_torch_says_is_told(expression):
    """Shapes that do not fit, dtypes that differ, gradients that are not there."""
    torch = pytest.importorskip("torch")
    with pytest.raises(Exception) as caught:  # noqa: PT011
        eval(expression, {"torch": torch, "z": torch.ones(3, 5), "v": torch.ones(4)})
    assert known_saying(str(caught.value), WORDS) == str(caught.value).split("\n")[0]


def test_of_long_messages_the_beginning_is_told():
    """What follows names operations of the library, which the notebook does not use."""
    torch = pytest.importorskip("torch")
    leaf = torch.ones(2, requires_grad=True)
    once = (leaf * leaf).sum()
    once.backward()
    with pytest.raises(RuntimeError) as caught:
        once.backward()
    assert known_saying(str(caught.value), WORDS) == "Trying to backward through the graph a second time."
    changed = leaf.exp()
    changed.add_(1)
    with pytest.raises(RuntimeError) as caught:
        changed.sum().backward()
    assert known_saying(str(caught.value), WORDS).endswith("modified by an inplace operation.")


def test_threads_that_do_not_start():
    """A pool of threads has no place in the sandbox; the student reads that it is the threads."""
    assert known_saying("can't start new thread", WORDS) == "can't start new thread"


@pytest.mark.parametrize(
    "message",
    [
        "size mismatch, got input (3), mat (3x5), vec (secret)",
        "size mismatch, got input (3), mat (3x5x7x9), vec (4)",
        "Tensors must have same number of dimensions: got 2 and 1 ccdjj",
        "b.dbc a.aca b.baf",
        "'ccdjjccega' 'abbfjhecca'",
        "-422 1211 -394",
        "name 'ccdjjccega' is not defined",
        "ccdjj() takes 2 positional arguments but 3 were given",
        "'numpy.ccdjjccega' object has no attribute 'x'",
        "division by zero ccdjjccega",
        "division ccdjjccega by zero",
        "shapes (1,2,3,4,5,6,7,8,9,1,2) and (3,5) not aligned: 5 (dim 1) != 3 (dim 0)",
        "",
    ],
)
def test_what_a_process_makes_up_is_not(message):
    """Letters in place of digits, names that the notebook does not use, more numbers than a shape has."""
    assert known_saying(message, WORDS) == ""


def unavailable(message, missing):
    """What the student reads of a claim that something was not there."""
    claim = {"k": "error", "class": "Unavailable", "bases": ["ImportError"], "message": message}
    text = StudentText(("import pandas\npandas.DataFrame()\nsecret = 1",), missing)
    return raised(text.believable(claim), "f").reason


def test_a_missing_library_is_named():
    """Our own sentence about a library that is known to be missing reaches the student, in our words."""
    told = unavailable("pandas is not available while grading. 0.123 0.456", {"pandas"})
    assert told == (
        "f raised Unavailable. pandas is not available while grading. "
        "Use NumPy or plain Python here, or keep it out of the code of the task."
    )


@pytest.mark.parametrize("message", ["secret is not available while grading", "0.1 0.2", "", "pandas"])
def test_a_library_that_is_not_missing_is_not_named(message):
    """What the process claims beyond the list of missing libraries is left out."""
    assert unavailable(message, {"pandas"}) == "f raised Unavailable."


def test_a_message_carries_few_numbers():
    """Shapes help; twenty numbers of four digits would carry the check's own source out."""
    shapes = "(1111,2222,333) (4,5,6,7,8,9,10,11,12)"
    claim = {
        "class": "ValueError",
        "bases": ["ValueError"],
        "line": {"cell": "cell 3", "line": 2, "text": "x + y"},
    }
    claim["message"] = f"operands could not be broadcast together with shapes {shapes}"
    told = raised(claim, "f").reason
    assert "(…,…,333) (4,5,6,7,8,9,10,…,…)" in told


KNOWN_TYPES = ["tuple", "dict", "ndarray longdouble", "Tensor bfloat16", "generator", "Layer"]


@pytest.mark.parametrize(
    "name", [*KNOWN_TYPES, "ccdjjccega", "ccdjjccega longdouble", "", "tuple2", 5, ["tuple"]]
)
def test_types_that_nobody_names_are_objects(name):
    """The name of a type is what the process says, too: it is a library's, or stands in the notebook."""
    text = StudentText(("class Layer: pass",))
    shown = name if name in KNOWN_TYPES else "object"
    for node, told in (
        ({"h": name}, {"h": shown}),
        ([1, {"h": name}], [1, {"h": shown}]),
        ({"t": [{"d": [["key", {"h": name}]]}]}, {"t": [{"d": [["key", {"h": shown}]]}]}),
        ({"r": [name, [1, {"h": name}]]}, {"r": [shown, [1, {"h": shown}]]}),
        ({"a": [0, "float64", [3]]}, {"a": [0, "float64", [3]]}),
    ):
        assert text.believable({"k": "value", "v": node}) == {"k": "value", "v": told}


@pytest.mark.parametrize(
    "node", [{}, {"r": 5}, {"r": [1]}, {"t": 5}, {"d": {"h": "x"}}, {"h": "tuple", "t": []}]
)
def test_malformed_values_stay_what_they_are(node):
    """Whoever unpacks them refuses them."""
    reply = StudentText(()).believable({"k": "value", "v": node})
    with pytest.raises(WireError):
        Unpacker([]).unpack(reply["v"])


def test_deep_values_do_not_hurt():
    """Nor do replies without a value."""
    deep: list = []
    for _ in range(900):
        deep = [deep]
    assert StudentText(()).believable({"k": "value", "v": deep})["v"] == deep
    assert StudentText(()).believable({"k": "value"}) == {"k": "value", "v": None}
    assert StudentText(()).believable({"k": "unmade"}) == {"k": "unmade"}
