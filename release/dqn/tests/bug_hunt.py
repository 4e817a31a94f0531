"""Public checks of bug_hunt. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "bug_hunt"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


@test_case(name='"The form of the worlds, and what both iterations say of them"')
def test_bug_hunt(bug_hunt, endless_iteration, value_iteration):
    """The form of the worlds, and what both iterations say of them."""
    _defined(bug_hunt=bug_hunt, endless_iteration=endless_iteration, value_iteration=value_iteration)
    for name, world in zip(("blind", "sharp"), bug_hunt(), strict=True):
        to, pays, terminal = (np.asarray(part) for part in world)
        S = len(terminal)
        assert to.shape == pays.shape == (S, 2) and 2 <= S <= 6, f"{name}: 2 to 6 states, 2 actions."
        assert terminal.dtype == bool and not terminal[0], f"{name}: terminal holds bools; state 0 is no end."
        q, hers = (f(to, pays, terminal, 0.9)[~terminal] for f in (value_iteration, endless_iteration))
        worse = q.argmax(axis=1) != hers.argmax(axis=1)
        said = f"{name}: her best actions are {'wrong' if worse.any() else 'right'}."
        assert worse.any() == worse[0] == (name == "sharp"), said
        assert (abs(q - hers)[0] > 0.1).any(), f"{name}: her values of state 0 are right."
