"""Relations: what a wrong array has to do with the right one is said in one sentence."""

import numpy as np
import pytest

from autograder.explain.relation import Pair, coverage, relation

RNG = np.random.default_rng(5)
RIGHT = RNG.standard_normal((4, 3, 5, 6))
SQUARE = RNG.standard_normal((4, 4))
X = RNG.standard_normal((8, 3, 5, 6))


def told(actual, expected=RIGHT, **arguments):
    return relation(Pair("dw", np.asarray(actual), np.asarray(expected), arguments))


def but(index, expected=RIGHT):
    """The right array, wrong at an index."""
    wrong = expected.copy()
    wrong[index] += 1 + np.arange(wrong[index].size).reshape(wrong[index].shape) ** 2
    return wrong


@pytest.mark.parametrize(
    ("actual", "words"),
    [
        (8 * RIGHT, "times 8, the length of axis 0 of x (the batch): is a division by it missing?"),
        (
            RIGHT / 8,
            "divided by 8, the length of axis 0 of x (the batch): is it averaged instead of summed",
        ),
        (2 * RIGHT, "times 2: is something counted twice"),
        (0.3 * RIGHT, "equals the right one times 0.3."),
        (-RIGHT, "dw is right apart from its sign."),
        (0 * RIGHT, "is zero everywhere"),
        (RIGHT + 3, "by the same amount everywhere"),
        (RIGHT + np.arange(3)[:, None, None], "by an amount that depends only on axis 1"),
        (RIGHT * np.array([1, 2, 4])[:, None, None], "times a factor that depends only on axis 1"),
        (RIGHT[..., ::-1, ::-1], "is the right one flipped along axis 2 and axis 3"),
        (np.roll(RIGHT, 1, axis=2), "shifted by one place along axis 2"),
        (RIGHT[:, [1, 0, 2]], "in another order along axis 1"),
        (np.trunc(4 * RIGHT), None),
        (RIGHT.astype(np.float32), "has right values of dtype float32; expected float64"),
        (RIGHT.astype(np.float32).astype(float), "right to about six digits only"),
        (np.where(RIGHT > 1, np.nan, RIGHT), "contains NaN or infinity"),
        (but((..., 0)), "is wrong only in the first column"),
        (but((..., -1, slice(None))), "is wrong only in the last row"),
        (but((slice(None), 1)), "is wrong only at index 1 of axis 1"),
        (but((0, 0, 2, 2)), "wrong only at"),
        (RNG.standard_normal(RIGHT.shape), None),
    ],
)
def test_same_shape(actual, words):
    """The sentence for one wrong array of the right shape."""
    sentence = told(actual, x=X)
    assert words in sentence if words else sentence is None


def test_cut_to_integers():
    """An output array of integers loses the digits."""
    assert "cut to whole numbers" in told(np.trunc(5 * RIGHT).astype(int), 5 * RIGHT)


@pytest.mark.parametrize(
    ("actual", "expected", "words"),
    [
        (SQUARE.T, SQUARE, "with its axes in the order (1, 0)"),
        (RIGHT.transpose(0, 1, 3, 2), RIGHT, "with its axes in the order (0, 1, 3, 2)"),
        (RIGHT.reshape(4, 90), RIGHT, "only in another shape"),
        (np.pad(RIGHT, ((0, 0), (0, 0), (1, 1), (1, 1))), RIGHT, "still has its padding"),
        (RIGHT[:, :, 1:-1, 1:-1], RIGHT, "lacks its border"),
        (RIGHT.sum(axis=0), RIGHT, "is already summed over axis 0"),
        (RIGHT, RIGHT.mean(axis=1), "is not yet averaged over axis 1"),
        (RIGHT.sum(axis=0), RIGHT.sum(axis=(0, 2, 3)), "is not yet summed over axis 1 and axis 2"),
        (RIGHT[:, :, :0], RIGHT, "is empty"),
        (RNG.standard_normal((2, 2)), RIGHT, None),
    ],
)
def test_other_shape(actual, expected, words):
    """The sentence for one wrong array of another shape."""
    sentence = told(actual, expected)
    assert words in sentence if words else sentence is None


def test_where_an_argument_is_zero():
    """A derivative that is wrong at the kink only is told so."""
    x = np.array([-2.0, 0.0, 3.0, 0.0, -1.0, 4.0])
    assert told((x >= 0) * 1.0, (x > 0) * 1.0, x=x) == "dw is wrong only where x is exactly 0."


def test_two_windows():
    """Contributions that overwrite one another show at pixels in two windows."""
    windows = coverage((5, 6), kernel=(3, 3), stride=(2, 2), padding=(0, 0))
    assert windows.tolist()[0] == [1, 1, 2, 1, 1, 0]
    wrong = np.where(windows >= 2, RIGHT + 1, RIGHT)
    assert "two or more windows" in relation(Pair("dx", wrong, RIGHT, windows=windows))
    wrong = np.where(windows == 0, RIGHT + RIGHT**2, RIGHT)
    assert "no window reaches" in relation(Pair("dx", wrong, RIGHT, windows=windows))


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1])
def test_coverage_counts_windows(stride, padding):
    """Against a loop over all windows."""
    size, kernel = (6, 5), (3, 2)
    counts = np.zeros((size[0] + 2 * padding, size[1] + 2 * padding), dtype=int)
    for top in range(0, counts.shape[0] - kernel[0] + 1, stride):
        for left in range(0, counts.shape[1] - kernel[1] + 1, stride):
            counts[top : top + kernel[0], left : left + kernel[1]] += 1
    expected = counts[padding : padding + size[0], padding : padding + size[1]]
    assert np.array_equal(coverage(size, kernel, (stride, stride), (padding, padding)), expected)


def test_chance_is_no_relation():
    """One or two equal numbers are told nothing about: they would agree by chance."""
    assert told([4.0], [2.0]) is None
    assert told([2.0, 2.0], [1.0, 1.0]) is None


def test_a_right_value_of_another_kind():
    """Whole numbers where real ones are expected are no matter of rounding."""
    assert "six digits" not in (told(np.array([1, 0, -1]), np.array([1.0, 0.0, -1.0])) or "")


def test_a_number_is_not_zero_everywhere():
    """One number has no places."""
    assert "everywhere" not in told(np.float64(0.0), np.float64(2.0))


def test_a_kernel_has_no_border():
    """Of three times three values, eight are its rim."""
    assert "border" not in (told(np.eye(3) + np.ones((3, 3)), np.ones((3, 3)) + np.diag([0, 1, 0])) or "")


def test_a_length_with_two_origins_names_both():
    """Four may be the width of a picture or the number of values in a window."""
    right = RNG.standard_normal((3, 3))
    sentence = told(right / 4, right, x=np.zeros((7, 3, 4, 5)), w=np.zeros((6, 3, 2, 2)))
    assert "the length of axis 2 of x or the number of values in one picture of w" in sentence
