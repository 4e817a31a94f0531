"""Public checks of im2col. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "im2col"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


@test_case(name='"The example by hand, then order, channels and options"')
def test_im2col(im2col):
    """The example by hand, then order, channels and options."""
    _defined(im2col=im2col)
    x = np.array([[[[1.0, 2.0, 3.0]]]])
    cols = im2col(x, (1, 2))
    assert np.shape(cols) == (1, 2, 2), f"Two windows of two pixels: shape (1, 2, 2), not {np.shape(cols)}."
    assert np.allclose(cols, [[1, 2], [2, 3]]), (
        "The windows (1, 2) and (2, 3) must stand upright side by side."
    )

    numbered = np.arange(9.0).reshape(1, 1, 3, 3)
    cols = im2col(numbered, (2, 2))
    assert np.allclose(cols[0, :, 0], [0, 1, 3, 4]), (
        "The first column is the window top left, row by row: 0 1 3 4."
    )
    assert np.allclose(cols[0, :, 1], [1, 2, 4, 5]), "The second column is the window to its right: 1 2 4 5."
    assert np.allclose(cols[0, :, 2], [3, 4, 6, 7]), (
        "The third column is the first window of the next row: 3 4 6 7."
    )

    two = np.stack([numbered[0, 0], 10 + numbered[0, 0]])[None]  # two channels
    cols = im2col(two, (2, 2))
    assert np.shape(cols) == (1, 8, 4), f"Two channels: shape (1, 8, 4), not {np.shape(cols)}."
    assert np.allclose(cols[0, :4, 0], [0, 1, 3, 4]), "Down a column: first all of channel 0."
    assert np.allclose(cols[0, 4:, 0], [10, 11, 13, 14]), "Down a column: after channel 0, all of channel 1."

    row = np.array([[[[1.0, 2.0, 3.0, 4.0, 5.0]]]])
    assert np.allclose(im2col(row, (1, 2), stride=2), [[1, 3], [2, 4]]), (
        "stride=2: windows (1, 2) and (3, 4)."
    )
    assert np.allclose(im2col(row, (1, 3), dilation=2), [[1], [3], [5]]), "dilation=2: one window, 1 3 5."
    padded = im2col(x, (1, 2), padding=1)
    assert np.shape(padded) == (1, 2, 12), f"padding=1: shape (1, 2, 12), not {np.shape(padded)}."
    assert np.allclose(padded[0, :, 4:8], [[0, 1, 2, 3], [1, 2, 3, 0]]), "padding=1: zeros left and right."
