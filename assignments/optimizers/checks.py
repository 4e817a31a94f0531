"""Public checks of the unit ``optimizers``: the hand examples of the notebook, one for each task."""

import numpy as np


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


def test_SGD(SGD):
    """Momentum takes the two steps of the hand example."""
    start = np.array([1.0, 2.0])
    places = walk(lambda ps: SGD(ps, lr=0.1, momentum=0.5), start.copy(), ([1, -2], [1, 0]))
    moved(start, places)
    agree(places[0], [0.9, 2.2], "After step 1")
    agree(places[1], [0.75, 2.3], "After step 2 (is the velocity 0.5 v + g, and is it kept?)")


def test_RMSprop(RMSprop):
    """RMSprop takes the two steps of the hand example."""
    start = np.array([1.0])
    places = walk(lambda ps: RMSprop(ps, lr=0.1, alpha=0.75), start.copy(), ([4], [-2]))
    moved(start, places)
    agree(places[0], [0.8], "After step 1 (v = 4, so the gradient is divided by 2)")
    agree(places[1], [0.9], "After step 2 (v is 4 again)")


def test_Adam(Adam):
    """Adam takes the two steps of the hand example, with two parameters."""
    w, u = np.array([1.0]), np.array([[1.0, -1.0]])
    optimizer = Adam([w, u], lr=0.3, betas=(0.25, 0.5))
    optimizer.step([np.array([5.0]), np.array([[5.0, -5.0]])])
    moved(np.array([1.0]), [w])
    agree(w, [0.7], "After step 1 (the first step is as long as the learning rate)")
    agree(u, [[0.7, -0.7]], "After step 1, in the second parameter (is there one t for all?)")
    optimizer.step([np.array([-1.0]), np.array([[-1.0, 1.0]])])
    agree(w, [0.68], "After step 2 (m̂ = 0.2 and v̂ = 9)")
    agree(u, [[0.68, -0.68]], "After step 2, in the second parameter")


def test_AdamW(AdamW):
    """AdamW shrinks 2 to 1.9 and then steps to 1.4."""
    start = np.array([2.0])
    places = walk(lambda ps: AdamW(ps, lr=0.5, weight_decay=0.1), start.copy(), ([3],))
    moved(start, places)
    agree(places[0], [1.4], "After step 1 (2 is shrunk to 1.9 first)")


def test_lr_at(lr_at):
    """The schedule has the eight rates of the hand example."""
    expected = [0.1, 0.2, 0.3, 0.4, 0.3414, 0.2, 0.0586, 0.0]
    for step, rate in enumerate(expected):
        agree(lr_at(step, peak=0.4, warmup=3, total=7), rate, f"At step {step}")


def test_clip_grad_norm(clip_grad_norm):
    """Gradients 3 and 4 are 5 long together and become 0.6 and 0.8."""
    a, b = np.array([3.0]), np.array([[4.0]])
    length = clip_grad_norm([a, b], max_norm=1.0)
    assert length is not None, "Nothing was returned; expected the length before clipping."
    agree(length, 5.0, "The returned length")
    assert (a[0], b[0, 0]) != (3.0, 4.0), "The gradients were not changed; 'g *= ...' changes them in place."
    agree(np.array([a[0], b[0, 0]]), [0.6, 0.8], "The two gradients after clipping")


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
    """Adagrad takes the two steps of the hand example."""
    start = np.array([1.0])
    places = walk(lambda ps: Adagrad(ps, lr=0.5), start.copy(), ([3], [4]))
    moved(start, places)
    agree(places[0], [0.5], "After step 1")
    agree(places[1], [0.1], "After step 2 (the sum of squares is 25)")


def test_Adadelta(Adadelta):
    """Adadelta takes the step of its example, from 5 to 4."""
    start = np.array([5.0])
    places = walk(lambda ps: Adadelta(ps, rho=0.25, eps=1.0), start.copy(), ([2],))
    moved(start, places)
    agree(places[0], [4.0], "After step 1 (the roots are √(0 + 1) and √(3 + 1))")


def test_AMSGrad(AMSGrad):
    """AMSGrad takes the two steps of its example."""
    start = np.array([1.0])
    places = walk(lambda ps: AMSGrad(ps, lr=0.3, betas=(0.25, 0.5)), start.copy(), ([7], [0]))
    moved(start, places)
    agree(places[0], [0.7], "After step 1")
    agree(places[1], [0.6265], "After step 2 (the divisor still comes from the first gradient)")
