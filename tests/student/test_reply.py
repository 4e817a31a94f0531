"""A reply is no value: it is noted, it looks, or it says to the author what to write instead."""

import copy
import operator

import numpy as np
import pytest

from autograder.checks import close, dtype, raises, right, unchanged, within
from autograder.student import Looks, Reply
from tests.student.subjects import here

SOURCE = """
import numpy as np

class Box:
    def __init__(self, w): self.w = w
    def times(self, x): return self.w * x
    def __add__(self, other): return Box(self.w + 1)
    def __eq__(self, other): return True
    __hash__ = None

def number(x): return 2.0
def array(x): return np.array([1.0, 2.0])
def pair(x): return x, (x, x)
def table(x): return {"a": x, "b": None}
def nothing(x): return None
def fails(x): raise ValueError("x")
"""

UNARY = {
    "neg": operator.neg,
    "pos": operator.pos,
    "abs": abs,
    "invert": operator.invert,
}
BINARY = {
    name: getattr(operator, name)
    for name in "add sub mul truediv floordiv mod pow matmul lshift rshift and_ or_ xor".split()
} | {"divmod": divmod}
COMPARISONS = {name: getattr(operator, name) for name in "eq ne lt le gt ge".split()}


@pytest.fixture(params=["number", "array", "pair", "table", "nothing"])
def reply(request):
    """A reply of each kind, of a student who can be looked at."""
    return getattr(here(SOURCE), request.param)(1.5)


def noted(reply: Reply) -> list[str]:
    return [step.kind for step in reply._student.notes.steps]


@pytest.mark.parametrize("name", UNARY)
def test_arithmetic_with_one_operand(reply, name):
    """The sentence says what to write."""
    with pytest.raises(TypeError, match=r"no value yet: .* take reply.value; .* right\(reply\)"):
        UNARY[name](reply)
    assert noted(reply) == ["call"], "nothing was asked on the way"


@pytest.mark.parametrize("name", [*BINARY, *COMPARISONS])
@pytest.mark.parametrize("other", [2, np.float64(2), np.ones(2), np.ones((2, 2)), "text", None], ids=repr)
def test_arithmetic_and_comparisons(reply, name, other):
    """From either side, and with arrays, which would ask item by item."""
    act = {**BINARY, **COMPARISONS}[name]
    for operands in ((reply, other), (other, reply)):
        if name == "mod" and isinstance(operands[0], str):
            continue  # formatting, which has a test of its own
        with pytest.raises(TypeError, match="no value yet"):
            act(*operands)
    assert noted(reply) == ["call"]


def test_two_replies_are_not_compared(reply):
    """Not even with themselves: ``close(reply, other)`` is the word."""
    with pytest.raises(TypeError, match=r"close\(reply, other\)"):
        _ = reply == reply


@pytest.mark.parametrize(
    "use",
    [
        bool,
        operator.not_,
        str,
        lambda reply: f"{reply}",
        lambda reply: f"{reply:.3f}",
        lambda reply: "%s" % reply,  # noqa: UP031
        lambda reply: 1 in reply,
        lambda reply: "key" in reply,
        lambda reply: 0 < reply < 1,
        lambda reply: reply or 1,
        lambda reply: reply and 1,
        lambda reply: any([reply]),
    ],
)
def test_truth_text_and_membership(reply, use):
    """None of them passes by Python's defaults."""
    with pytest.raises(TypeError, match=r"no value yet: .* take reply.value"):
        use(reply)
    assert noted(reply) == ["call"]


def test_assert_reply_raises(reply):
    """An object is true by default, and such a check would pass for everybody."""
    with pytest.raises(TypeError, match="no value yet"):
        assert reply


@pytest.mark.parametrize("use", [hash, lambda r: {r: 1}, round, operator.index, copy.deepcopy])
def test_what_has_no_sentence_raises_all_the_same(reply, use):
    """Nothing is taken for an answer."""
    with pytest.raises((TypeError, RecursionError)):
        use(reply)


def test_what_is_written_about_it():
    """A reply is named by its function in the tracebacks that authors read."""
    assert repr(here(SOURCE).number(1)) == "<reply of number>"


# --- what looks ---


@pytest.mark.parametrize(
    ("name", "look", "expected"),
    [
        ("number", float, 2.0),
        ("number", int, 2),
        ("number", np.asarray, 2.0),
        ("array", np.asarray, [1.0, 2.0]),
        ("array", len, 2),
        ("array", lambda reply: np.allclose(reply, [1.0, 2.0]), True),
        ("array", lambda reply: np.sum(np.asarray(reply)), 3.0),
        ("pair", lambda reply: len(reply), 2),
    ],
)
def test_what_looks_gives_the_answer(name, look, expected):
    """NumPy and Python's conversions take the value, which crosses now."""
    np.testing.assert_array_equal(look(getattr(here(SOURCE), name)(1.5)), expected)


@pytest.mark.parametrize("look", [float, int, np.asarray, lambda reply: reply.value])
def test_what_looks_cannot_be_planned(look):
    """Where a plan is being made there is nobody to look at."""
    with pytest.raises(Looks):
        look(here(SOURCE, subject=False).number(1.5))


def test_how_many_values_there_are_is_no_look():
    """The reference knows it, so unpacking, ``len`` and ``zip`` are planned."""
    student = here(SOURCE, subject=False)
    pair, table = student.pair(1), student.table(1)
    first, rest = pair
    assert len(pair) == 2
    assert len(list(zip(pair, ("a", "b"), strict=True))) == 2
    assert next(reversed(pair))._place == rest._place == pair[1]._place == pair[-1]._place
    assert first._place == pair[0]._place
    assert table["a"]._place.path == ("a",)
    with pytest.raises(IndexError):
        pair[2]
    with pytest.raises(KeyError):
        table["c"]
    assert [step.kind for step in student.notes.steps] == ["call", "call"]


@pytest.mark.parametrize("name", ["number", "array", "nothing"])
def test_a_single_value_is_not_gone_through(name):
    """A loop over it would ask for items without end."""
    with pytest.raises(TypeError, match=r"to go through it, take reply\.value"):
        iter(getattr(here(SOURCE), name)(1))


# --- objects ---


@pytest.mark.parametrize("name", BINARY | COMPARISONS)
def test_operators_of_an_object_are_noted(name):
    """Whether the class has them is the student's business: the answer is a reply."""
    student = here(SOURCE, subject=False)
    box = student.Box(1.0)
    came = {**BINARY, **COMPARISONS}[name](box, 3)
    assert isinstance(came, Reply)
    assert [(step.kind, step.name.strip("_")) for step in student.notes.steps[1:]] == [
        ("op", name.strip("_"))
    ]


def test_methods_cross_with_their_call_and_attributes_by_themselves():
    """The reference tells one from the other."""
    student = here(SOURCE, subject=False)
    box = student.Box(2.0)
    right(box.times(3.0), "w x")
    right(box.w, "w")
    box.w = 4.0
    assert [(step.kind, step.label) for step in student.notes.steps] == [
        ("call", "Box"),
        ("call", "Box.times"),
        ("get", "Box.w"),
        ("set", "Box.w"),
    ]
    assert student.notes.twins[1:3] == [6.0, 2.0]


# --- words that are used wrongly ---

WORDS = {
    "right": right,
    "close": lambda value: close(value, 1.0),
    "raises": lambda value: raises(ValueError, value),
    "dtype": lambda value: dtype(value, np.float64),
    "within": lambda value: within(value, 1.0),
}


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("value", [5, None, np.ones(2), "text"], ids=repr)
def test_a_word_about_a_value(word, value):
    """It would compare what the author has with itself."""
    with pytest.raises(TypeError, match=rf"{word}\(\.\.\.\) is about a reply"):
        WORDS[word](value)


def test_right_of_what_has_nothing_to_compare_with():
    """The reference raises, stays with an object, or was not asked."""
    student = here(SOURCE, subject=False)
    for reply, sentence in (
        (student.fails(1), r"the reference raised ValueError: x. Use raises"),
        (student.Box(1), r"it is an object \(Box\) that stays with the student; name one of its attributes"),
    ):
        with pytest.raises(TypeError, match=sentence):
            right(reply)
    with pytest.raises(TypeError, match="the reference was not asked, since a function is lent"):
        right(here(SOURCE).number(lambda x: x))


def test_a_word_about_a_name():
    """It has to be called first."""
    with pytest.raises(TypeError, match="is a name of the notebook"):
        _ = here(SOURCE).number.value


def test_what_was_never_shared_has_no_now():
    """The check's own array does not change over there."""
    student = here(SOURCE)
    for ask in (student.now, lambda x: unchanged(student, x, "x")):
        with pytest.raises(TypeError, match=r"what student.share was given, or what it gave"):
            ask(np.ones(2))


def test_private_names_are_not_asked_for():
    """Nobody's notebook is asked for them, and a misspelt method of the engine's is no task."""
    with pytest.raises(AttributeError, match="not a name that a notebook is asked for"):
        _ = here(SOURCE)._hidden
