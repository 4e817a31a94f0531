"""Public checks of AdamW. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "AdamW"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


def walk(make, start, gradients):
    """The values after each step; ``start`` is the array that the optimizer was given to change."""
    optimizer = make([start])
    places = []
    for g in gradients:
        optimizer.step([np.array(g, dtype=float)])
        places.append(start.copy())
    return places


def moved(start, places):
    """Refuse an optimizer that leaves the caller's array as it was."""
    assert not np.array_equal(start, places[-1]), (
        "step did not change the array that was given as parameter. It must be changed in place: "
        "'p = p - ...' makes a new array, 'p -= ...' changes the one that is there."
    )


def agree(came, expected, where):
    """Say where a hand example and the code part ways, with both numbers."""
    assert np.allclose(came, expected, rtol=0, atol=5e-5), f"{where}: by hand {expected}, your code {came}."


@test_case(name='"AdamW shrinks 2 to 1.9 and then steps to 1.4"')
def test_AdamW(AdamW):
    """AdamW shrinks 2 to 1.9 and then steps to 1.4."""
    _defined(AdamW=AdamW)
    start = np.array([2.0])
    places = walk(lambda ps: AdamW(ps, lr=0.5, weight_decay=0.1), start.copy(), ([3],))
    moved(start, places)
    agree(places[0], [1.4], "After step 1 (2 is shrunk to 1.9 first)")
