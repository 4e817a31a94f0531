"""Public checks of lr_at. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "lr_at"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


def agree(came, expected, where):
    """Say where a hand example and the code part ways, with both numbers."""
    assert np.allclose(came, expected, rtol=0, atol=5e-5), f"{where}: by hand {expected}, your code {came}."


@test_case(name='"The schedule has the eight rates of the hand example"')
def test_lr_at(lr_at):
    """The schedule has the eight rates of the hand example."""
    _defined(lr_at=lr_at)
    expected = [0.1, 0.2, 0.3, 0.4, 0.3414, 0.2, 0.0586, 0.0]
    for step, rate in enumerate(expected):
        agree(lr_at(step, peak=0.4, warmup=3, total=7), rate, f"At step {step}")
