"""Wrong solutions as students write them, to be put into released notebooks.

Each is code of its own, written without a look at the reference, so that a name is found by what it gives.
"""

FORWARD = """def conv2d_forward(x, w, b=None, stride=1, padding=0, dilation=1):
    samples, channels, height, width = x.shape
    filters, _, kh, kw = w.shape
    rows = (height + 2 * padding - dilation * (kh - 1) - 1) // stride + 1
    columns = (width + 2 * padding - dilation * (kw - 1) - 1) // stride + 1
    bordered = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = np.zeros((samples, filters, rows, columns), dtype=np.result_type(x, w))
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            for u in range(kh):
                for v in range(kw):
                    pixel = bordered[:, :, top + u * dilation, left + v * dilation]
                    out[:, :, i, j] += pixel @ w[:, :, u, v].T
    if b is not None:
        out += b[:, None, None]
    return out, (x, w, b, stride, padding)
"""
BACKWARD = """def conv2d_backward(dout, cache):
    x, w, b, stride, padding = cache
    height, width = x.shape[2:]
    filters, channels, kh, kw = w.shape
    bordered = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    spread, dw = np.zeros(bordered.shape), np.zeros(w.shape)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            for u in range(kh):
                for v in range(kw):
                    above = dout[:, :, i, j]
                    spread[:, :, i * stride + u, j * stride + v] += above @ w[:, :, u, v]
                    dw[:, :, u, v] += above.T @ bordered[:, :, i * stride + u, j * stride + v]
    dx = spread[:, :, padding : padding + height, padding : padding + width]
    db = None if b is None else dout.sum(axis=(0, 2, 3))
    return dx, dw, db
"""
ADAMW = """class AdamW:
    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        self.params, self.lr, self.betas, self.eps, self.weight_decay = params, lr, betas, eps, weight_decay
        self.first = [np.zeros(p.shape) for p in params]
        self.second = [np.zeros(p.shape) for p in params]
        self.steps = 0

    def step(self, grads):
        self.steps += 1
        slow, fast = self.betas
        for place, g in enumerate(grads):
            p, m, v = self.params[place], self.first[place], self.second[place]
            p *= 1 - self.lr * self.weight_decay
            m *= slow
            m += (1 - slow) * g
            v *= fast
            v += (1 - fast) * g * g
            steady = np.sqrt(v / (1 - fast**self.steps)) + self.eps
            p -= self.lr * m / (1 - slow**self.steps) / steady
"""
RMSPROP = """class RMSprop:
    def __init__(self, params, lr, alpha=0.99, eps=1e-8):
        self.params, self.lr, self.alpha, self.eps = params, lr, alpha, eps
        self.mean = [np.zeros(p.shape) for p in params]

    def step(self, grads):
        for p, g, v in zip(self.params, grads, self.mean):
            v[:] = self.alpha * v + (1 - self.alpha) * g * g
            p -= self.lr * g / (np.sqrt(v) + self.eps)
"""
CORRUPT = """def corrupt(x, kind, level, generator):
    if kind not in ("gaussian", "masking", "salt_pepper"):
        raise ValueError(kind)
    if level < 0 or (level > 1 and kind != "gaussian"):
        raise ValueError(level)
    if kind == "gaussian":
        return x + level * torch.randn(x.shape, generator=generator, dtype=x.dtype)
    chance = torch.rand(x.shape, generator=generator, dtype=x.dtype)
    if kind == "masking":
        return torch.where(chance < level, 0.0, x)
    low = torch.where(chance < level / 2, x.min(), x)
    return torch.where(chance > 1 - level / 2, x.max(), low)
"""
LOSS = """def reconstruction_loss(x_hat, x, kind="mse", reduction="mean"):
    if x_hat.shape != x.shape:
        raise ValueError("shapes")
    if kind not in ("mse", "bce") or reduction not in ("mean", "sum", "sample"):
        raise ValueError("kind or reduction")
    each = (x_hat - x) ** 2 if kind == "mse" else torch.nn.functional.softplus(x_hat) - x * x_hat
    if reduction == "sample":
        return each.sum() / len(x)
    return each.mean() if reduction == "mean" else each.sum()
"""


def changed(source: str, *changes: tuple[str, str]) -> str:
    """Other text in some places, each of which occurs once."""
    for old, new in changes:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    return source
