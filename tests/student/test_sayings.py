"""Messages of exceptions: a student reads sentences of ours, in which only names of his own source stand."""

import re

import numpy as np
import pytest

from autograder.inside.wire import Unpacker, WireError
from autograder.student.claims.sayings import LONGEST_MESSAGE, meaning, missing_name, said
from autograder.student.claims.sentences import SENTENCES
from autograder.student.claims.texts import StudentText
from autograder.student.faults import raised

WORDS = {"z", "np", "x", "layer", "numpy", "torch", "helper", "f"}


def told(expression, **names):
    """What the student reads of the exception that an expression raises."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
        eval(expression, names)
    found = meaning(type(caught.value).__name__, str(caught.value), WORDS)
    assert found is not None, str(caught.value)
    return found.sentence


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("z @ z", "The matrices of a product do not fit"),
        ("z.reshape(7, 7)", "The new shape has not as many elements"),
        ("z[9]", "An index lies beyond the end of its axis."),
        ("z[0, 0, 0]", "There are more indices than axes."),
        ("z.x", "An array has no attribute x."),
        ("None + 1", "None and an int cannot be combined."),
        ("layer[0]", "None was indexed: does a function lack its return?"),
        ("layer(1)", "None was called as if it were a function."),
        ("1 / 0", "Something is divided by zero."),
        ("z + z.T", "The shapes do not fit together"),
        ("helper(1)", "helper is not defined."),
        ("np.int(3)", "NumPy has no np.int any more: write int."),
        ("np.float_(3)", "NumPy has no np.float_ any more: write np.float64."),
        ("np.f", "numpy has no f in the version that grades."),
        ("np.arange(3).__iadd__(0.5)", "The result does not fit the dtype"),
        ("f()", "f was called without its argument x."),
        ("f(1, 2)", "f was called with more arguments than it takes."),
        ("f(1, z=2)", "f has no parameter z."),
        ("{}['x']", "There is no key 'x'."),
        ("open('/nowhere/x')", "A file is not there while grading"),
        ("__import__('x')", "The module x is not there while grading."),
        ("bool(z)", "An array of several values stands where True or False"),
        ("np.linalg.inv(np.zeros((2, 2)))", "The matrix is singular"),
        ("(lambda x: x)(*[])", None),
    ],
)
def test_what_python_and_numpy_say(expression, sentence, monkeypatch):
    """The messages that students meet most, as this version of Python and NumPy words them."""
    monkeypatch.delitem(vars(np), "int", raising=False)  # older libraries put it back for themselves

    def f(x):
        return x

    f.__qualname__ = "f"
    names = {"z": np.ones((3, 5)), "layer": None, "np": np, "f": f}
    if sentence is None:  # the function has no name that could stand in a source
        with pytest.raises(TypeError) as caught:
            eval(expression, names)
        assert meaning("TypeError", str(caught.value), WORDS) is None
    else:
        assert told(expression, **names).startswith(sentence)


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
def test_what_torch_says(expression):
    """Shapes that do not fit, dtypes that differ, gradients that are not there: each has a sentence."""
    torch = pytest.importorskip("torch")
    sentence = told(expression, torch=torch, z=torch.ones(3, 5), v=torch.ones(4))
    assert sentence in {ours for _, ours in SENTENCES}


def test_gradients_that_torch_cannot_compute():
    """Long messages with names of the library's operations; the beginning says which they are."""
    torch = pytest.importorskip("torch")
    leaf = torch.ones(2, requires_grad=True)
    once = (leaf * leaf).sum()
    once.backward()
    assert told("once.backward()", once=once).startswith("backward went twice")
    changed = leaf.exp()
    changed.add_(1)
    assert told("total.backward()", total=changed.sum()).endswith("was changed in place.")


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("can't start new thread", "No threads or processes"),
        ("[Errno 30] Read-only file system: '/home/x/model.pt'", "Outside of its own folder nothing"),
        ("[Errno 11] Resource temporarily unavailable", "No threads or processes"),
        ("<urlopen error [Errno -3] Temporary failure in name resolution>", "There is no network"),
        ("Torch not compiled with CUDA enabled", "There is no GPU"),
        (
            "cannot import name 'f' from 'numpy' (/usr/lib/python3)",
            "numpy has no f in the version that grades.",
        ),
        ("name 'helper' is not defined. Did you mean: 'x'?", "helper is not defined."),
    ],
)
def test_what_the_system_says(message, sentence):
    """A sandbox without network, graphics card and further processes is not the student's machine."""
    assert meaning("OSError", message, WORDS).sentence.startswith(sentence)


@pytest.mark.parametrize(
    "message",
    [
        "b.dbc a.aca b.baf",
        "-422 1211 -394",
        "name 'ccdjjccega' is not defined",
        "ccdjj() takes 2 positional arguments but 3 were given",
        "f.ccdjj() takes 2 positional arguments but 3 were given",
        "'numpy.ccdjjccega' object has no attribute 'x'",
        "module 'numpy' has no attribute 'ccdjj'",
        "division by zero ccdjjccega",
        "",
        None,
        5,
    ],
)
def test_what_a_process_makes_up_is_not_told(message):
    """Neither words of its own nor names that the notebook does not use."""
    assert meaning("ValueError", message, WORDS) is None


def test_what_a_known_message_holds_is_not_told():
    """Whatever stands in the place of numbers and shapes, the sentence is the same."""
    sentences = {
        meaning(
            "ValueError", f"operands could not be broadcast together with shapes {shapes}", WORDS
        ).sentence
        for shapes in ("(3,5) (4,5)", "(1111,2222,333) (4,5,6,7,8,9)", "ccdjj", "0.123 0.456")
    }
    assert len(sentences) == 1


def test_no_sentence_has_a_number_from_a_message():
    """Only holes with a name go into a sentence, and each of these is a name."""
    for words, sentence in SENTENCES:
        holes = set(re.findall(r"\{(\w*)\}", sentence))
        assert "" not in holes and holes <= set(re.findall(r"\{(\w+)\}", words)), words


@pytest.mark.parametrize("key", ["'x'", "'ccdjj'", "0.123", "(1, 2)", "'x' 'z'"])
def test_keys_are_told_where_the_source_names_them(key):
    """A key is often an input."""
    found = meaning("KeyError", key, WORDS)
    assert (found is not None) is (key == "'x'")


def test_long_messages_take_no_time():
    """A message is read once from left to right, whatever it repeats."""
    message = "cannot permute(" * 40_000
    assert meaning("ValueError", message, WORDS) is None
    assert len(message) > LONGEST_MESSAGE


@pytest.mark.parametrize(
    ("claim", "name"),
    [
        ({"class": "NameError", "message": "name 'helper' is not defined"}, "helper"),
        ({"class": "AttributeError", "message": "'Net' object has no attribute 'f'"}, ".f"),
        ({"class": "NameMissing", "message": "helper", "ours": True}, "helper"),
        ({"class": "WireError", "message": "name 'helper' is not defined", "ours": True}, ""),
        ({"class": "ValueError", "message": "name 'helper' is not defined"}, ""),
        ({"class": "UnboundLocalError", "message": "local variable 'x' referenced before assignment"}, ""),
        ({"class": "NameError", "message": "x"}, ""),
        ({"class": "NameError", "message": "name 'helper' is not defined", "said": "forged"}, ""),
        ({}, ""),
    ],
)
def test_the_name_that_was_not_there(claim, name):
    """What a fault may follow from is asked by this name; of an attribute with a point."""
    assert missing_name(claim) == name


def test_a_forged_meaning_is_none():
    """What the judge has made of a message cannot come from the process."""
    claim = {"class": "ValueError", "message": "division by zero", "said": {"sentence": "ccdjj"}}
    assert said(claim) is None
    reply = StudentText({}).believable({"k": "error", **claim})
    assert said(reply).sentence == "Something is divided by zero."
    assert "ccdjj" not in raised(reply, "f").reason


SOURCE = "def f(x):\n    y = x + 1\n    return 1 / y"


@pytest.mark.parametrize(
    ("cell", "line", "text", "where"),
    [
        ("cell 3", 2, "y = x + 1", " in cell 3, line 2: `y = x + 1`"),
        ("cell 3", 3, "y = x + 1", ""),
        ("cell 2", 2, "y = x + 1", ""),
        ("cell 3", 99_999, "", ""),
        ("cell 3", 2, "", ""),
        ("cell 0123", 2, "y = x + 1", ""),
        ("secret", 2, "y = x + 1", ""),
        ("cell 3", "2", "y = x + 1", ""),
        ("cell 3", True, "def f(x):", ""),
    ],
)
def test_a_line_is_told_where_it_stands(cell, line, text, where):
    """A process could name any line: its number is told only with the text that stands there."""
    claim = {"k": "error", "class": "ValueError", "message": ""}
    claim["line"] = {"cell": cell, "line": line, "text": text, "function": "f"}
    reply = StudentText({3: SOURCE}).believable(claim)
    assert raised(reply, "f").reason == f"f raised ValueError{where}."


def unavailable(message, missing):
    """What the student reads of a claim that something was not there."""
    claim = {"k": "error", "class": "Unavailable", "bases": ["ImportError"], "message": message}
    text = StudentText({1: "import pandas\npandas.DataFrame()\nsecret = 1"}, missing)
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


KNOWN_TYPES = ["tuple", "dict", "ndarray longdouble", "Tensor bfloat16", "generator", "Layer"]


@pytest.mark.parametrize(
    "name", [*KNOWN_TYPES, "ccdjjccega", "ccdjjccega longdouble", "", "tuple2", 5, ["tuple"]]
)
def test_types_that_nobody_names_are_objects(name):
    """The name of a type is what the process says, too: it is a library's, or stands in the notebook."""
    text = StudentText({1: "class Layer: pass"})
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
    reply = StudentText({}).believable({"k": "value", "v": node})
    with pytest.raises(WireError):
        Unpacker([]).unpack(reply["v"])


def test_deep_values_do_not_hurt():
    """Nor do replies without a value."""
    deep: list = []
    for _ in range(900):
        deep = [deep]
    assert StudentText({}).believable({"k": "value", "v": deep})["v"] == deep
    assert StudentText({}).believable({"k": "value"}) == {"k": "value"}
    assert StudentText({}).believable({"k": "unmade"}) == {"k": "unmade"}
