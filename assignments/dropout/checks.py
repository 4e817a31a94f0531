"""Public checks: a case of each criterion, beside the examples by hand. They decide no mark."""

import numpy as np

HAND = np.array([4.0, 8.0, 12.0, 16.0])


def rng(seed=0):
    """A generator."""
    return np.random.default_rng(seed)


def two_things(answer):
    """out and cache."""
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, "Return two things: out and cache."
    assert isinstance(answer[0], np.ndarray), f"out must be a NumPy array, not a {type(answer[0]).__name__}."
    return answer


def refused(function, *args, **kwargs):
    """The call raises ValueError."""
    try:
        function(*args, **kwargs)
    except ValueError:
        return True
    return False


def test_dropout_forward(dropout_forward):
    """Factors, share, independence, evaluation, new masks, the generator, limits, float32."""
    for seed in range(20):
        out = two_things(dropout_forward(HAND, 0.2, True, rng(seed)))[0]
        assert out.shape == (4,), f"out must have the shape of x, (4,), not {out.shape}."
        assert all(np.isclose(o, 0) or np.isclose(o, h / 0.8) for o, h in zip(out, HAND, strict=True)), (
            f"x = (4, 8, 12, 16), p = 0.2: each entry of out is 0, or one of (5, 10, 15, 20), not {out}."
        )
    ones, lasting = np.ones((50, 40)), rng()
    one, later = (dropout_forward(ones, 0.3, True, lasting)[0] for _ in range(2))
    assert 0.2 < (one == 0).mean() < 0.4, f"p = 0.3: a share of {(one == 0).mean():.2f} was dropped."
    assert (one != one[0]).any() and (one != one[:, :1]).any(), "All rows, or all columns, are alike."
    assert (one != later).any(), "Two calls dropped the same entries."
    assert (one == dropout_forward(ones, 0.3, True, rng())[0]).all(), "Equal generators: draw from rng alone."
    lasting = rng()
    assert np.allclose(dropout_forward(HAND, 0.2, False, lasting)[0], HAND), "In evaluation out is x."
    assert lasting.random() == rng().random(), "In evaluation nothing may be drawn from rng."
    with np.errstate(all="ignore"):
        assert not np.any(dropout_forward(HAND, 1.0, True, rng())[0]), "If p is 1, out must be 0 everywhere."
    assert np.allclose(dropout_forward(HAND, 0.0, True, rng())[0], HAND), "If p is 0, out is x."
    assert refused(dropout_forward, HAND, 1.5, False, rng()), "p = 1.5 must be a ValueError in evaluation."
    assert refused(dropout_forward, HAND, -0.5, True, rng()), "p = -0.5 must be a ValueError in training."
    x = HAND.astype(np.float32)
    assert dropout_forward(x, 0.5, True, rng())[0].dtype == np.float32, "float32 must stay float32."
    assert (x == HAND).all(), "You have written into x."


def test_dropout_backward(dropout_forward, dropout_backward):
    """The factors of forward, zeros in x, evaluation, two caches."""
    x, dout, lasting = np.ones(200), np.ones(200), rng()
    (out, cache), _ = (dropout_forward(x, p, True, lasting) for p in (0.2, 0.6))
    dx = dropout_backward(dout, cache)
    assert ((dx == 0) == (out == 0)).all(), "dx must be 0 just where x was dropped."
    assert np.allclose(dx[out != 0], 1.25), "p = 0.2, dout = 1: dx must be 1.25 where x was kept."
    assert np.allclose(dropout_backward(dout, cache), dx), "A second backward gives other numbers."
    assert (dout == 1).all(), "You have written into dout."
    dx = dropout_backward(dout, dropout_forward(0 * x, 0.2, True, lasting)[1])
    assert dx.any(), "Where x is 0, a kept entry gets its gradient, too."
    dx = dropout_backward(dout, dropout_forward(x, 0.2, False, lasting)[1])
    assert np.allclose(dx, dout), "In evaluation dx is dout."


def test_Dropout(Dropout):
    """Modes, the last forward, refusal."""
    layer, other, x = Dropout(0.3, rng=rng()), Dropout(0.3, rng=rng(1)), np.ones(300)
    assert layer.training is True, "A new layer must be in training."
    first, out = layer.forward(x), layer.forward(x)
    assert 40 < (out == 0).sum() < 140, f"p = 0.3: {(out == 0).sum()} of 300 entries were dropped."
    assert (first != out).any(), "Two forward passes dropped the same entries."
    other.forward(x)
    assert np.allclose(layer.backward(x), out), "backward must use the mask of this layer's last forward."
    layer.eval()
    assert np.allclose(layer.forward(x), x), "After eval(), out is x."
    assert np.allclose(layer.backward(x), x), "After eval() and forward, dx is dout."
    layer.train()
    assert (layer.forward(x) == 0).any(), "After train() entries must be dropped again."
    assert refused(Dropout, 1.5, rng=rng()), "Dropout(1.5, rng=...) must be a ValueError."
    assert getattr(layer, "weight", None) is None, "weight must be None or absent: nothing is learned."


def test_accuracy(accuracy, Dropout):
    """Two layers in different modes, of which one would drop everything."""
    scores, layers = (
        np.array([[0.0, 1.0], [2.0, 1.0], [3.0, 5.0]]),
        [Dropout(1.0, rng=rng()) for _ in range(3)],
    )
    layers[0].eval()
    share = accuracy(layers, scores, np.array([1, 1, 1]))
    assert np.isclose(share, 2 / 3), f"Two of three answers are right in evaluation, so 2/3, not {share}."
    modes = [layer.training for layer in layers]
    assert modes == [False, True, True], f"The modes were False, True, True; afterwards they are {modes}."


def test_mc_dropout_predict(mc_dropout_predict):
    """Three runs of shape (2, 1), a single one, and large numbers."""
    for offset in (0.0, 1e8):
        runs = iter(offset + np.array([[[1.0], [0.0]], [[2.0], [0.0]], [[6.0], [3.0]]]))
        mean, std = mc_dropout_predict(lambda x, runs=runs: next(runs), None, 3)
        assert np.allclose(mean - offset, [[3], [1]]), (
            f"Runs 1, 2, 6 and 0, 0, 3 plus {offset:g}: mean {mean}."
        )
        assert np.allclose(np.square(std), [[14 / 3], [2]]), f"Variances 14/3 and 2: std squared is {std**2}."
    assert np.allclose(mc_dropout_predict(lambda x: x, HAND, 1)[1], 0), "A single run has std 0."


def test_bug_hunt(bug_hunt, suspicious_backward):
    """The form of the answer, and what suspicious_backward makes of it if all is kept."""
    answer = bug_hunt()
    for name, x in zip(("blind", "sharp"), answer, strict=True):
        assert np.ndim(x) == 1 and 2 <= np.size(x) <= 16, f"{name} must be 1-D, with 2 to 16 numbers."
        assert np.isin(x, range(-9, 10)).all(), f"{name} must hold whole numbers from -9 to 9."
        assert len(set(np.asarray(x).tolist())) > 1, f"The numbers of {name} are all equal."
        out, dout = np.asarray(x) / 0.75, 1.0 + np.arange(np.size(x))
        same = np.allclose(suspicious_backward(dout, out, 0.25), dout / 0.75)
        assert same == (name == "blind"), f"{name}: suspicious_backward is {'right' if same else 'wrong'}."


def test_dropout2d(dropout2d_forward, dropout2d_backward):
    """Whole channels of each sample, both ways."""
    out, cache = two_things(dropout2d_forward(np.ones((20, 5, 2, 3)), 0.2, True, rng()))
    first = out[:, :, :1, :1]
    assert (out == first).all(), "A channel must be dropped or kept as a whole."
    assert (first != first[:1]).any() and (first != first[:, :1]).any(), (
        "Samples, or channels, are all alike."
    )
    assert np.allclose(dropout2d_backward(out, cache), 1.25 * out), "p = 0.2: dx must be 1.25 dout, or 0."
