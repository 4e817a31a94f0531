"""Public checks of the unit ``optimizers``, beside the examples of the docstrings: what is done in place."""

import numpy as np


def moves(make, start=1.0):
    """Refuse an optimizer that leaves the caller's array as it was."""
    w = np.array([start])
    make([w]).step([np.array([4.0])])
    assert w[0] != start, (
        "step did not change the array that was given as parameter. It must be changed in place: "
        "'p = p - ...' makes a new array, 'p -= ...' changes the one that is there."
    )


def test_SGD(SGD):
    """A step changes the array that was given."""
    moves(lambda ps: SGD(ps, lr=0.1))


def test_RMSprop(RMSprop):
    """A step changes the array that was given."""
    moves(lambda ps: RMSprop(ps, lr=0.1))


def test_Adam(Adam):
    """The two steps of the hand example in a second parameter, too."""
    moves(lambda ps: Adam(ps, lr=0.1))
    w, u = np.array([1.0]), np.array([[1.0, -1.0]])
    optimizer = Adam([w, u], lr=0.3, betas=(0.25, 0.5))
    for number, (g, place) in enumerate(((5.0, 0.7), (-1.0, 0.68)), 1):
        optimizer.step([np.array([g]), np.array([[g, -g]])])
        expected = [[place, -place]]
        assert np.allclose(u, expected, rtol=0, atol=5e-5), (
            f"After step {number}, in the second parameter: by hand {expected}, your code {u}. "
            "Is there one t for all?"
        )


def test_AdamW(AdamW):
    """A step changes the array that was given."""
    moves(lambda ps: AdamW(ps, lr=0.5, weight_decay=0.1))


def test_clip_grad_norm(clip_grad_norm):
    """The length comes back, and the gradients are changed in place."""
    a, b = np.array([3.0]), np.array([[4.0]])
    length = clip_grad_norm([a, b], max_norm=1.0)
    assert length is not None, "Nothing was returned; expected the length before clipping."
    assert (a[0], b[0, 0]) != (3.0, 4.0), "The gradients were not changed; 'g *= ...' changes them in place."


def test_bug_hunt(bug_hunt, final_places):
    """The experiment has the right form, and the two optimizers end at different places."""
    rates, gradients = bug_hunt()
    assert 1 <= len(rates) == len(gradients) <= 5, "Return two lists of equal length, 1 to 5."
    assert all(rate in (1.0, 0.1, 0.01) for rate in rates), f"Rates are 1.0, 0.1 or 0.01, not {rates}."
    assert all(g == int(g) and -9 <= g <= 9 for g in gradients), "Gradients are whole numbers from -9 to 9."
    right, suspect = final_places(rates, gradients)
    assert abs(right - suspect) > 0.1, (
        f"Your SGD ends at {right}, SuspectSGD at {suspect}. Either the experiment proves nothing yet, "
        "or your SGD has the error that you are looking for."
    )


def test_Adagrad(Adagrad):
    """A step changes the array that was given."""
    moves(lambda ps: Adagrad(ps, lr=0.5))


def test_Adadelta(Adadelta):
    """A step changes the array that was given."""
    moves(lambda ps: Adadelta(ps, eps=1.0))


def test_AMSGrad(AMSGrad):
    """A step changes the array that was given."""
    moves(lambda ps: AMSGrad(ps, lr=0.3))
