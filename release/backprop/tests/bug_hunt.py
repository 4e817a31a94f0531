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


@test_case(name='"What hasty_backward makes of the two tapes"')
def test_bug_hunt(bug_hunt, play, hasty_backward):
    """What hasty_backward makes of the two tapes."""
    _defined(bug_hunt=bug_hunt, play=play, hasty_backward=hasty_backward)
    for name, tape in zip(("blind", "sharp"), bug_hunt(), strict=True):
        assert 1 <= len(tape) <= 8, f"{name} must be a list of 1 to 8 steps."
        ours, hers = play(tape), play(tape)
        ours[-1].backward()
        hasty_backward(hers[-1])
        same = np.allclose([value.grad for value in ours[:2]], [value.grad for value in hers[:2]])
        assert same == (name == "blind"), f"{name}: hasty_backward is {'right' if same else 'wrong'}."
