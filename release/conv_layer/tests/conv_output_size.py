"""Public checks of conv_output_size. The hidden checks decide the mark; these say early what goes wrong."""

from otter.test_files import test_case

OK_FORMAT = False
name = "conv_output_size"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


@test_case(name='"The number of windows in small cases that can be counted on paper"')
def test_conv_output_size(conv_output_size):
    """The number of windows in small cases that can be counted on paper."""
    _defined(conv_output_size=conv_output_size)
    assert conv_output_size(8, 3) == 6, "A row of 8 pixels has 6 windows of 3: they start at 0, 1, ..., 5."
    assert isinstance(conv_output_size(8, 3), int), "Return an int (// divides to an int, / does not)."
    assert conv_output_size(8, 3, padding=1) == 8, "padding=1 adds a zero at each end: 10 pixels, 8 windows."
    assert conv_output_size(7, 3, stride=2) == 3, "Windows of 3 in a row of 7, two apart, start at 0, 2, 4."
    assert conv_output_size(8, 3, stride=2) == 3, "One pixel left over makes no window of its own: 3 windows."
    assert conv_output_size(9, 3, dilation=2) == 5, "Three elements with holes reach over 5 of the 9 pixels."
    try:
        size = conv_output_size(2, 3)
    except ValueError:
        return
    raise AssertionError(f"A kernel of 3 does not fit in 2 pixels: raise a ValueError (you returned {size}).")
