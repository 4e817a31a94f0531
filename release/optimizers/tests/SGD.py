"""Public checks of SGD. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "SGD"
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


@test_case(name='"Momentum takes the two steps of the hand example"')
def test_SGD(SGD):
    """Momentum takes the two steps of the hand example."""
    _defined(SGD=SGD)
    start = np.array([1.0, 2.0])
    places = walk(lambda ps: SGD(ps, lr=0.1, momentum=0.5), start.copy(), ([1, -2], [1, 0]))
    moved(start, places)
    agree(places[0], [0.9, 2.2], "After step 1")
    agree(places[1], [0.75, 2.3], "After step 2 (is the velocity 0.5 v + g, and is it kept?)")
