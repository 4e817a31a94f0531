"""Public checks of Adam. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "Adam"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


def moved(start, places):
    """Refuse an optimizer that leaves the caller's array as it was."""
    assert not np.array_equal(start, places[-1]), (
        "step did not change the array that was given as parameter. It must be changed in place: "
        "'p = p - ...' makes a new array, 'p -= ...' changes the one that is there."
    )


def agree(came, expected, where):
    """Say where a hand example and the code part ways, with both numbers."""
    assert np.allclose(came, expected, rtol=0, atol=5e-5), f"{where}: by hand {expected}, your code {came}."


@test_case(name='"Adam takes the two steps of the hand example, with two parameters"')
def test_Adam(Adam):
    """Adam takes the two steps of the hand example, with two parameters."""
    _defined(Adam=Adam)
    w, u = np.array([1.0]), np.array([[1.0, -1.0]])
    optimizer = Adam([w, u], lr=0.3, betas=(0.25, 0.5))
    optimizer.step([np.array([5.0]), np.array([[5.0, -5.0]])])
    moved(np.array([1.0]), [w])
    agree(w, [0.7], "After step 1 (the first step is as long as the learning rate)")
    agree(u, [[0.7, -0.7]], "After step 1, in the second parameter (is there one t for all?)")
    optimizer.step([np.array([-1.0]), np.array([[-1.0, 1.0]])])
    agree(w, [0.68], "After step 2 (m̂ = 0.2 and v̂ = 9)")
    agree(u, [[0.68, -0.68]], "After step 2, in the second parameter")
