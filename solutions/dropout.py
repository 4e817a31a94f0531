"""Dropout in NumPy: forward and backward, a layer, accuracy in evaluation, and how sure a network is.

Letters: N samples, D features, C channels of H x W pixels. In training each number is *dropped* (set to
0) with probability p; what is kept is divided by 1 - p ("inverted dropout"). In evaluation nothing is done.
"""

import numpy as np


def _probability(p):
    """`p` itself, if it is a probability."""
    if not 0 <= p <= 1:
        raise ValueError(f"p is {p}; a probability lies between 0 and 1")
    return p


def dropout_forward(x, p, training, rng):
    """Drop each entry with probability p in training; in evaluation hand x on.

    Args:
        x: array of any shape, float32 or float64, without NaN or infinity. Not changed.
        p: probability that an entry is *dropped*, 0 <= p <= 1.
        training: bool. True: each entry is dropped or kept by a draw of its own. False: out is x.
        rng: np.random.Generator, the only source of chance. Nothing is drawn from it in evaluation.

    Returns:
        out: shape and dtype of x. In training 0 where dropped, x / (1 - p) where kept; all 0 if p is 1.
        cache: whatever `dropout_backward` needs. Only your own code looks into it.

    Raises:
        ValueError: if p is less than 0 or greater than 1, in training and in evaluation.

    Example:
        A thousand 4s, p = 0.2: each is dropped, or 4 / 0.8 = 5. In evaluation all stay 4.

        >>> out, cache = dropout_forward(np.full(1000, 4.0), 0.2, True, np.random.default_rng(0))
        >>> sorted(set(out.tolist()))
        [0.0, 5.0]
        >>> out, cache = dropout_forward(np.full(1000, 4.0), 0.2, False, np.random.default_rng(0))
        >>> sorted(set(out.tolist()))
        [4.0]

    Source:
        Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov (2014), Dropout: a simple way to prevent
        neural networks from overfitting, sections 4 and 10. Scaled in training, as in torch.nn.Dropout.
    """
    p = _probability(p)
    if not training:
        return x, None
    keep = rng.random(x.shape) >= p
    scaled = keep / (1 - p) if p < 1 else keep  # if p is 1, nothing is kept
    mask = scaled.astype(x.dtype)
    return x * mask, mask


def dropout_backward(dout, cache):
    """Gradient of a loss with respect to the input of `dropout_forward`, given that of its output.

    Args:
        dout: gradient of the loss with respect to out, same shape and dtype. Not changed.
        cache: from the `dropout_forward` that made out. Other forward passes may have run since.

    Returns:
        dx: shape of dout. In training 0 where x was dropped, dout / (1 - p) where it was kept (also if x is 0
            there). In evaluation dout.

    Example:
        As above: to each 4 comes back nothing, or 1 / 0.8 = 1.25.

        >>> out, cache = dropout_forward(np.full(1000, 4.0), 0.2, True, np.random.default_rng(0))
        >>> sorted(set(dropout_backward(np.ones(1000), cache).tolist()))
        [0.0, 1.25]

    Source:
        The chain rule: out = x * mask, entry by entry, so d out / d x = mask.
    """
    return dout if cache is None else dout * cache


class Dropout:
    """Dropout as a layer, which knows whether it is training.

    Args:
        p: probability that an entry is dropped.
        rng: np.random.Generator, from which each forward pass in training draws.

    Attributes:
        training: bool, True at first. `train()` makes it True, `eval()` makes it False.
        weight, bias: None, or absent. There is nothing to learn here.

    Raises:
        ValueError: when the layer is made, if p is less than 0 or greater than 1.

    Example:
        >>> layer = Dropout(1.0, rng=np.random.default_rng(0))
        >>> layer.forward(np.array([4.0, 8.0])).tolist()
        [0.0, 0.0]
        >>> layer.eval()
        >>> layer.forward(np.array([4.0, 8.0])).tolist()
        [4.0, 8.0]

    Source:
        The interface of torch.nn.Dropout, with a backward pass of its own.
    """

    def __init__(self, p, *, rng):
        """Keep p and the generator; begin in training."""
        self.p, self.rng = _probability(p), rng
        self.training = True
        self.weight = self.bias = None

    def train(self):
        """From now on entries are dropped."""
        self.training = True

    def eval(self):
        """From now on x is handed on."""
        self.training = False

    def forward(self, x):
        """x -> out of the same shape, by `dropout_forward`, in the mode that the layer is in."""
        out, self._cache = dropout_forward(x, self.p, self.training, self.rng)
        return out

    def backward(self, dout):
        """dout -> dx of the same shape, by `dropout_backward`, for the last `forward` of this layer."""
        return dropout_backward(dout, self._cache)


def accuracy(layers, x, labels):
    """The share of right labels, measured in evaluation mode.

    Args:
        layers: list of layers, each with `forward(x)`. Some have `training`, `train()` and `eval()`, as your
            `Dropout`; others have none of the three.
        x: (N, ...) input of the first layer. Not changed.
        labels: (N,) ints. The output of the last layer is (N, C), and its largest number is the answer.

    Returns:
        The share as a float, with all layers in evaluation. Afterwards each layer is in the mode that it was
        in before; they need not all have been in the same.

    Example:
        The layer would drop everything in training. The second of three answers is wrong.

        >>> layer = Dropout(1.0, rng=np.random.default_rng(0))
        >>> scores = np.array([[0.0, 1.0], [2.0, 1.0], [3.0, 5.0]])
        >>> round(accuracy([layer], scores, np.array([1, 1, 1])), 4)
        0.6667
        >>> layer.training
        True

    Source:
        Srivastava et al. (2014), section 4: at test time no unit is dropped.
    """
    switched = [(layer, layer.training) for layer in layers if hasattr(layer, "training")]
    for layer, _ in switched:
        layer.eval()
    for layer in layers:
        x = layer.forward(x)
    for layer, was_training in switched:
        if was_training:
            layer.train()
    return float((x.argmax(axis=1) == labels).mean())


def mc_dropout_predict(predict, x, n):
    """What a network with dropout says on average over n runs, and how far the runs differ.

    Args:
        predict: function; predict(x) returns a float array, always of the same shape. It leaves dropout on,
            so that each call gives something else.
        x: the input, which each call is given.
        n: number of calls, int >= 1.

    Returns:
        mean, std: of the n outputs, entry by entry; each has the shape of one output. The standard deviation
        divides by n (not by n - 1), so that a single run has std 0. It is right also where the outputs are
        large and close to one another, such as 1e8 + 1 and 1e8 + 2.

    Example:
        Three runs say 1, 2 and 6: mean 3, variance (4 + 1 + 9) / 3.

        >>> runs = iter([np.array([1.0]), np.array([2.0]), np.array([6.0])])
        >>> mean, std = mc_dropout_predict(lambda x: next(runs), np.zeros(1), 3)
        >>> mean.tolist(), (std**2).round(4).tolist()
        ([3.0], [4.6667])

    Source:
        Gal and Ghahramani (2016), Dropout as a Bayesian approximation, section 4.
    """
    runs = np.stack([predict(x) for _ in range(n)])
    return runs.mean(axis=0), runs.std(axis=0)


def bug_hunt():
    """Two inputs that test `suspicious_backward` of the notebook: one blind, one sharp.

    The judge drops with p = 0.25, by five masks of its own; each entry is kept in at least one of them. A
    gradient is *right* if it is dout / 0.75 where the mask keeps, and 0 elsewhere, as in `dropout_backward`.

    Returns:
        blind: x on which suspicious_backward is right, for all five masks.
        sharp: x on which suspicious_backward is wrong, for at least one of them.

        Both 1-D arrays of 2 to 16 whole numbers from -9 to 9, not all equal.

    Example:
        >>> blind, sharp = bug_hunt()
        >>> blind.ndim, sharp.ndim
        (1, 1)

    Source:
        Read the code of suspicious_backward, and ask what else may make an output 0.
    """
    blind = np.array([1.0, 2.0])
    sharp = np.array([0.0, 1.0])  # as after a ReLU
    return blind, sharp


def dropout2d_forward(x, p, training, rng):
    """Drop whole channels: neighbours in a picture say the same, so single pixels would not be missed.

    Args:
        x: (N, C, H, W) pictures, float32 or float64. Not changed.
        p, training, rng: as in `dropout_forward`; p is that a channel of a sample is dropped.

    Returns:
        out: shape and dtype of x. In training each channel of each sample is 0, or divided by 1 - p.
        cache: whatever `dropout2d_backward` needs.

    Example:
        >>> x = np.array([[[[1.0, 2.0]], [[3.0, 4.0]]]])
        >>> dropout2d_forward(x, 1.0, True, np.random.default_rng(0))[0].tolist()
        [[[[0.0, 0.0]], [[0.0, 0.0]]]]

    Source:
        Tompson, Goroshin, Jain, LeCun and Bregler (2015), Efficient object localization using convolutional
        networks, section 3.2 (SpatialDropout); torch.nn.functional.dropout2d.
    """
    one_each = np.ones((*x.shape[:2], 1, 1), dtype=x.dtype)
    mask, _ = dropout_forward(one_each, p, training, rng)
    return x * mask, mask


def dropout2d_backward(dout, cache):
    """Gradient of a loss with respect to the input of `dropout2d_forward`, given that of its output.

    Args:
        dout: (N, C, H, W) gradient of the loss with respect to out, same dtype. Not changed.
        cache: from the `dropout2d_forward` that made out.

    Returns:
        dx: (N, C, H, W).

    Example:
        >>> _, cache = dropout2d_forward(np.ones((1, 1, 1, 2)), 0.3, False, np.random.default_rng(0))
        >>> dropout2d_backward(np.array([[[[5.0, 7.0]]]]), cache).tolist()
        [[[[5.0, 7.0]]]]

    Source:
        The chain rule, as in `dropout_backward`.
    """
    return dout * cache


def dropout_penalty(x, w, p):
    """What dropout adds to the squared error of a linear model, on average over all masks.

    Without dropout the error is the sum over samples of (y - x @ w) ** 2. Now drop the features of x, each
    entry with probability p, and divide what is kept by 1 - p. On average the error grows. By how much does
    not depend on y.

    Args:
        x: (N, D) samples.
        w: (D,) weights.
        p: probability to be dropped, 0 <= p < 1.

    Returns:
        The average growth, a float: exact, without any draw.

    Example:
        One feature, x w = 6, p = 0.5: the model says 0 or 12, half of the time each. Both are 6 away from 6.

        >>> dropout_penalty(np.array([[2.0]]), np.array([3.0]), 0.5)
        36.0
        >>> dropout_penalty(np.array([[2.0, 1.0], [1.0, 0.0]]), np.array([3.0, 1.0]), 0.5)
        46.0

    Source:
        Srivastava et al. (2014), section 9.1; Wager, Wang and Liang (2013), Dropout training as adaptive
        regularization.
    """
    return float(p / (1 - p) * ((x * w) ** 2).sum())
