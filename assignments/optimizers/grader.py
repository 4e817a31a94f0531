"""Hidden checks of the unit ``optimizers``.

Most checks are a race: the student's optimizer and the reference start from the same parameters, get the
same gradients, and must be at the same place after every step. Settings are chosen so that one mistake
has one price: ε is far too small to be seen except where its place is the question (there it is large), means
forget at once (β = 0) where decay is the question, and are old enough for the corrections to have faded where
the means themselves are. Where ε is small six digits are compared, since another small one may be there in
its place: who ignores eps loses what asks for it, whatever constant he writes.

No setting pays for less than the task. Where β = 0 hides the means, the same check asks whether there are
any; where nothing is to be clipped, or a rate is at its end, it asks for a clipping, and for a way there.
"""

import math
from numbers import Real

import numpy as np
import pytest

from autograder.checks import Difference, close, obeys, raises, right, unchanged

TINY = 1e-12  # an ε that cannot be seen
# Where ε is not the question: the default of 1e-8 cannot be seen either.
ROUGHLY = {"rtol": 1e-6, "atol": 1e-6}
RATES = (0.5, 0.05, 0.3, 0.01)  # of four steps


def some_params(draw):
    """Two parameters of different shapes."""
    return [draw.normal(3, 4), draw.normal(5)]


def some_grads(draw, params, steps, gap=0.1):
    """For each step the gradients of all parameters, none of them near zero."""
    return [[draw.away_from_zero(*p.shape, gap=gap) for p in params] for _ in range(steps)]


def params_and_grads(draw, steps):
    """Parameters, and for each step their gradients; those of the last parameter are zero in step 2."""
    params = some_params(draw)
    grads = some_grads(draw, params, steps)
    grads[1][-1][...] = 0
    return params, grads


def params_and_large_grads(draw, steps):
    """The same with gradients of 30 and more, beside which the default ε of 1e-8 cannot be seen."""
    params = some_params(draw)
    return params, some_grads(draw, params, steps, gap=30)


def race(student, name, params, grads, rates=(), tolerance=None, **options):
    """The student's optimizer and the reference are at the same place after every step."""
    optimizer = getattr(student, name)(student.share(params), **options)
    tolerance = tolerance or (ROUGHLY if options.get("eps") == TINY else {})
    for number, gradients in enumerate(grads):
        if rates:
            optimizer.lr = rates[number]
        optimizer.step(gradients)
        right(student.now(params), f"After step {number + 1}, params", **tolerance)


def arrival(student, name, params, grads, **options):
    """Where an optimizer brings the parameters in the end."""
    optimizer = getattr(student, name)(student.share(params), **options)
    for gradients in grads:
        optimizer.step(gradients)
    return student.now(params)


def remembers(student, draw, name):
    """A second step differs where the first gradient had the other sign."""
    first, last, later = draw.away_from_zero(3, 4), draw.away_from_zero(3, 4), []
    for sign in (1, -1):
        places = student.share([np.zeros((3, 4))])
        optimizer = getattr(student, name)(places, lr=0.3, betas=(0.6, 0.9))
        optimizer.step([sign * first])
        places[0][...] = 0.0  # so that this step alone is seen
        optimizer.step([last])
        later.append(student.now(places))
    obeys(later[0], differs, later[1])


def differs(one, other):
    """A law: two steps after different gradients are not the same."""
    if np.allclose(one, other, rtol=1e-6, atol=1e-9):
        raise Difference("A step is the same whatever the gradients before it were: where is their mean?")


def scale_is_free(student, draw, name, **options):
    """Gradients that are 1000 times as large lead to the same place."""
    params, grads = params_and_grads(draw, 4)
    place = arrival(student, name, [p.copy() for p in params], grads, **options)
    other = arrival(student, name, params, [[1000 * g for g in gradients] for gradients in grads], **options)
    close(other, place, "With gradients 1000 times as large, params", **ROUGHLY)


def grads_are_untouched(student, draw, name, **options):
    """Two steps leave the caller's gradients as they were."""
    params = some_params(draw)
    optimizer = getattr(student, name)(student.share(params), **options)
    for gradients in some_grads(draw, params, 2):
        optimizer.step(student.share(gradients))
        unchanged(student, gradients, "A gradient that was given to step")


# --- SGD ------------------------------------------------------------------------------------------------


@pytest.mark.task("SGD", points=4)
def test_sgd_plain(student, draw):
    """Without momentum, each parameter goes down along its own gradient."""
    race(student, "SGD", *params_and_grads(draw, 4), lr=0.3)


@pytest.mark.task("SGD", points=6)
def test_sgd_momentum(student, draw):
    """With momentum, the steps of the velocity's sum are taken."""
    race(student, "SGD", *params_and_grads(draw, 5), lr=0.2, momentum=0.7)


@pytest.mark.task("SGD", points=3)
def test_sgd_rate_changes(student, draw):
    """A learning rate that changes between steps applies to the whole velocity."""
    race(student, "SGD", *params_and_grads(draw, 4), RATES, lr=0.5, momentum=0.7)


@pytest.mark.task("SGD", points=5)
def test_sgd_nesterov(student, draw):
    """Nesterov looks ahead: the step is along g + μ v."""
    race(student, "SGD", *params_and_grads(draw, 5), lr=0.2, momentum=0.7, nesterov=True)


@pytest.mark.task("SGD", points=3)
def test_sgd_weight_decay(student, draw):
    """Weight decay adds λ p, of the parameter before the step, to the gradient."""
    race(student, "SGD", *params_and_grads(draw, 4), lr=0.3, weight_decay=0.4)


@pytest.mark.task("SGD", points=1)
def test_sgd_own_state(student, draw):
    """Two optimizers at work at the same time do not share their velocities."""
    (params, grads), (others, other_grads) = params_and_grads(draw, 3), params_and_grads(draw, 3)
    one = student.SGD(student.share(params), lr=0.2, momentum=0.7)
    two = student.SGD(student.share(others), lr=0.2, momentum=0.7)
    for gradients, other_gradients in zip(grads, other_grads, strict=True):
        one.step(gradients)
        two.step(other_gradients)
    right(student.now(params), "With a second optimizer at work, the first one's params")


@pytest.mark.task("SGD", points=1, law=True)
def test_sgd_grads_untouched(student, draw):
    """The step does not change the gradients that it is given."""
    grads_are_untouched(student, draw, "SGD", lr=0.3, momentum=0.7, weight_decay=0.4)


@pytest.mark.task("SGD", points=1, law=True)
def test_sgd_layouts(student, draw):
    """Parameters may be float32, transposed views or every other element of an array."""
    params = [draw.normal(3, 4, dtype=np.float32), draw.normal(4, 3).T, draw.normal(8)[::2]]
    grads = [[draw.normal(*p.shape, dtype=p.dtype) for p in params] for _ in range(3)]
    race(student, "SGD", params, grads, lr=0.3)


@pytest.mark.task("SGD", points=1, law=True)
@pytest.mark.parametrize("momentum", [0.0, -0.5])
def test_sgd_refuses(student, draw, momentum):
    """Nesterov without momentum is refused with ValueError."""
    raises(ValueError, student.SGD([draw.normal(3)], lr=0.1, momentum=momentum, nesterov=True))


# --- RMSprop --------------------------------------------------------------------------------------------


@pytest.mark.task("RMSprop", points=6)
def test_rmsprop_path(student, draw):
    """The step is the gradient divided by the root of a running mean of its squares."""
    race(student, "RMSprop", *params_and_grads(draw, 5), lr=0.2, alpha=0.8, eps=TINY)


@pytest.mark.task("RMSprop", points=4)
def test_rmsprop_eps(student, draw):
    """ε is added to the root, not to what stands under it."""
    race(student, "RMSprop", *params_and_grads(draw, 4), lr=0.2, alpha=0.5, eps=0.1)


@pytest.mark.task("RMSprop", points=1)
def test_rmsprop_defaults(student, draw):
    """Without further arguments, α is 0.99 and ε is 1e-8."""
    race(student, "RMSprop", *params_and_large_grads(draw, 4), tolerance=ROUGHLY, lr=0.05)


@pytest.mark.task("RMSprop", points=1)
def test_rmsprop_rate_changes(student, draw):
    """A learning rate that changes between steps takes effect at once."""
    race(student, "RMSprop", *params_and_grads(draw, 4), RATES, lr=0.5, alpha=0.5, eps=TINY)


@pytest.mark.task("RMSprop", points=1, law=True)
def test_rmsprop_zero_gradient(student, draw):
    """A parameter whose gradient is zero from the start stays where it is."""
    start = draw.normal(3, 2)
    (place,) = arrival(student, "RMSprop", [start], [[np.zeros((3, 2))]] * 2, lr=0.2)
    close(place, start, "After two zero gradients, the parameter")


@pytest.mark.task("RMSprop", points=1, law=True)
def test_rmsprop_scale(student, draw):
    """Gradients 1000 times as large give the same path."""
    scale_is_free(student, draw, "RMSprop", lr=0.2, alpha=0.8, eps=TINY)


@pytest.mark.task("RMSprop", points=1, law=True)
def test_rmsprop_grads_untouched(student, draw):
    """The step does not change the gradients that it is given."""
    grads_are_untouched(student, draw, "RMSprop", lr=0.3)


# --- Adam -----------------------------------------------------------------------------------------------


@pytest.mark.task("Adam", points=6)
def test_adam_means(student, draw):
    """After many steps, when the corrections have faded, m and v are right."""
    params, grads = params_and_grads(draw, 20)
    places = student.share(params)
    optimizer = student.Adam(places, lr=0.1, betas=(0.15, 0.25), eps=TINY)
    for gradients in grads[:17]:
        optimizer.step(gradients)
    for number, gradients in enumerate(grads[17:], 18):
        for place in places:
            place[...] = 0.0  # so that this step alone is seen
        optimizer.step(gradients)
        right(student.now(places), f"In step {number}, the change of params", **ROUGHLY)


@pytest.mark.task("Adam", points=3)
def test_adam_first_step(student, draw):
    """The first step is the learning rate long in every element, whatever the gradient's size."""
    params = some_params(draw)
    gradients = [draw.away_from_zero(*p.shape) * size for p, size in zip(params, (1.0, 1000.0), strict=True)]
    race(student, "Adam", params, [gradients], tolerance=ROUGHLY, lr=0.3, betas=(0.8, 0.97), eps=0.0)


@pytest.mark.task("Adam", points=6)
def test_adam_early_steps(student, draw):
    """In the first steps the corrections follow the number of the step (default β and ε)."""
    race(student, "Adam", *params_and_large_grads(draw, 6), tolerance=ROUGHLY, lr=0.3)


@pytest.mark.task("Adam", points=2)
def test_adam_eps_and_correction(student, draw):
    """ε is added to the root of the corrected mean and is itself not corrected."""
    race(student, "Adam", *params_and_grads(draw, 3), lr=0.3, betas=(0.6, 0.9), eps=0.2)


@pytest.mark.task("Adam", points=3)
def test_adam_eps(student, draw):
    """ε is added to the root, not to what stands under it, of means that remember."""
    race(student, "Adam", *params_and_grads(draw, 3), lr=0.3, betas=(0.0, 0.0), eps=0.2)
    remembers(student, draw, "Adam")


@pytest.mark.task("Adam", points=2)
def test_adam_weight_decay(student, draw):
    """Weight decay joins the gradient before the means, which remember."""
    params = [draw.uniform(3, 4, low=3, high=5), draw.uniform(5, low=-5, high=-3)]
    grads = [[0.4 * np.sign(g) for g in gradients] for gradients in some_grads(draw, params, 4)]
    race(student, "Adam", params, grads, lr=0.1, betas=(0.0, 0.0), eps=TINY, weight_decay=0.5)
    remembers(student, draw, "Adam")


@pytest.mark.task("Adam", points=1)
def test_adam_rate_changes(student, draw):
    """A learning rate that changes takes effect at once, and what the means hold stays."""
    race(student, "Adam", *params_and_grads(draw, 4), RATES, lr=0.5, betas=(0.0, 0.0), eps=TINY)
    remembers(student, draw, "Adam")


@pytest.mark.task("Adam", points=1, law=True)
def test_adam_scale(student, draw):
    """Gradients 1000 times as large give the same path."""
    scale_is_free(student, draw, "Adam", lr=0.2, betas=(0.6, 0.9), eps=TINY)


@pytest.mark.task("Adam", points=1, law=True)
def test_adam_grads_untouched(student, draw):
    """The step does not change the gradients that it is given."""
    grads_are_untouched(student, draw, "Adam", lr=0.3, weight_decay=0.4)


# --- AdamW ----------------------------------------------------------------------------------------------


@pytest.mark.task("AdamW", points=2)
def test_adamw_decay_alone(student, draw):
    """With zero gradients every step takes the share lr · λ from each parameter."""
    params = some_params(draw)
    race(student, "AdamW", params, [[np.zeros_like(p) for p in params]] * 3, lr=0.3, weight_decay=0.5)


@pytest.mark.task("AdamW", points=3)
def test_adamw_decay_and_step(student, draw):
    """The parameter is shrunk first, then Adam's step is taken; the means remember, and see no decay."""
    race(student, "AdamW", *params_and_grads(draw, 4), lr=0.3, betas=(0.0, 0.0), eps=TINY, weight_decay=0.5)
    remembers(student, draw, "AdamW")


@pytest.mark.task("AdamW", points=3)
def test_adamw_without_decay(student, draw):
    """With λ = 0 it is Adam."""
    race(student, "AdamW", *params_and_grads(draw, 6), lr=0.3, betas=(0.6, 0.9), eps=0.2, weight_decay=0.0)


@pytest.mark.task("AdamW", points=1)
def test_adamw_defaults(student, draw):
    """Without further arguments, λ is 0.01, β is (0.9, 0.999), and a changed rate takes effect at once."""
    rates = (0.5, 0.05, 0.3, 0.9)
    race(student, "AdamW", *params_and_large_grads(draw, 4), rates, tolerance=ROUGHLY, lr=0.5)


@pytest.mark.task("AdamW", points=1, law=True)
def test_adamw_grads_untouched(student, draw):
    """The step does not change the gradients that it is given."""
    grads_are_untouched(student, draw, "AdamW", lr=0.3, weight_decay=0.4)


# --- lr_at ----------------------------------------------------------------------------------------------


def schedule(student, steps, **options):
    """The rates at these steps are right."""
    for step in steps:
        right(student.lr_at(step, **options), f"The rate at step {step}")


def on_its_way(student, step, **options):
    """The rate at this step is neither the peak nor the floor any more."""
    obeys(student.lr_at(step, **options), is_between, options["peak"], options.get("floor", 0.0))


def is_between(rate, peak, floor):
    """A law: a rate is between two others."""
    if not floor < float(rate) < peak:
        raise Difference("Half way from the peak to the end, the rate is not between peak and floor.")


@pytest.mark.task("lr_at", points=3)
def test_lr_warmup(student, rng):
    """The rate rises by equal amounts, from a first value above zero up to the peak."""
    peak, warmup = float(rng.uniform(0.1, 2)), int(rng.integers(4, 9))
    schedule(student, range(warmup), peak=peak, warmup=warmup, total=3 * warmup)


@pytest.mark.task("lr_at", points=4)
def test_lr_cosine(student, rng):
    """From the peak to the end the rate follows half a cosine down to the floor."""
    warmup, length = int(rng.integers(4, 9)), int(rng.integers(11, 16))
    steps, total = range(warmup, warmup + length), warmup + length
    schedule(student, steps, peak=0.8, warmup=warmup, total=total, floor=float(rng.uniform(0.05, 0.3)))


@pytest.mark.task("lr_at", points=1)
def test_lr_end(student):
    """From the last step on, but not before, the rate is the floor, which is 0 unless given."""
    schedule(student, (10, 11, 25), peak=0.8, warmup=3, total=10, floor=0.1)
    schedule(student, (10, 15), peak=0.8, warmup=3, total=10)
    on_its_way(student, 6, peak=0.8, warmup=3, total=10, floor=0.1)


@pytest.mark.task("lr_at", points=1)
def test_lr_without_warmup(student):
    """Without warm-up, step 0 has the peak, and no step after it."""
    schedule(student, (0,), peak=0.8, warmup=0, total=9)
    on_its_way(student, 4, peak=0.8, warmup=0, total=9)


@pytest.mark.task("lr_at", points=1, law=True)
@pytest.mark.parametrize("options", [{"step": -1}, {"step": 2, "total": 4}, {"step": 2, "total": 3}])
def test_lr_refuses(student, options):
    """A negative step, or an end that is not after the peak, is refused with ValueError."""
    raises(ValueError, student.lr_at(**{"peak": 1.0, "warmup": 4, "total": 9, **options}))


# --- clip_grad_norm -------------------------------------------------------------------------------------


def length(grads):
    """Of one long vector with all elements."""
    return math.sqrt(sum(float((g * g).sum()) for g in grads))


def clipped(student, grads, max_norm, **options):
    """What becomes of these gradients."""
    student.clip_grad_norm(student.share(grads), max_norm, **options)
    return student.now(grads)


def follows_max_norm(student, draw):
    """For twice the ``max_norm`` long gradients come out twice as long, however long they were."""
    (grads,) = some_grads(draw, some_params(draw), 1, gap=1)  # each array, and each element, is too long
    size = length(grads)
    one = clipped(student, [g.copy() for g in grads], 0.05 * size)
    obeys(clipped(student, [10 * g for g in grads], 0.1 * size), is_twice_as_long, one)


def is_twice_as_long(grads, others):
    """A law: of the lengths of two lists of arrays, of which none is zero."""
    if not abs(length(grads) - 2 * length(others)) <= 1e-3 * length(grads) or not length(grads):
        raise Difference(
            "Of gradients that are too long, the length after clipping does not follow max_norm."
        )


@pytest.mark.task("clip_grad_norm", points=2)
def test_clip_returns_length(student, draw):
    """The length of all gradients together, before clipping, comes back."""
    grads = some_params(draw)
    for share in (0.3, 3):
        right(student.clip_grad_norm(grads, share * length(grads)), "The returned length")


@pytest.mark.task("clip_grad_norm", points=4)
def test_clip_shortens(student, draw, rng):
    """Gradients that are too long are shortened by one factor, in place, to max_norm."""
    grads = some_params(draw)
    came = clipped(student, grads, float(rng.uniform(0.15, 0.45)) * length(grads))
    right(came, "After clipping, grads", rtol=1e-5, atol=1e-6)


@pytest.mark.task("clip_grad_norm", points=2, law=True)
def test_clip_leaves_short_ones(student, draw):
    """Gradients that are short enough are not changed; others follow max_norm."""
    grads = some_params(draw)
    right(clipped(student, grads, 2.5 * length(grads)), "Short enough from the start, grads")
    follows_max_norm(student, draw)


@pytest.mark.task("clip_grad_norm", points=1)
def test_clip_eps(student, draw, rng):
    """ε is added to the length, and is 1e-6 unless given."""
    grads = some_params(draw)
    size, share = length(grads), float(rng.uniform(0.3, 0.7))
    tiny = [3e-6 * share * g / size for g in grads]
    came = clipped(student, grads, 0.4 * share * size, eps=share * size)
    right(came, "After clipping with a large eps, grads")
    right(clipped(student, tiny, 1e-6 * share), "After clipping, tiny grads", rtol=1e-6, atol=1e-15)


@pytest.mark.task("clip_grad_norm", points=1, law=True)
def test_clip_zeros(student, draw):
    """Zero gradients stay zero and have length zero; others follow max_norm."""
    grads = student.share([np.zeros((2, 3)), np.zeros(4)])
    right(student.clip_grad_norm(grads, 1.0), "The returned length")
    right(student.now(grads), "After clipping, zero grads")
    follows_max_norm(student, draw)


# --- bug hunt -------------------------------------------------------------------------------------------


def end_of_right(rates, gradients, momentum=0.9):
    """Where SGD with momentum ends, from 0."""
    p = v = 0.0
    for rate, g in zip(rates, gradients, strict=True):
        v = momentum * v + g
        p -= rate * v
    return p


def end_of_suspect(rates, gradients, momentum=0.9):
    """Where the notebook's SuspectSGD ends, from 0."""
    p = v = 0.0
    for rate, g in zip(rates, gradients, strict=True):
        v = momentum * v + rate * g
        p -= v
    return p


def plain_numbers(values):
    """A list or array of ordinary numbers as a list."""
    values = values.tolist() if isinstance(values, np.ndarray) else values
    plain = isinstance(values, (list, tuple)) and all(isinstance(value, Real) for value in values)
    assert plain, "bug_hunt must return two lists of numbers."
    assert all(map(math.isfinite, values)), "Infinity and NaN are no rates and no gradients."
    return values


@pytest.mark.task("bug_hunt", points=5)
def test_bug_hunt(student):
    """On your experiment the right optimizer and SuspectSGD end at different places."""
    answer = student.bug_hunt().value
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, "bug_hunt must return (rates, gradients)."
    rates, gradients = map(plain_numbers, answer)
    assert 1 <= len(rates) <= 5 and len(rates) == len(gradients), (
        "Expected two lists of equal length, 1 to 5."
    )
    assert all(rate in (1.0, 0.1, 0.01) for rate in rates), "Each rate must be 1.0, 0.1 or 0.01."
    whole = all(abs(g) <= 9 and g == round(g) for g in gradients)
    assert whole, "Each gradient must be a whole number from -9 to 9."
    apart = abs(end_of_right(rates, gradients) - end_of_suspect(rates, gradients))
    assert apart > 0.1, "On this experiment both optimizers end at the same place, or less than 0.1 apart."


# --- bonus ----------------------------------------------------------------------------------------------


@pytest.mark.task("Adagrad", points=4, bonus=True)
def test_adagrad_path(student, draw):
    """The step is the gradient divided by the root of the sum of all squares so far."""
    race(student, "Adagrad", *params_and_grads(draw, 5), lr=0.3, eps=TINY)


@pytest.mark.task("Adagrad", points=2, bonus=True)
def test_adagrad_eps(student, draw):
    """ε is added to the root, and is 1e-10 unless given."""
    race(student, "Adagrad", *params_and_grads(draw, 3), lr=0.3, eps=0.2)
    race(student, "Adagrad", *params_and_grads(draw, 3), tolerance=ROUGHLY, lr=0.3)


@pytest.mark.task("Adagrad", points=1, bonus=True, law=True)
def test_adagrad_grads_untouched(student, draw):
    """The step does not change the gradients that it is given."""
    grads_are_untouched(student, draw, "Adagrad", lr=0.3)


@pytest.mark.task("Adadelta", points=1, bonus=True)
def test_adadelta_first_step(student, draw):
    """In the first step the numerator is √ε, with ε inside both roots."""
    params = some_params(draw)
    race(student, "Adadelta", params, some_grads(draw, params, 1), rho=0.7, eps=0.2)


@pytest.mark.task("Adadelta", points=5, bonus=True)
def test_adadelta_path(student, draw):
    """Later, the numerator is the root of the mean of squared steps up to the last one."""
    params, grads = params_and_grads(draw, 5)
    race(student, "Adadelta", params, grads, (0.5, 2.0, 0.3, 1.5, 0.8), lr=0.5, rho=0.7, eps=0.2)
    race(student, "Adadelta", some_params(draw), grads)


@pytest.mark.task("Adadelta", points=1, bonus=True, law=True)
def test_adadelta_grads_untouched(student, draw):
    """The step does not change the gradients that it is given."""
    grads_are_untouched(student, draw, "Adadelta")


@pytest.mark.task("AMSGrad", points=4, bonus=True)
def test_amsgrad_largest(student, draw):
    """The divisor comes from the largest mean of squares so far."""
    params, grads = params_and_grads(draw, 5)
    fading = [[g / (1 + 3 * number) for g in gradients] for number, gradients in enumerate(grads)]
    race(student, "AMSGrad", params, fading, lr=0.3, betas=(0.6, 0.7), eps=0.05)


@pytest.mark.task("AMSGrad", points=1, bonus=True)
def test_amsgrad_defaults(student, draw):
    """While the mean of squares grows it is Adam (default β and ε)."""
    race(student, "AMSGrad", *params_and_large_grads(draw, 4), tolerance=ROUGHLY, lr=0.3)


@pytest.mark.task("AMSGrad", points=1, bonus=True, law=True)
def test_amsgrad_grads_untouched(student, draw):
    """The step does not change the gradients that it is given."""
    grads_are_untouched(student, draw, "AMSGrad", lr=0.3)
