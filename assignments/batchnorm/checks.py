"""Public checks: a small case of each criterion, beside the examples by hand. They decide no mark."""

import numpy as np

HAND = ((1.0,), (1.0,), (5.0,), (5.0,))
TWO = ((1.0, 0.0), (1.0, 8.0), (5.0, 0.0), (5.0, 8.0))  # means 3 and 4, variances 4 and 16


def array(rows):
    """Floats."""
    return np.array(rows, dtype=float)


def equal(came, wanted, what, atol=1e-6):
    """An array of this shape with these numbers."""
    wanted = array(wanted)
    assert isinstance(came, np.ndarray), f"{what} must be a NumPy array, not a {type(came).__name__}."
    assert came.shape == wanted.shape, f"{what} must have the shape {wanted.shape}, not {came.shape}."
    near = np.allclose(came, wanted, atol=atol)
    assert near, f"{what} must be {wanted.round(3).tolist()}, not {came.round(3).tolist()}."


def as_pictures(rows):
    """Four rows as two pictures of 1 x 2 pixels; a column is a channel."""
    return array(rows).reshape(2, 1, 2, -1).transpose(0, 3, 1, 2)


def call(forward, x, training=True, momentum=0.5, eps=0.0, gamma=1.0, beta=0.0, mean=1.0, var=9.0):
    """Settings that are the same for all features."""
    settings = (np.full(x.shape[1], value) for value in (gamma, beta, mean, var))
    answer = forward(x, *settings, training, momentum, eps)
    four = isinstance(answer, (tuple, list)) and len(answer) == 4
    assert four, "batchnorm_forward must return four things: out, new_mean, new_var and cache."
    return answer


def refused(function, *args):
    """The call raises ValueError."""
    try:
        function(*args)
    except ValueError:
        return True
    return False


def test_batchnorm_forward(batchnorm_forward):
    """Features, pictures, gamma and beta, eps, running statistics, evaluation, a large mean, refusal."""
    x, xhat = array(TWO), [[-1, -1], [-1, 1], [1, -1], [1, 1]]
    out, new_mean, new_var, _ = call(batchnorm_forward, x)
    equal(out, xhat, "Two features: out")
    equal(new_mean, [2, 2.5], "momentum 0.5, from 1: new_mean")
    equal(new_var, [(9 + 16 / 3) / 2, (9 + 64 / 3) / 2], "momentum 0.5, from 9: new_var")
    equal(call(batchnorm_forward, x, momentum=0.1)[1], [1.2, 1.3], "momentum 0.1, from 1: new_mean")
    assert np.array_equal(x, array(TWO)), "You have written into x."
    out, new_mean, *_ = call(batchnorm_forward, as_pictures(TWO))
    equal(out, as_pictures(xhat), "Two pictures of two channels: out")
    equal(new_mean, [2, 2.5], "Two pictures of two channels: new_mean")
    out = call(batchnorm_forward, array(HAND), eps=12.0)[0]
    equal(out, [[-0.5], [-0.5], [0.5], [0.5]], "Variance 4, eps 12: out")
    out, new_mean, new_var, _ = call(batchnorm_forward, x[:1], False, gamma=6.0, beta=5.0, eps=7.0)
    equal(out, [[5, 3.5]], "Evaluation, one sample, gamma 6, beta 5, eps 7: out")
    equal(np.stack([new_mean, new_var]), [[1, 1], [9, 9]], "Evaluation: new_mean and new_var")
    far = (1e4 + array(HAND * 50) / 5).astype(np.float32)
    out = call(batchnorm_forward, far, mean=np.float32(1))[0]
    equal(out.astype(float), np.sign(array(HAND * 50) - 3), "A mean of 10000 in float32: out", atol=0.01)
    assert refused(call, batchnorm_forward, np.zeros((1, 2))), "In training, one sample must be a ValueError."


def test_batchnorm_backward(batchnorm_forward, batchnorm_backward):
    """Each path by itself, pictures, gamma, evaluation, sums."""

    def sent(dout, x=HAND, **settings):
        dout, x = array(dout), array(x)
        given = dout.copy()
        answer = batchnorm_backward(dout, call(batchnorm_forward, x, **settings)[3])
        assert isinstance(answer, (tuple, list)) and len(answer) == 3, "Return dx, dgamma and dbeta."
        assert np.array_equal(dout, given), "You have written into dout."
        return answer

    dx, dgamma, dbeta = sent([[4], [-4], [0], [0]])
    equal(dx, [[2], [-2], [0], [0]], "dout (4, -4, 0, 0), the direct path alone: dx")
    equal(sent([[4], [-4], [0], [0]], gamma=3.0)[0], [[6], [-6], [0], [0]], "The same with gamma 3: dx")
    equal(sent([[4], [-4], [0], [0]], eps=12.0)[0], [[1], [-1], [0], [0]], "The same with eps 12: dx")
    equal(sent([[4], [0], [4], [0]])[0], [[1], [-1], [1], [-1]], "dout (4, 0, 4, 0), with the mean: dx")
    equal(sent([[4], [0], [0], [-4]])[0], [[1], [-1], [1], [-1]], "dout (4, 0, 0, -4), with the variance: dx")
    dx, dgamma, dbeta = sent([[4], [0], [0], [0]], training=False)
    equal(dx, [[4 / 3], [0], [0], [0]], "Evaluation, running variance 9, dout (4, 0, 0, 0): dx")
    dout, x = as_pictures([[4, 0], [0, 0], [0, 0], [0, 8]]), as_pictures(TWO)
    dx, dgamma, dbeta = sent(dout, x)
    equal(dx, as_pictures([[1, 0], [-1, -1], [0, 0], [0, 1]]), "Two pictures of two channels: dx")
    equal(dgamma, [-4, 8], "Two pictures of two channels: dgamma")
    equal(dbeta, [4, 8], "Two pictures of two channels: dbeta")


def test_BatchNorm(BatchNorm):
    """Starting values, settings, both modes, gradients that are replaced."""
    layer = BatchNorm(2, momentum=0.5, eps=0.0)
    for name, value in {"weight": 1, "bias": 0, "running_mean": 0, "running_var": 1}.items():
        equal(getattr(layer, name), [value, value], name)
    assert layer.training is True, "A new layer is in training."
    layer.weight, layer.bias = array([10, 1]), array([100, 0])
    equal(layer.forward(array(TWO)), [[90, -1], [90, 1], [110, -1], [110, 1]], "weight 10, bias 100: out")
    equal(layer.running_mean, [1.5, 2], "running_mean after one batch")
    for _ in range(2):
        layer.backward(array([[1, 0], [0, 0], [0, 0], [0, 2]]))
    equal(layer.weight_grad, [-1, 2], "weight_grad after two backward passes")
    equal(layer.bias_grad, [1, 2], "bias_grad after two backward passes")
    layer.eval()
    layer.running_var = array([4, 1])
    equal(layer.forward(array([[3.5, 3]])), [[110, 1]], "After eval(), one sample: out")
    equal(layer.running_mean, [1.5, 2], "After eval(): running_mean")
    layer.train()
    equal(layer.forward(array(TWO))[:, 1], [-1, 1, -1, 1], "After train(): out of the second feature")


def test_layernorm(layernorm_forward, layernorm_backward):
    """Each sample by itself, more axes, weight, bias, eps, and the way back."""
    x, ones, zeros = array(TWO).T, np.ones(4), np.zeros(4)
    out, cache = layernorm_forward(x[None], ones, zeros, 0.0)
    equal(out, [[[-1, -1, 1, 1], [-1, 1, -1, 1]]], "Shape (1, 2, 4): out")
    dx, dweight, dbias = layernorm_backward(array([[[4, 0, 0, 0], [0, 0, 0, 8]]]), cache)
    equal(dx, [[[1, -1, 0, 0], [0, -1, 0, 1]]], "Shape (1, 2, 4): dx")
    equal(dweight, [-4, 0, 0, 8], "Shape (1, 2, 4): dweight")
    equal(dbias, [4, 0, 0, 8], "Shape (1, 2, 4): dbias")
    out, cache = layernorm_forward(x[0], 2 * ones, 7 * ones, 12.0)
    equal(out, [6, 6, 8, 8], "One sample, weight 2, bias 7, eps 12: out")
    _, cache = layernorm_forward(x[0], array([1, 2, 1, 1]), zeros, 0.0)
    equal(layernorm_backward(array([4, -2, 0, 0]), cache)[0], [2, -2, 0, 0], "Weight (1, 2, 1, 1): dx")


def test_bug_hunt(bug_hunt, suspicious_backward, batchnorm_dx):
    """The form of the answer, and what suspicious_backward makes of it."""
    answer, batch = bug_hunt(), (array([[-1], [-1], [1], [1]]), array([10]), array([0.5]))
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, "Return two gradients: blind, sharp."
    for dout, name, wanted in zip(answer, ("blind", "sharp"), ("right", "wrong"), strict=True):
        assert np.shape(dout) == (4,), f"{name} must have the shape (4,), not {np.shape(dout)}."
        assert np.isin(dout, range(-9, 10)).all(), f"{name} must hold whole numbers from -9 to 9."
        one = array(dout)[:, None]
        found = (
            "right" if np.allclose(suspicious_backward(one, *batch), batchnorm_dx(one, *batch)) else "wrong"
        )
        assert found == wanted, f"For {name}, suspicious_backward is {found}."
    assert np.ptp(answer[0]) > 0, "The four numbers of blind are all equal."


def test_groupnorm(groupnorm):
    """Two pictures of four channels in two groups."""
    x = array([1, 1, 5, 5, 0, 8, 0, 8]).reshape(1, 4, 1, 2)
    weight, bias = array([1, 10, 1, 1]), array([0, 0, 0, 100])
    out = groupnorm(np.concatenate([x, 3 * x]), 2, weight, bias, 0.0)
    equal(out[1].ravel(), [-1, -1, 10, 10, -1, 1, 99, 101], "out of the second picture")
    assert refused(groupnorm, x, 3, weight, bias), "Four channels in three groups must be a ValueError."
