"""Hidden checks of the unit ``optimizers``.

Most checks are a race: the student's optimizer and the reference start from the same parameters, get the
same gradients, and must be at the same place after every step. The student's makes its whole way beside his
code, in one crossing, the reference's in the judge (`student.both`). Settings are chosen so that one mistake
has one price: ε is far too small to be seen except where its place is the question (there it is large), means
forget at once (β = 0) where decay is the question, and are old enough for the corrections to have faded where
the means themselves are.
"""

import math
from contextlib import suppress
from numbers import Real

import numpy as np
import pytest

from autograder.compare import Difference, as_array, assert_close
from autograder.laws import assert_unchanged

TINY = 1e-12  # an ε that cannot be seen
DEFAULT = {
    "rtol": 1e-6,
    "atol": 1e-6,
}  # where the default ε of 1e-8 is used and its place is not the question


def some_params(draw):
    """Two parameters of different shapes."""
    return [draw.normal(3, 4), draw.normal(5)]


def some_grads(draw, params, steps, gap=0.1):
    """Of each parameter the gradients of all steps (steps, *shape), none of them near zero."""
    return [draw.away_from_zero(steps, *p.shape, gap=gap) for p in params]


def grads_with_zeros(draw, params, steps):
    """The same, but those of the last parameter are zero in step 2."""
    grads = some_grads(draw, params, steps)
    grads[-1][1] = 0
    return grads


def large_grads(draw, params, steps):
    """Gradients of 30 and more, beside which the default ε of 1e-8 cannot be seen."""
    return some_grads(draw, params, steps, gap=30)


# --- shipped functions: each runs beside the student's code, in one crossing ------------------------------
# A list that an optimizer is given is its own: only a change of the arrays in it counts, not one of the list.


def optimizers_at_work(make, races):
    """Of each parameter of each race an array with its values after every step, in one flat list.

    A race is params, grads (of each parameter those of all steps), rates (one for each step, or none) and
    options.
    """
    found = []
    for params, grads, rates, options in races:
        optimizer = make(list(params), **options)
        path = []
        for step in range(len(grads[0])):
            if rates:
                optimizer.lr = rates[step]
            optimizer.step([g[step] for g in grads])
            path.append([p.copy() for p in params])
        found += [np.stack(places) for places in zip(*path, strict=True)]
    return found


def two_optimizers_at_work(make, first, grads, second, other_grads, options):
    """The parameters of the first, after it and a second one have made their steps in turn."""
    one, two = make(list(first), **options), make(list(second), **options)
    for step in range(len(grads[0])):
        one.step([g[step] for g in grads])
        two.step([g[step] for g in other_grads])
    return [p.copy() for p in first]


def optimizer_and_its_gradients(make, params, grads, options):
    """Copies of all gradients, each as its step left it; grads has a list for each step."""
    optimizer = make(list(params), **options)
    left = []
    for gradient in grads:
        optimizer.step(list(gradient))
        left += [g.copy() for g in gradient]
    return left


def lr_at_each_step(lr_at, schedules):
    """The rates at these steps of each schedule, in one flat list."""
    return [lr_at(step, **options) for steps, options in schedules for step in steps]


def clipped_each(clip, calls):
    """For each call what came back, and copies of the gradients after it, in one flat list."""
    found = []
    for grads, args, options in calls:
        found.append(clip(grads, *args, **options))
        found += [g.copy() for g in grads]
    return found


# --- what the checks of several tasks ask ---------------------------------------------------------------


def path_of(student, name, params, grads, rates=(), **options):
    """Of each parameter an array (steps, *shape) of where the student's optimizer brings it."""
    one = (student.share(params, shipped=False), grads, rates, options)
    return student.inside(optimizers_at_work, getattr(student, name), [one])


def races(student, name, *several):
    """The student's and the reference's paths from the same starts, with the same gradients."""
    for params, *_ in several:
        student.share(params, shipped=False)
    return student.both(optimizers_at_work, getattr(student, name), several)


def assert_race(student, name, params, grads, rates=(), tolerance=None, **options):
    """Both are at the same place after every step."""
    path, expected = races(student, name, (params, grads, rates, options))
    assert_same_path(path, expected, **(tolerance or {}))


def assert_same_path(path, expected, **tolerance):
    """Two paths agree after every step; the first step after which they do not is told."""
    with suppress(Difference):
        assert_close(path, expected, **tolerance)
        return
    for number in range(len(expected[0])):
        for index, (p, q) in enumerate(zip(path, expected, strict=True)):
            assert_close(p[number], q[number], what=f"After step {number + 1}, params[{index}]", **tolerance)


def assert_grads_untouched(student, name, draw, **options):
    """Two steps leave the caller's gradients as they were."""
    params = some_params(draw)
    grads = [[draw.away_from_zero(*p.shape) for p in params] for _ in range(2)]
    every = [g for gradient in grads for g in gradient]
    before = [g.copy() for g in every]
    student.share([*params, *every], shipped=False)
    left = student.inside(optimizer_and_its_gradients, getattr(student, name), params, grads, options)
    for g, old in zip(left, before, strict=True):
        assert_unchanged(old, g, "A gradient that was given to step")


def assert_scale_free(student, name, draw, **options):
    """Gradients that are 1000 times as large give the same path."""
    small = some_params(draw)
    large = [p.copy() for p in small]
    grads = grads_with_zeros(draw, small, 4)
    several = [(small, grads, (), options), (large, [1000 * g for g in grads], (), options)]
    student.share([*small, *large], shipped=False)
    paths = student.inside(optimizers_at_work, getattr(student, name), several)
    for p, q in zip(paths[: len(small)], paths[len(small) :], strict=True):
        what = "With gradients 1000 times as large, a parameter"
        assert_close(as_array(q)[-1], as_array(p)[-1], rtol=1e-6, atol=1e-6, what=what)


# --- SGD ------------------------------------------------------------------------------------------------


@pytest.mark.task("SGD", points=4)
def test_sgd_plain(student, draw):
    """Without momentum, each parameter goes down along its own gradient."""
    params = some_params(draw)
    assert_race(student, "SGD", params, grads_with_zeros(draw, params, 4), lr=0.3)


@pytest.mark.task("SGD", points=6)
def test_sgd_momentum(student, draw):
    """With momentum, the steps of the velocity's sum are taken."""
    params = some_params(draw)
    assert_race(student, "SGD", params, grads_with_zeros(draw, params, 5), lr=0.2, momentum=0.7)


@pytest.mark.task("SGD", points=3)
def test_sgd_rate_changes(student, draw):
    """A learning rate that changes between steps applies to the whole velocity."""
    params = some_params(draw)
    rates = (0.5, 0.05, 0.3, 0.01)
    assert_race(student, "SGD", params, grads_with_zeros(draw, params, 4), rates, lr=0.5, momentum=0.7)


@pytest.mark.task("SGD", points=5)
def test_sgd_nesterov(student, draw):
    """Nesterov looks ahead: the step is along g + μ v."""
    params = some_params(draw)
    assert_race(
        student, "SGD", params, grads_with_zeros(draw, params, 5), lr=0.2, momentum=0.7, nesterov=True
    )


@pytest.mark.task("SGD", points=3)
def test_sgd_weight_decay(student, draw):
    """Weight decay adds λ p, of the parameter before the step, to the gradient."""
    params = some_params(draw)
    assert_race(student, "SGD", params, grads_with_zeros(draw, params, 4), lr=0.3, weight_decay=0.4)


@pytest.mark.task("SGD", points=1)
def test_sgd_own_state(student, draw):
    """Two optimizers at work at the same time do not share their velocities."""
    first, second = some_params(draw), some_params(draw)
    grads, other_grads = grads_with_zeros(draw, first, 3), grads_with_zeros(draw, second, 3)
    options = {"lr": 0.2, "momentum": 0.7}
    student.share([*first, *second], shipped=False)
    inputs = first, grads, second, other_grads, options
    came, expected = student.both(two_optimizers_at_work, student.SGD, *inputs)
    for p, q in zip(came, expected, strict=True):
        assert_close(p, q, what="With a second optimizer at work, a parameter of the first")


@pytest.mark.task("SGD", points=1, law=True, mirror=False)
def test_sgd_grads_untouched(student, draw):
    """The step does not change the gradients that it is given."""
    assert_grads_untouched(student, "SGD", draw, lr=0.3, momentum=0.7, weight_decay=0.4)


@pytest.mark.task("SGD", points=1, law=True)
def test_sgd_layouts(student, draw):
    """Parameters may be float32, transposed views or every other element of an array."""
    params = [draw.normal(3, 4, dtype=np.float32), draw.normal(4, 3).T, draw.normal(8)[::2]]
    grads = [draw.normal(3, *p.shape, dtype=p.dtype) for p in params]
    assert_race(student, "SGD", params, grads, lr=0.3)


@pytest.mark.task("SGD", points=1, law=True, mirror=False)
@pytest.mark.parametrize("momentum", [0.0, -0.5])
def test_sgd_refuses(student, draw, momentum):
    """Nesterov without momentum is refused with ValueError."""
    with pytest.raises(ValueError):
        student.SGD([draw.normal(3)], lr=0.1, momentum=momentum, nesterov=True)


# --- RMSprop --------------------------------------------------------------------------------------------


@pytest.mark.task("RMSprop", points=6)
def test_rmsprop_path(student, draw):
    """The step is the gradient divided by the root of a running mean of its squares."""
    params = some_params(draw)
    assert_race(student, "RMSprop", params, grads_with_zeros(draw, params, 5), lr=0.2, alpha=0.8, eps=TINY)


@pytest.mark.task("RMSprop", points=4)
def test_rmsprop_eps(student, draw):
    """ε is added to the root, not to what stands under it."""
    params = some_params(draw)
    assert_race(student, "RMSprop", params, grads_with_zeros(draw, params, 4), lr=0.2, alpha=0.5, eps=0.1)


@pytest.mark.task("RMSprop", points=1)
def test_rmsprop_defaults(student, draw):
    """Without further arguments, α is 0.99 and ε is 1e-8."""
    params = some_params(draw)
    assert_race(student, "RMSprop", params, large_grads(draw, params, 4), tolerance=DEFAULT, lr=0.05)


@pytest.mark.task("RMSprop", points=1)
def test_rmsprop_rate_changes(student, draw):
    """A learning rate that changes between steps takes effect at once."""
    params = some_params(draw)
    rates = (0.5, 0.05, 0.3, 0.01)
    assert_race(
        student, "RMSprop", params, grads_with_zeros(draw, params, 4), rates, lr=0.5, alpha=0.5, eps=TINY
    )


@pytest.mark.task("RMSprop", points=1, law=True, mirror=False)
def test_rmsprop_zero_gradient(student, draw):
    """A parameter whose gradient is zero from the start stays where it is."""
    params = [draw.normal(3, 2)]
    start = params[0].copy()
    (places,) = path_of(student, "RMSprop", params, [np.zeros((2, 3, 2))], lr=0.2)
    assert_close(as_array(places)[-1], start, what="After two zero gradients, the parameter")


@pytest.mark.task("RMSprop", points=1, law=True, mirror=False)
def test_rmsprop_scale(student, draw):
    """Gradients 1000 times as large give the same path."""
    assert_scale_free(student, "RMSprop", draw, lr=0.2, alpha=0.8, eps=TINY)


@pytest.mark.task("RMSprop", points=1, law=True, mirror=False)
def test_rmsprop_grads_untouched(student, draw):
    """The step does not change the gradients that it is given."""
    assert_grads_untouched(student, "RMSprop", draw, lr=0.3)


# --- Adam -----------------------------------------------------------------------------------------------


@pytest.mark.task("Adam", points=6)
def test_adam_means(student, draw):
    """After many steps, when the corrections have faded, m and v are right."""
    params = some_params(draw)
    grads = grads_with_zeros(draw, params, 20)
    options = {"lr": 0.1, "betas": (0.15, 0.25), "eps": TINY}
    path, expected = races(student, "Adam", (params, grads, (), options))
    for number in (17, 18, 19):
        for index, (p, q) in enumerate(zip(path, expected, strict=True)):
            what = f"In step {number + 1}, the change of params[{index}]"
            assert_close(p[number] - p[number - 1], q[number] - q[number - 1], what=what)


@pytest.mark.task("Adam", points=4)
def test_adam_first_step(student, draw):
    """The first step is the learning rate long in every element, whatever the gradient's size."""
    params = some_params(draw)
    start = [p.copy() for p in params]
    grads = [draw.away_from_zero(*p.shape) * 10.0**power for p, power in zip(params, (-2, 2), strict=True)]
    path = path_of(student, "Adam", params, [g[None] for g in grads], lr=0.3, betas=(0.8, 0.97), eps=0.0)
    for index, (p, p0, g) in enumerate(zip(path, start, grads, strict=True)):
        assert_close(p[0], p0 - 0.3 * np.sign(g), what=f"After step 1, params[{index}]")


@pytest.mark.task("Adam", points=5)
def test_adam_early_steps(student, draw):
    """In the first steps the corrections follow the number of the step (default β and ε)."""
    params = some_params(draw)
    assert_race(student, "Adam", params, large_grads(draw, params, 6), tolerance=DEFAULT, lr=0.3)


@pytest.mark.task("Adam", points=2)
def test_adam_eps_and_correction(student, draw):
    """ε is added to the root of the corrected mean and is itself not corrected."""
    params = some_params(draw)
    grads = grads_with_zeros(draw, params, 3)
    assert_race(student, "Adam", params, grads, lr=0.3, betas=(0.6, 0.9), eps=0.2)


@pytest.mark.task("Adam", points=3)
def test_adam_eps(student, draw):
    """ε is added to the root, not to what stands under it."""
    params = some_params(draw)
    assert_race(student, "Adam", params, grads_with_zeros(draw, params, 3), lr=0.3, betas=(0.0, 0.0), eps=0.2)


@pytest.mark.task("Adam", points=2)
def test_adam_weight_decay(student, draw):
    """Weight decay joins the gradient before the means."""
    params = [draw.uniform(3, 4, low=3, high=5), draw.uniform(5, low=-5, high=-3)]
    grads = [0.4 * np.sign(g) for g in some_grads(draw, params, 4)]
    assert_race(student, "Adam", params, grads, lr=0.1, betas=(0.0, 0.0), eps=TINY, weight_decay=0.5)


@pytest.mark.task("Adam", points=1)
def test_adam_rate_changes(student, draw):
    """A learning rate that changes between steps takes effect at once."""
    params = some_params(draw)
    rates = (0.5, 0.05, 0.3, 0.01)
    grads = grads_with_zeros(draw, params, 4)
    assert_race(student, "Adam", params, grads, rates, lr=0.5, betas=(0.0, 0.0), eps=TINY)


@pytest.mark.task("Adam", points=1, law=True, mirror=False)
def test_adam_scale(student, draw):
    """Gradients 1000 times as large give the same path."""
    assert_scale_free(student, "Adam", draw, lr=0.2, betas=(0.6, 0.9), eps=TINY)


@pytest.mark.task("Adam", points=1, law=True, mirror=False)
def test_adam_grads_untouched(student, draw):
    """The step does not change the gradients that it is given."""
    assert_grads_untouched(student, "Adam", draw, lr=0.3, weight_decay=0.4)


# --- AdamW ----------------------------------------------------------------------------------------------


@pytest.mark.task("AdamW", points=3)
def test_adamw_decay_alone(student, draw):
    """With zero gradients every step takes the share lr · λ from each parameter."""
    params = some_params(draw)
    grads = [np.zeros((3, *p.shape)) for p in params]
    assert_race(student, "AdamW", params, grads, lr=0.3, weight_decay=0.5)


@pytest.mark.task("AdamW", points=3)
def test_adamw_decay_and_step(student, draw):
    """The parameter is shrunk first, then Adam's step is taken, and the means see no decay."""
    params = some_params(draw)
    grads = grads_with_zeros(draw, params, 4)
    assert_race(student, "AdamW", params, grads, lr=0.3, betas=(0.0, 0.0), eps=TINY, weight_decay=0.5)


@pytest.mark.task("AdamW", points=2)
def test_adamw_without_decay(student, draw):
    """With λ = 0 it is Adam."""
    params = some_params(draw)
    grads = grads_with_zeros(draw, params, 6)
    assert_race(student, "AdamW", params, grads, lr=0.3, betas=(0.6, 0.9), eps=0.2, weight_decay=0.0)


@pytest.mark.task("AdamW", points=1)
def test_adamw_defaults(student, draw):
    """Without further arguments, λ is 0.01, β is (0.9, 0.999), and a changed rate takes effect at once."""
    params = some_params(draw)
    rates = (0.5, 0.05, 0.3, 0.9)
    assert_race(student, "AdamW", params, large_grads(draw, params, 4), rates, tolerance=DEFAULT, lr=0.5)


@pytest.mark.task("AdamW", points=1, law=True, mirror=False)
def test_adamw_grads_untouched(student, draw):
    """The step does not change the gradients that it is given."""
    assert_grads_untouched(student, "AdamW", draw, lr=0.3, weight_decay=0.4)


# --- lr_at ----------------------------------------------------------------------------------------------


def assert_schedule(student, steps, **options):
    """The student's rates equal the reference's at these steps."""
    assert_schedules(student, (list(steps), options))


def assert_schedules(student, *schedules):
    """The same for several schedules."""
    rates, expected = student.both(lr_at_each_step, student.lr_at, schedules)
    every = [step for steps, _ in schedules for step in steps]
    for step, rate, right in zip(every, rates, expected, strict=True):
        assert_close(rate, right, what=f"The rate at step {step}")


@pytest.mark.task("lr_at", points=3)
def test_lr_warmup(student, rng):
    """The rate rises by equal amounts, from a first value above zero up to the peak."""
    peak, warmup = float(rng.uniform(0.1, 2)), int(rng.integers(4, 9))
    assert_schedule(student, range(warmup), peak=peak, warmup=warmup, total=3 * warmup)


@pytest.mark.task("lr_at", points=4)
def test_lr_cosine(student, rng):
    """From the peak to the end the rate follows half a cosine down to the floor."""
    warmup, length = int(rng.integers(4, 9)), int(rng.integers(11, 16))
    steps, total = range(warmup, warmup + length), warmup + length
    assert_schedule(student, steps, peak=0.8, warmup=warmup, total=total, floor=float(rng.uniform(0.05, 0.3)))


@pytest.mark.task("lr_at", points=1)
def test_lr_end(student):
    """From the last step on the rate is the floor, which is 0 unless given."""
    options = {"peak": 0.8, "warmup": 3, "total": 10}
    assert_schedules(student, ([10, 11, 25], {**options, "floor": 0.1}), ([10, 15], options))


@pytest.mark.task("lr_at", points=1)
def test_lr_without_warmup(student):
    """Without warm-up, step 0 has the peak."""
    assert_schedule(student, (0,), peak=0.8, warmup=0, total=9)


@pytest.mark.task("lr_at", points=1, law=True, mirror=False)
@pytest.mark.parametrize("options", [{"step": -1}, {"step": 2, "total": 4}, {"step": 2, "total": 3}])
def test_lr_refuses(student, options):
    """A negative step, or an end that is not after the peak, is refused with ValueError."""
    with pytest.raises(ValueError):
        student.lr_at(**{"peak": 1.0, "warmup": 4, "total": 9, **options})


# --- clip_grad_norm -------------------------------------------------------------------------------------


def clipped(student, grads, *args, **options):
    """What came back, and the gradients after the call."""
    ((norm, after),) = clipped_several(student, (grads, args, options))
    return norm, after


def clipped_several(student, *calls):
    """The same for several calls (grads, args, options)."""
    calls = [([g.copy() for g in grads], args, options) for grads, args, options in calls]
    for grads, *_ in calls:
        student.share(grads, shipped=False)
    came = iter(student.inside(clipped_each, student.clip_grad_norm, calls))
    return [(next(came), [next(came) for _ in grads]) for grads, *_ in calls]


def length(grads):
    """Of one long vector with all elements."""
    return math.sqrt(sum(float((g * g).sum()) for g in grads))


@pytest.mark.task("clip_grad_norm", points=2)
def test_clip_returns_length(student, draw):
    """The length of all gradients together, before clipping, comes back."""
    grads = some_params(draw)
    for norm, _ in clipped_several(student, *((grads, (share * length(grads),), {}) for share in (0.3, 3))):
        assert_close(norm, length(grads), what="The returned length")


@pytest.mark.task("clip_grad_norm", points=4)
def test_clip_shortens(student, draw):
    """Gradients that are too long are shortened by one factor, in place, to max_norm."""
    grads = some_params(draw)
    max_norm = 0.3 * length(grads)
    _, after = clipped(student, grads, max_norm)
    for index, (g, old) in enumerate(zip(after, grads, strict=True)):
        assert_close(g, 0.3 * old, rtol=1e-5, atol=1e-6, what=f"grads[{index}] after clipping")


@pytest.mark.task("clip_grad_norm", points=2, law=True, mirror=False)
def test_clip_leaves_short_ones(student, draw):
    """Gradients that are short enough are not changed."""
    grads = some_params(draw)
    _, after = clipped(student, grads, 2.5 * length(grads))
    for g, old in zip(after, grads, strict=True):
        assert_close(g, old, what="A gradient that was short enough")


@pytest.mark.task("clip_grad_norm", points=1)
def test_clip_eps(student, draw):
    """ε is added to the length, and is 1e-6 unless given."""
    grads = some_params(draw)
    size = length(grads)
    large_eps = (grads, (0.3 * size,), {"eps": 0.5 * size})
    tiny_grads = ([1e-6 * g / size for g in grads], (1e-6,), {})
    (_, after), (_, tiny) = clipped_several(student, large_eps, tiny_grads)
    assert_close(after[0], 0.2 * grads[0], what="grads[0] after clipping with a large eps")
    expected = 0.5e-6 * grads[0] / size
    assert_close(tiny[0], expected, rtol=1e-6, atol=1e-15, what="A tiny gradient after clipping")


@pytest.mark.task("clip_grad_norm", points=1, law=True, mirror=False)
def test_clip_zeros(student):
    """Zero gradients stay zero and have length zero."""
    norm, after = clipped(student, [np.zeros((2, 3)), np.zeros(4)], 1.0)
    assert_close(norm, 0.0, what="The returned length")
    assert_close(after, [np.zeros((2, 3)), np.zeros(4)], what="Zero gradients after clipping")


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


def plain_numbers(student, values):
    """A list or array of ordinary numbers as a list."""
    values = student.value(values)
    values = values.tolist() if isinstance(values, np.ndarray) else values
    right = isinstance(values, (list, tuple)) and all(isinstance(value, Real) for value in values)
    assert right, "bug_hunt must return two lists of numbers."
    assert all(map(math.isfinite, values)), "Infinity and NaN are no rates and no gradients."
    return values


@pytest.mark.task("bug_hunt", points=5, mirror=False)
def test_bug_hunt(student):
    """On your experiment the right optimizer and SuspectSGD end at different places."""
    answer = student.bug_hunt()
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, "bug_hunt must return (rates, gradients)."
    rates, gradients = (plain_numbers(student, part) for part in answer)
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
    params = some_params(draw)
    assert_race(student, "Adagrad", params, grads_with_zeros(draw, params, 5), lr=0.3, eps=TINY)


@pytest.mark.task("Adagrad", points=2, bonus=True)
def test_adagrad_eps(student, draw):
    """ε is added to the root, and is 1e-10 unless given."""
    first, second = some_params(draw), some_params(draw)
    large_eps = (first, grads_with_zeros(draw, first, 3), (), {"lr": 0.3, "eps": 0.2})
    default = (second, grads_with_zeros(draw, second, 3), (), {"lr": 0.3})
    path, expected = races(student, "Adagrad", large_eps, default)
    assert_same_path(path[: len(first)], expected[: len(first)])
    assert_same_path(path[len(first) :], expected[len(first) :], **DEFAULT)


@pytest.mark.task("Adagrad", points=1, bonus=True, law=True, mirror=False)
def test_adagrad_grads_untouched(student, draw):
    """The step does not change the gradients that it is given."""
    assert_grads_untouched(student, "Adagrad", draw, lr=0.3)


@pytest.mark.task("Adadelta", points=3, bonus=True)
def test_adadelta_first_step(student, draw):
    """In the first step the numerator is √ε, with ε inside both roots."""
    params = some_params(draw)
    assert_race(student, "Adadelta", params, some_grads(draw, params, 1), rho=0.7, eps=0.2)


@pytest.mark.task("Adadelta", points=3, bonus=True)
def test_adadelta_path(student, draw):
    """Later, the numerator is the root of the mean of squared steps up to the last one."""
    first, second = some_params(draw), some_params(draw)
    grads, rates = grads_with_zeros(draw, first, 5), (0.5, 2.0, 0.3, 1.5, 0.8)
    own = (first, grads, rates, {"lr": 0.5, "rho": 0.7, "eps": 0.2})
    assert_same_path(*races(student, "Adadelta", own, (second, grads, (), {})))


@pytest.mark.task("Adadelta", points=1, bonus=True, law=True, mirror=False)
def test_adadelta_grads_untouched(student, draw):
    """The step does not change the gradients that it is given."""
    assert_grads_untouched(student, "Adadelta", draw)


def fading_grads(draw, params):
    """Gradients that are large at first and small later, so that the largest mean is not the last."""
    fade = 1 + 3 * np.arange(5)
    return [
        g / fade.reshape(-1, *[1] * p.ndim)
        for g, p in zip(grads_with_zeros(draw, params, 5), params, strict=True)
    ]


@pytest.mark.task("AMSGrad", points=3, bonus=True)
def test_amsgrad_largest(student, draw):
    """The divisor comes from the largest mean of squares so far."""
    params = some_params(draw)
    grads = fading_grads(draw, params)
    assert_race(student, "AMSGrad", params, grads, lr=0.3, betas=(0.6, 0.7), eps=0.05)


@pytest.mark.task("AMSGrad", points=2, bonus=True)
def test_amsgrad_defaults(student, draw):
    """While the mean of squares grows it is Adam (default β and ε)."""
    params = some_params(draw)
    assert_race(student, "AMSGrad", params, large_grads(draw, params, 4), tolerance=DEFAULT, lr=0.3)


@pytest.mark.task("AMSGrad", points=1, bonus=True, law=True, mirror=False)
def test_amsgrad_grads_untouched(student, draw):
    """The step does not change the gradients that it is given."""
    assert_grads_untouched(student, "AMSGrad", draw, lr=0.3)
