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


@test_case(name='"The form of the two tapes, and what hasty_backward makes of the sharp one"')
def test_bug_hunt(bug_hunt, play, hasty_backward):
    """The form of the two tapes, and what hasty_backward makes of the sharp one."""
    _defined(bug_hunt=bug_hunt, play=play, hasty_backward=hasty_backward)
    answer = bug_hunt()
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, "Return two tapes, (blind, sharp)."
    for name, tape in zip(("blind", "sharp"), answer, strict=True):
        assert isinstance(tape, (tuple, list)) and 1 <= len(tape) <= 8, f"{name}: a list of 1 to 8 steps."
        for number, (kind, *places) in enumerate(tape, 2):
            assert kind in ("add", "mul", "tanh"), f"{name}: there is no step {kind!r}."
            assert len(places) == (1 if kind == "tanh" else 2), (
                f"{name}: {kind} has one operand too many or too few."
            )
            assert all(0 <= i < number for i in places), f"{name}: step {number} can use 0 to {number - 1}."
    grads = []
    for backward in (lambda root: root.backward(), hasty_backward):
        values = play(answer[1])
        backward(values[-1])
        grads.append([leaf.grad for leaf in values[:2]])
    assert not np.allclose(*grads), "sharp is not sharp: hasty_backward and your own give the same grads."
