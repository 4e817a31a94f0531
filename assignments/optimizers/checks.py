"""Public checks of the unit ``optimizers``, beside the examples of the docstrings: one for each criterion.

All numbers can be computed on paper. What a changed rate does to SGD is asked by the bug hunt.
"""

import numpy as np


def follow(make, grads, places, what, start=1.0, rates=(), **options):
    """One parameter is where it is by hand after each step, and the caller's arrays are treated well."""
    w = np.array([start])
    optimizer = make([w], **options)
    for number, (g, place, rate) in enumerate(
        zip(grads, places, rates or (None,) * len(grads), strict=True), 1
    ):
        if rate is not None:
            optimizer.lr = rate
        given = np.array([g])
        optimizer.step([given])
        assert given[0] == g, "step changed the gradient that it was given; make a new array instead."
        assert w[0] != start or place == start, (
            "step did not change the array that was given as parameter. It must be changed in place: "
            "'p = p - ...' makes a new array, 'p -= ...' changes the one that is there."
        )
        assert abs(w[0] - place) < 5e-5, f"{what}: after step {number} by hand {place}, your code {w[0]:.6g}."


def is_refused(call, what):
    """A call raises ValueError."""
    try:
        call()
    except ValueError:
        return
    raise AssertionError(f"{what} must be refused with ValueError.")


def test_SGD(SGD):
    """A step changes the array that was given, and not the gradient."""
    follow(SGD, (4.0, -2.0), (0.6, 0.8), "Without momentum", lr=0.1)


def test_SGD_nesterov(SGD):
    """Nesterov looks ahead, only where it is asked for, and needs momentum."""
    # v = 4 and 2: with Nesterov the steps are 0.1 * (4 + 2) and 0.1 * (0 + 1), without 0.1 * 4 and 0.1 * 2.
    follow(SGD, (4.0, 0.0), (0.6, 0.4), "Without Nesterov", lr=0.1, momentum=0.5)
    ahead = {"lr": 0.1, "momentum": 0.5, "nesterov": True}
    follow(SGD, (4.0, 0.0), (0.4, 0.3), "With Nesterov", **ahead)
    is_refused(lambda: SGD([np.ones(2)], lr=0.1, nesterov=True), "Nesterov without momentum")


def test_SGD_weight_decay(SGD):
    """Weight decay adds λ p, of the parameter before the step, to the gradient."""
    # g = 1 + 0.1 * 2 = 1.2, and then 0 + 0.1 * 1.4 = 0.14; v = 1.2, and then 0.5 * 1.2 + 0.14 = 0.74.
    follow(
        SGD, (1.0, 0.0), (1.4, 1.03), "With weight decay", start=2.0, lr=0.5, momentum=0.5, weight_decay=0.1
    )


def test_SGD_own_state(SGD):
    """Two optimizers do not share their velocities."""
    w, u = np.array([1.0]), np.array([1.0])
    one, two = SGD([w], lr=0.1, momentum=0.5), SGD([u], lr=0.1, momentum=0.5)
    one.step([np.array([4.0])])
    two.step([np.array([-2.0])])
    one.step([np.array([0.0])])
    assert abs(w[0] - 0.4) < 5e-5, (
        f"With a second optimizer at work: by hand 0.4, your code {w[0]:.6g}. Whose is the velocity?"
    )


def test_RMSprop(RMSprop):
    """A changed rate takes effect at once."""
    follow(RMSprop, (4.0, -2.0), (0.8, 1.1), "RMSprop", rates=(0.1, 0.3), lr=1.0, alpha=0.75)


def test_RMSprop_eps(RMSprop):
    """ε is added to the root."""
    # v = 4 in both steps: 0.1 * 4 / (2 + 2) and 0.1 * -2 / (2 + 2).
    follow(RMSprop, (4.0, -2.0), (0.9, 0.95), "With eps = 2", lr=0.1, alpha=0.75, eps=2.0)


def test_RMSprop_zero_gradient(RMSprop):
    """A parameter whose gradient is zero stays where it is."""
    follow(RMSprop, (0.0, 0.0), (1.0, 1.0), "With zero gradients", lr=0.1)


def test_Adam(Adam):
    """The two steps of the hand example in a second parameter, too."""
    w, u = np.array([1.0]), np.array([[1.0, -1.0]])
    optimizer = Adam([w, u], lr=0.3, betas=(0.25, 0.5))
    for number, (g, place) in enumerate(((5.0, 0.7), (-1.0, 0.68)), 1):
        optimizer.step([np.array([g]), np.array([[g, -g]])])
        expected = [[place, -place]]
        question = " Is there one t for all?" if abs(w[0] - place) < 5e-5 else ""
        assert np.allclose(u, expected, rtol=0, atol=5e-5), (
            f"After step {number}, in the second parameter: by hand {expected}, your code {u}.{question}"
        )


def test_Adam_eps(Adam):
    """ε is added to the root of the corrected mean; a changed rate takes effect at once."""
    # The hand example's means: 0.3 * 5 / (5 + 5), and then 0.4 * 0.2 / (3 + 5).
    follow(
        Adam, (5.0, -1.0), (0.85, 0.84), "With eps = 5", rates=(0.3, 0.4), lr=1.0, betas=(0.25, 0.5), eps=5.0
    )


def test_Adam_weight_decay(Adam):
    """Weight decay joins the gradient."""
    # -1 + 2 * 2 = 3, and the first step is lr * sign(3).
    follow(Adam, (-1.0,), (1.7,), "With weight decay", start=2.0, lr=0.3, weight_decay=2.0)


def test_AdamW(AdamW):
    """With zero gradients every step takes the share lr · λ, with the rate of this step."""
    follow(AdamW, (0.0, 0.0), (0.9, 0.72), "With zero gradients", rates=(0.2, 0.4), lr=1.0, weight_decay=0.5)


def test_AdamW_without_decay(AdamW):
    """With λ = 0 it is Adam: the hand example, and the same with ε = 5."""
    for eps, places in ((1e-8, (0.7, 0.68)), (5.0, (0.85, 0.8425))):
        follow(
            AdamW,
            (5.0, -1.0),
            places,
            f"Without decay, eps = {eps}",
            lr=0.3,
            betas=(0.25, 0.5),
            eps=eps,
            weight_decay=0.0,
        )


def test_lr_at(lr_at):
    """The cosine goes down to the floor and not below; without warm-up it starts at once."""
    # 0.2 + 0.4 * (1 + cos(π s)) for s = 0, 1/4, 1/2, 3/4, and then the floor.
    for step, by_hand in enumerate((1.0, 0.882843, 0.6, 0.317157, 0.2, 0.2)):
        rate = lr_at(step, peak=1.0, warmup=0, total=4, floor=0.2)
        assert abs(rate - by_hand) < 5e-6, (
            f"peak 1, no warm-up, total 4, floor 0.2: at step {step} by hand {by_hand}, your code {rate:.6g}."
        )


def test_lr_at_refuses(lr_at):
    """A negative step, or an end that is not after the peak, is refused."""
    is_refused(lambda: lr_at(-1, peak=1.0, warmup=2, total=5), "A negative step")
    is_refused(lambda: lr_at(0, peak=1.0, warmup=5, total=5), "A total that is not greater than warmup")


def clip(clip_grad_norm, size, max_norm, by_hand, **options):
    """Gradients 3 and 4, times ``size``, are multiplied by this factor, in place; 5 is their length."""
    a, b = np.array([3.0 * size]), np.array([[4.0 * size]])
    length = clip_grad_norm([a, b], max_norm=max_norm, **options)
    assert length is not None, "Nothing was returned; expected the length before clipping."
    assert abs(length - 5 * size) < 1e-9, f"The length is {5 * size:g}, your code returned {length:.6g}."
    assert by_hand == 1 or a[0] != 3.0 * size or b[0, 0] != 4.0 * size, (
        "The gradients were not changed; 'g *= ...' changes them in place."
    )
    factors = a[0] / (3 * size), b[0, 0] / (4 * size)
    assert max(abs(factor - by_hand) for factor in factors) < 1e-5, (
        f"Gradients {3 * size:g} and {4 * size:g}, max_norm {max_norm:g}, {options or 'default eps'}: "
        f"by hand the factor is {by_hand:g} for both, yours are {factors[0]:.6g} and {factors[1]:.6g}."
    )


def test_clip_grad_norm(clip_grad_norm):
    """The length comes back; what is too long is shortened in place, what is short stays."""
    clip(clip_grad_norm, 1, 1.0, 0.2)
    clip(clip_grad_norm, 1, 4.0, 0.8)
    clip(clip_grad_norm, 1, 10.0, 1)


def test_clip_grad_norm_eps(clip_grad_norm):
    """ε is added to the length, and is 1e-6 unless given."""
    clip(clip_grad_norm, 1, 1.0, 0.1, eps=5.0)  # 1 / (5 + 5)
    clip(clip_grad_norm, 1e-6, 3e-6, 0.5)  # 3e-6 / (5e-6 + 1e-6)


def test_clip_grad_norm_zeros(clip_grad_norm):
    """Zero gradients stay zero and have length zero."""
    g = np.zeros((2, 2))
    length = clip_grad_norm([g], max_norm=1.0)
    assert length == 0 and not g.any(), f"Zero gradients became {g.ravel()}, their length {length}."


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
    """ε is added to the root."""
    # 0.5 * 3 / (3 + 3), and then 0.5 * 4 / (5 + 3).
    follow(Adagrad, (3.0, 4.0), (0.75, 0.5), "With eps = 3", lr=0.5, eps=3.0)


def test_Adadelta(Adadelta):
    """The second step is measured by the first."""
    # u = 0.75 and v = 0.75 + 0.75 = 1.5 after it: √(0.75 + 1) / √(1.5 + 1) * 1 = 0.83666.
    follow(Adadelta, (2.0, 1.0), (4.0, 3.16334), "Adadelta", start=5.0, rho=0.25, eps=1.0)


def test_AMSGrad(AMSGrad):
    """A step changes the array that was given, and ε is added to the root."""
    # The docstring's example with ε = 7: 0.3 * 7 / (7 + 7), and then 0.3 * 1.4 / (√32.6667 + 7).
    follow(AMSGrad, (7.0, 0.0), (0.85, 0.816975), "With eps = 7", lr=0.3, betas=(0.25, 0.5), eps=7.0)
