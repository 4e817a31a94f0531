"""Batch normalisation in NumPy: by the graph, in closed form, as a layer, and its relatives.

Letters: N samples, D features; pictures have N samples, C channels and H x W pixels. A *feature* is a column
of (N, D), or a channel of (N, C, H, W). n is how many numbers of the batch a feature has: N, or N H W.
"""

import numpy as np


def _layout(x):
    """The axes of a feature's numbers, and the shape in which one number per feature meets x."""
    return (0, *range(2, x.ndim)), (1, -1) + (1,) * (x.ndim - 2)


def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    """Give each feature mean 0 and variance 1, then a scale and an offset of its own.

    In training, mean and variance are those of this batch, and the running statistics learn from them. In
    evaluation, the running statistics are used and stay as they are.

    Args:
        x: (N, D) samples or (N, C, H, W) pictures, float32 or float64. Not changed.
        gamma, beta: scale and offset of each feature, (D,) or (C,), x's dtype. Not changed.
        running_mean, running_var: statistics so far, (D,) or (C,), x's dtype. Not changed.
        training: bool.
        momentum: the weight of the *new* value, from 0 to 1.
        eps: added to the variance, under the root.

    Returns:
        out: x's shape and dtype, gamma (x - mean) / sqrt(var + eps) + beta. In training, var is the *biased*
            variance: the mean of the n squared distances from the mean.
        new_mean: (1 - momentum) running_mean + momentum mean. In evaluation running_mean.
        new_var: the same for the variance, but with the *unbiased* one, n / (n - 1) times as large. In
            evaluation running_var.
        cache: whatever `batchnorm_backward` needs. Only your own code looks into it.

    Raises:
        ValueError: in training, if a feature has only one number (n = 1).

    Example:
        1, 1, 5, 5: mean 3, biased variance 4, unbiased 16/3. Normalised: -1, -1, 1, 1.

        >>> x = np.array([[1.0], [1.0], [5.0], [5.0]])
        >>> gamma, beta, mean, var = np.array([10.0]), np.array([100.0]), np.array([1.0]), np.array([2.0])
        >>> out, new_mean, new_var, _ = batchnorm_forward(x, gamma, beta, mean, var, True, 0.25, eps=0.0)
        >>> out.ravel().tolist()
        [90.0, 90.0, 110.0, 110.0]
        >>> new_mean.tolist(), new_var.round(4).tolist()  # 0.75 * 2 + 0.25 * 16 / 3
        ([1.5], [2.8333])

    Source:
        Ioffe and Szegedy (2015), Batch normalization, algorithms 1 and 2. Statistics as in PyTorch.
    """
    axes, column = _layout(x)
    if training:
        n = x.size // x.shape[1]
        if n == 1:
            raise ValueError("in training a feature needs more than one number")
        mean, var = x.mean(axis=axes), x.var(axis=axes)
        new_mean = (1 - momentum) * running_mean + momentum * mean
        new_var = (1 - momentum) * running_var + momentum * var * n / (n - 1)
    else:
        mean, var = new_mean, new_var = running_mean, running_var
    centred = x - mean.reshape(column)
    istd = 1 / np.sqrt(var + eps)
    xhat = centred * istd.reshape(column)
    out = gamma.reshape(column) * xhat + beta.reshape(column)
    return out, new_mean, new_var, (centred, istd, gamma, training)


def batchnorm_backward(dout, cache):
    """Gradients of a loss with respect to x, gamma and beta of `batchnorm_forward`, by its graph.

    In training, x reaches out on three paths: directly, through the variance, and through the mean. So the
    loss of one sample pushes the others, too. In evaluation only the direct path is left.

    Args:
        dout: gradient of the loss with respect to out, its shape and dtype. Not changed.
        cache: from the `batchnorm_forward` that made out.

    Returns:
        dx: the shape of x.
        dgamma, dbeta: (D,) or (C,).

    Example:
        As above. Only the first sample has a loss, but the second is pushed, too.

        >>> x = np.array([[1.0], [1.0], [5.0], [5.0]])
        >>> gamma, beta, mean, var = np.array([10.0]), np.array([100.0]), np.array([1.0]), np.array([2.0])
        >>> *_, cache = batchnorm_forward(x, gamma, beta, mean, var, True, eps=0.0)
        >>> dx, dgamma, dbeta = batchnorm_backward(np.array([[1.0], [0.0], [0.0], [0.0]]), cache)
        >>> dx.ravel().tolist(), dgamma.tolist(), dbeta.tolist()
        ([2.5, -2.5, 0.0, 0.0], [-1.0], [1.0])

    Source:
        Ioffe and Szegedy (2015), Batch normalization, section 3.
    """
    centred, istd, gamma, training = cache
    axes, column = _layout(dout)
    dgamma = (dout * centred).sum(axis=axes) * istd
    dbeta = dout.sum(axis=axes)
    dxhat = dout * gamma.reshape(column)
    dcentred = dxhat * istd.reshape(column)  # the direct path
    if not training:
        return dcentred, dgamma, dbeta
    dvar = (dxhat * centred).sum(axis=axes) * istd**3 / -2
    n = dout.size // dout.shape[1]
    dcentred += dvar.reshape(column) * 2 * centred / n  # through the variance
    dmean = -dcentred.sum(axis=axes)
    dx = dcentred + dmean.reshape(column) / n  # through the mean
    return dx, dgamma, dbeta


def batchnorm_dx(dout, xhat, gamma, istd):
    """dx in training in closed form: the three paths in one line, without x, mean or variance.

    Args:
        dout: (N, D) gradient of the loss with respect to out, float64. Not changed.
        xhat: (N, D) normalised batch: each feature has mean 0. Not changed.
        gamma: (D,) scales. Not changed.
        istd: (D,) one over the standard deviation, 1 / sqrt(var + eps). Not changed.

    Returns:
        dx: (N, D).

    Example:
        >>> xhat, gamma, istd = np.array([[-1.0], [-1.0], [1.0], [1.0]]), np.array([10.0]), np.array([0.5])
        >>> batchnorm_dx(np.array([[1.0], [0.0], [0.0], [0.0]]), xhat, gamma, istd).ravel().tolist()
        [2.5, -2.5, 0.0, 0.0]

    Source:
        Section 3 of the notebook derives it.
    """
    N = len(dout)
    return gamma * istd / N * (N * dout - dout.sum(axis=0) - xhat * (dout * xhat).sum(axis=0))


class BatchNorm:
    """Batch normalisation as a layer, which keeps parameters, running statistics and its cache.

    Args:
        num_features: D of samples (N, D), or C of pictures (N, C, H, W).
        momentum, eps: as in `batchnorm_forward`. Bonus: with momentum None, the running statistics are the
            means of those of all batches that the layer has seen in training.

    Attributes:
        weight, bias: gamma and beta, (num_features,), ones and zeros at first.
        running_mean, running_var: (num_features,), zeros and ones at first.
        training: True at first.
        weight_grad, bias_grad: of the last `backward`; None before the first.

    Example:
        >>> layer = BatchNorm(1, momentum=0.25, eps=0.0)
        >>> layer.forward(np.array([[1.0], [1.0], [5.0], [5.0]])).ravel().tolist()
        [-1.0, -1.0, 1.0, 1.0]
        >>> layer.running_mean.tolist(), layer.running_var.round(4).tolist()  # 0.75 * 1 + 0.25 * 16 / 3
        ([0.75], [2.0833])
        >>> layer.backward(np.array([[1.0], [0.0], [0.0], [0.0]])).ravel().tolist()
        [0.25, -0.25, 0.0, 0.0]

    Source:
        The interface of torch.nn.BatchNorm1d and 2d, with a backward pass of its own.
    """

    def __init__(self, num_features, *, momentum=0.1, eps=1e-5):
        """Keep the settings and make the arrays."""
        self.weight, self.bias = np.ones(num_features), np.zeros(num_features)
        self.running_mean, self.running_var = np.zeros(num_features), np.ones(num_features)
        self.momentum, self.eps = momentum, eps
        self.training = True
        self.weight_grad = self.bias_grad = None
        self._batches = 0

    def train(self):
        """From now on, batches are normalised by their own statistics."""
        self.training = True

    def eval(self):
        """From now on, the running statistics are used."""
        self.training = False

    def forward(self, x):
        """x (N, D) or (N, C, H, W) -> out of the same shape, by `batchnorm_forward`."""
        self._batches += self.training
        momentum = self.momentum
        if momentum is None:
            momentum = 1 / max(self._batches, 1)
        out, self.running_mean, self.running_var, self._cache = batchnorm_forward(
            x, self.weight, self.bias, self.running_mean, self.running_var, self.training, momentum, self.eps
        )
        return out

    def backward(self, dout):
        """dout (shape of out) -> dx, by `batchnorm_backward`; sets weight_grad and bias_grad anew."""
        dx, self.weight_grad, self.bias_grad = batchnorm_backward(dout, self._cache)
        return dx


def layernorm_forward(x, weight, bias, eps=1e-5):
    """Normalise each sample by itself: over its features, not over the batch.

    Args:
        x: (..., D), float32 or float64, with any number of axes before the last. Not changed.
        weight, bias: (D,), x's dtype. Not changed.
        eps: added to the variance, under the root.

    Returns:
        out: x's shape and dtype, weight (x - mean) / sqrt(var + eps) + bias, with mean and biased variance
            over the last axis.
        cache: whatever `layernorm_backward` needs.

    Example:
        >>> x = np.array([[1.0, 1.0, 5.0, 5.0]])
        >>> out, _ = layernorm_forward(x, np.array([1.0, 1.0, 1.0, 10.0]), np.zeros(4), eps=0.0)
        >>> out.tolist()
        [[-1.0, -1.0, 1.0, 10.0]]

    Source:
        Ba, Kiros and Hinton (2016), Layer normalization.
    """
    centred = x - x.mean(axis=-1, keepdims=True)
    istd = 1 / np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    xhat = centred * istd
    return weight * xhat + bias, (xhat, istd, weight)


def layernorm_backward(dout, cache):
    """Gradients of a loss with respect to x, weight and bias of `layernorm_forward`.

    Args:
        dout: (..., D) gradient of the loss with respect to out. Not changed.
        cache: from the `layernorm_forward` that made out.

    Returns:
        dx: (..., D).
        dweight, dbias: (D,), sums over all axes but the last.

    Example:
        >>> _, cache = layernorm_forward(np.array([[1.0, 1.0, 5.0, 5.0]]), np.ones(4), np.zeros(4), eps=0.0)
        >>> dx, dweight, dbias = layernorm_backward(np.array([[4.0, 0.0, 0.0, 0.0]]), cache)
        >>> dx.tolist(), dweight.tolist(), dbias.tolist()
        ([[1.0, -1.0, 0.0, 0.0]], [-4.0, 0.0, 0.0, 0.0], [4.0, 0.0, 0.0, 0.0])

    Source:
        The same three paths as in `batchnorm_backward`, along another axis.
    """
    xhat, istd, weight = cache
    rest = tuple(range(dout.ndim - 1))
    dxhat = dout * weight
    along = xhat * (dxhat * xhat).mean(axis=-1, keepdims=True)
    dx = istd * (dxhat - dxhat.mean(axis=-1, keepdims=True) - along)
    return dx, (dout * xhat).sum(axis=rest), dout.sum(axis=rest)


def bug_hunt():
    """Two gradients that test `suspicious_backward` of the notebook: one blind, one sharp.

    The batch is that of the example: xhat is (-1, -1, 1, 1), gamma is 10, 1 / std is 0.5.

    Returns:
        blind: (4,) dout for which suspicious_backward is right, although its numbers are not all equal.
        sharp: (4,) dout for which suspicious_backward is wrong.

        Both float64, whole numbers from -9 to 9.

    Example:
        >>> blind, sharp = bug_hunt()
        >>> blind.shape, sharp.shape
        ((4,), (4,))

    Source:
        Read the code of suspicious_backward, and ask which path it leaves out, and when that path is empty.
    """
    blind = np.array([1.0, -1.0, 0.0, 0.0])  # its product with xhat has the sum 0
    sharp = np.array([1.0, 0.0, 0.0, 0.0])
    return blind, sharp


def groupnorm(x, groups, weight, bias, eps=1e-5):
    """Normalise each group of channels of each picture by itself; no other picture matters.

    Args:
        x: (N, C, H, W), float32 or float64. Not changed.
        groups: int; group 0 holds the first C / groups channels, and so on.
        weight, bias: (C,), one number per channel, x's dtype. Not changed.
        eps: added to the biased variance, under the root.

    Returns:
        (N, C, H, W) array, x's dtype.

    Raises:
        ValueError: if C is no multiple of groups.

    Example:
        >>> x = np.array([[[[1.0, 1.0]], [[5.0, 5.0]]]])  # two channels, one group
        >>> groupnorm(x, 1, np.array([1.0, 10.0]), np.zeros(2), eps=0.0).ravel().tolist()
        [-1.0, -1.0, 10.0, 10.0]

    Source:
        Wu and He (2018), Group normalization.
    """
    N, C = x.shape[:2]
    if C % groups:
        raise ValueError(f"{C} channels do not make {groups} groups")
    parts = x.reshape(N, groups, -1)
    centred = parts - parts.mean(axis=2, keepdims=True)
    xhat = (centred / np.sqrt(parts.var(axis=2, keepdims=True) + eps)).reshape(x.shape)
    return weight.reshape(C, 1, 1) * xhat + bias.reshape(C, 1, 1)


def fold_batchnorm(w, b, gamma, beta, mean, var, eps=1e-5):
    """The linear layer or convolution that does what it and its batch normalisation in evaluation did.

    Args:
        w: (F, D) weights of a linear layer or (F, C, KH, KW) kernels of a convolution. Not changed.
        b: (F,) bias, or None.
        gamma, beta, mean, var: (F,) of the normalisation that comes after the layer. Not changed.
        eps: added to the variance, under the root.

    Returns:
        w2: w's shape.
        b2: (F,).

    Example:
        >>> one = np.ones(1)  # the layer makes 2 x + 1; then 3 is taken away, and so on
        >>> w2, b2 = fold_batchnorm(np.array([[2.0]]), one, 10 * one, 100 * one, 3 * one, 4 * one, eps=0.0)
        >>> w2.tolist(), b2.tolist()
        ([[10.0]], [90.0])

    Source:
        Jacob et al. (2018), Quantization and training of neural networks, section 3.2.
    """
    scale = gamma / np.sqrt(var + eps)
    w2 = w * scale.reshape(-1, *[1] * (w.ndim - 1))
    return w2, beta + scale * ((0 if b is None else b) - mean)
