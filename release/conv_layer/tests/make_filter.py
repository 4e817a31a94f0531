"""Public checks of make_filter. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "make_filter"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


@test_case(name='"What the filters do to a single bright pixel and to ramps of brightness"')
def test_make_filter(make_filter):
    """What the filters do to a single bright pixel and to ramps of brightness."""
    _defined(make_filter=make_filter)
    for name in ("blur", "sobel_x", "sobel_y", "shift_right"):
        kernel = make_filter(name)
        assert np.shape(kernel) == (3, 3), f"{name} must be a 3 x 3 array, not {np.shape(kernel)}."
        assert kernel.dtype == np.float64, f"{name} must hold floats: write 1.0 instead of 1."
    row, column = np.mgrid[:3, :3]
    flat = np.full((3, 3), 7.0)
    assert np.isclose((make_filter("blur") * flat).sum(), 7), (
        "blur must leave a flat picture as bright as it is."
    )
    assert np.isclose((make_filter("sobel_x") * flat).sum(), 0), "sobel_x must give 0 on a flat picture."
    assert (make_filter("sobel_x") * column).sum() > 0, (
        "sobel_x must be positive where it gets brighter rightwards."
    )
    assert np.isclose((make_filter("sobel_x") * row).sum(), 0), (
        "sobel_x must not see that it gets brighter downwards."
    )
    assert (make_filter("sobel_y") * row).sum() > 0, (
        "sobel_y must be positive where it gets brighter downwards."
    )
    left = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    copied = (make_filter("shift_right") * left).sum()
    assert copied == 1, "To move the picture right, an output pixel copies the pixel to its left."
