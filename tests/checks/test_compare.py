"""The comparer is tested as if it were the accused."""

import numpy as np
import pytest

from autograder.checks.compare import Difference, assert_close


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_tolerance_follows_the_coarser_dtype(dtype):
    """A hundredth of the tolerance passes, a hundred times it fails."""
    rtol = {np.float64: 1e-8, np.float32: 1e-4, np.float16: 1e-2}[dtype]
    expected = np.full(5, 2.0).astype(np.float16 if dtype is np.float16 else np.float64)
    assert_close((expected * (1 + rtol / 2)).astype(dtype), expected)
    with pytest.raises(Difference):
        assert_close((expected * (1 + 10 * rtol)).astype(dtype), expected)


def test_rounding_to_float16_buys_no_tolerance():
    """An answer that is wrong in the third digit stays wrong, whatever dtype it comes in."""
    expected = np.full(5, 2.0)
    with pytest.raises(Difference):
        assert_close((1.003 * expected).astype(np.float16), expected)


def test_tolerance_does_not_grow_with_the_size():
    """One wrong value among a million is found and placed."""
    expected = np.zeros((1000, 1000))
    actual = expected.copy()
    actual[3, 7] = 1e-6
    with pytest.raises(Difference, match=r"differs in 1 of 1000000 values; .* at index \(3, 7\)"):
        assert_close(actual, expected, what="dx")


def test_nan_is_close_to_nothing():
    """Not even to NaN; infinity is close to itself only."""
    with pytest.raises(Difference):
        assert_close(np.array([np.nan]), np.array([np.nan]))
    assert_close(np.array([np.inf]), np.array([np.inf]))
    with pytest.raises(Difference):
        assert_close(np.array([np.inf]), np.array([-np.inf]))
    with pytest.raises(Difference, match="NaN or infinity in 1 of 2"):
        assert_close(np.array([np.nan, 1]), np.array([0.0, 1]))


def test_shapes_must_be_equal_not_broadcastable():
    """(1, 3) is not (3, 1): the judge never broadcasts, which could also ask for huge memory."""
    with pytest.raises(Difference, match="shape"):
        assert_close(np.ones((1, 300_000)), np.ones((300_000, 1)))


def test_integers_are_exact_and_mixed_kinds_compare():
    """No tolerance for integers; booleans count as numbers."""
    assert_close(3, 3.0)
    assert_close(np.array([True]), np.array([1]))
    with pytest.raises(Difference):
        assert_close(np.array([2**40]), np.array([2**40 + 1]))


def test_lists_are_compared_item_by_item():
    """The message names the item."""
    with pytest.raises(Difference, match=r"params\[1\]"):
        assert_close([np.ones(2), np.ones(3)], [np.ones(2), np.zeros(3)], what="params")
    with pytest.raises(Difference, match="2 values came, 1"):
        assert_close([1, 2], [1])


def test_messages_hold_no_expected_value():
    """Students read them, and inputs are hidden."""
    with pytest.raises(Difference) as caught:
        assert_close(np.array([1.0]), np.array([123.456]))
    assert "123" not in str(caught.value)


def test_strings_and_objects_are_no_numbers():
    """A hostile object never reaches NumPy's arithmetic."""
    with pytest.raises(Difference):
        assert_close("abc", 1.0)


def test_both_tolerances_or_neither():
    """As in torch.testing."""
    with pytest.raises(TypeError):
        assert_close(1.0, 1.0, rtol=1e-3)
