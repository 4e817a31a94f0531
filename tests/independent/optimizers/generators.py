"""The unit ``optimizers`` solved with generators: each parameter has one, which lives from step to step.

A generator is sent a gradient and the learning rate, moves its parameter, and waits. Its local variables are
what it remembers.
"""

import math

import numpy as np


class Waiting:
    """Starts a generator for each parameter, and sends it what each step brings."""

    def __init__(self, params, lr, rule, *settings):
        self.lr = lr
        self.rules = [rule(p, *settings) for p in params]
        for rule in self.rules:
            next(rule)

    def step(self, grads):
        """Make one step."""
        for rule, g in zip(self.rules, grads, strict=True):
            rule.send((g, self.lr))


def _velocity(p, momentum, weight_decay, nesterov):
    v = 0.0
    while True:
        g, lr = yield
        g = g + weight_decay * p
        v = momentum * v + g
        p -= (lr * (g + momentum * v if nesterov else v)).astype(p.dtype)


def _squares(p, alpha, eps):
    v = 0.0
    while True:
        g, lr = yield
        v = v - (1 - alpha) * (v - g * g)
        p -= lr * g / (v**0.5 + eps)


def _adam(p, betas, eps, penalty, decay, keeps_largest):
    m = v = largest = 0.0
    left_1 = left_2 = 1.0  # of the weights, what is still with the zeros of the start
    while True:
        g, lr = yield
        g = g + penalty * p
        left_1, left_2 = left_1 * betas[0], left_2 * betas[1]
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g * g
        largest = np.maximum(largest, v) if keeps_largest else v
        p *= 1 - lr * decay
        p -= lr * (m / (1 - left_1)) / (np.sqrt(largest / (1 - left_2)) + eps)


def _sums(p, eps):
    seen = []
    while True:
        g, lr = yield
        seen.append(g * g)
        p -= lr * g / (np.sqrt(sum(seen)) + eps)


def _steps(p, rho, eps):
    v = u = np.zeros(p.shape)
    while True:
        g, lr = yield
        v = rho * v + (1 - rho) * g * g
        d = np.sqrt(u + eps) * g / np.sqrt(v + eps)
        u = rho * u + (1 - rho) * d * d
        p -= lr * d


class SGD(Waiting):
    """A velocity for each parameter."""

    def __init__(self, params, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
        if momentum <= 0 and nesterov:
            raise ValueError("nothing to look ahead with")
        super().__init__(params, lr, _velocity, momentum, weight_decay, nesterov)


class RMSprop(Waiting):
    """A mean of squares for each parameter."""

    def __init__(self, params, lr, alpha=0.99, eps=1e-8):
        super().__init__(params, lr, _squares, alpha, eps)


class Adam(Waiting):
    """Both means for each parameter."""

    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params, lr, _adam, betas, eps, weight_decay, 0.0, False)


class AdamW(Waiting):
    """The same, with a decay."""

    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(params, lr, _adam, betas, eps, 0.0, weight_decay, False)


class AMSGrad(Waiting):
    """The same, with the largest mean."""

    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, lr, _adam, betas, eps, 0.0, 0.0, True)


class Adagrad(Waiting):
    """All squares for each parameter."""

    def __init__(self, params, lr, eps=1e-10):
        super().__init__(params, lr, _sums, eps)


class Adadelta(Waiting):
    """Means of gradients and of steps."""

    def __init__(self, params, lr=1.0, rho=0.9, eps=1e-6):
        super().__init__(params, lr, _steps, rho, eps)


def _rates(peak, warmup, total, floor):
    for step in range(1, warmup + 1):
        yield step / (warmup + 1) * peak
    for step in range(total - warmup):
        yield floor + (peak - floor) * (0.5 + 0.5 * math.cos(math.pi * step / (total - warmup)))
    while True:
        yield floor


def lr_at(step, peak, warmup, total, floor=0.0):
    """The rates in their order; the last one is wanted."""
    if step < 0:
        raise ValueError("step")
    if warmup >= total:
        raise ValueError("total")
    rates = _rates(peak, warmup, total, floor)
    for _ in range(step):
        next(rates)
    return next(rates)


def clip_grad_norm(grads, max_norm, eps=1e-6):
    """A product of each array with itself."""
    norm = math.sqrt(sum(np.vdot(g, g) for g in grads))
    factor = max_norm / (norm + eps)
    if factor < 1:
        for g in grads:
            g[...] = factor * g
    return norm


def bug_hunt():
    """The gradients are whole floats."""
    return np.array([0.1, 1.0]), np.array([9.0, -1.0])


SLIPS = {
    "ascends": [
        ("p -= (lr * (g + momentum", "p += (lr * (g + momentum"),
    ],
    "rebinds": [
        (
            "p -= (lr * (g + momentum * v if nesterov else v)).astype(p.dtype)",
            "p = p - lr * (g + momentum * v if nesterov else v)",
        ),
    ],
    "averages_gradients": [
        ("v = momentum * v + g\n", "v = momentum * v + (1 - momentum) * g\n"),
    ],
    "rate_in_velocity": [
        ("v = momentum * v + g\n", "v = momentum * v + lr * g\n"),
        ("(lr * (g + momentum * v if nesterov else v))", "(lr * g + momentum * v if nesterov else v)"),
    ],
    "looks_back": [
        ("(g + momentum * v if", "(g - momentum * v if"),
    ],
    "looks_nowhere": [
        ("(lr * (g + momentum * v if nesterov else v))", "(lr * v)"),
    ],
    "always_looks_ahead": [
        ("momentum * v if nesterov else v)", "momentum * v)"),
    ],
    "moves_before_updating": [
        ("nesterov):\n    v = 0.0\n", "nesterov):\n    v = np.zeros(p.shape)\n"),
        ("        v = momentum * v + g\n", ""),
        (
            "nesterov else v)).astype(p.dtype)\n",
            "nesterov else v)).astype(p.dtype)\n        v = momentum * v + g\n",
        ),
    ],
    "decays_late": [
        ("        g = g + weight_decay * p\n", ""),
        (".astype(p.dtype)\n", ".astype(p.dtype)\n        p *= 1 - lr * weight_decay\n"),
    ],
    "changes_gradients": [
        ("g = g + weight_decay * p", "g += weight_decay * p"),
    ],
    "eps_under_root": [
        ("(v**0.5 + eps)", "(v + eps) ** 0.5"),
    ],
    "ignores_eps": [
        ("_squares, alpha, eps)", "_squares, alpha, 1e-8)"),
    ],
    "swaps_alpha": [
        ("v - (1 - alpha) * (v - g * g)", "v - alpha * (v - g * g)"),
    ],
    "divides_by_square": [
        ("(v**0.5 + eps)", "(v + eps)"),
    ],
    "never_forgets": [
        ("v = v - (1 - alpha) * (v - g * g)", "v = v + g * g"),
    ],
    "uncorrected": [
        ("(m / (1 - left_1))", "m"),
        ("np.sqrt(largest / (1 - left_2))", "np.sqrt(largest)"),
    ],
    "constant_correction": [
        ("left_1, left_2 = left_1 * betas[0], left_2 * betas[1]", "left_1, left_2 = betas"),
    ],
    "stores_corrected": [
        (
            "        m = betas[0] * m + (1 - betas[0]) * g\n",
            "        m = (betas[0] * m + (1 - betas[0]) * g) / (1 - left_1)\n",
        ),
        (
            "        v = betas[1] * v + (1 - betas[1]) * g * g\n",
            "        v = (betas[1] * v + (1 - betas[1]) * g * g) / (1 - left_2)\n",
        ),
        ("(m / (1 - left_1))", "m"),
        ("np.sqrt(largest / (1 - left_2))", "np.sqrt(largest)"),
    ],
    "starts_at_two": [
        ("left_1 = left_2 = 1.0 ", "left_1, left_2 = betas "),
    ],
    "swaps_betas": [
        ("_adam, betas, eps, weight_decay,", "_adam, betas[::-1], eps, weight_decay,"),
    ],
    "adam_eps_under_root": [
        ("(np.sqrt(largest / (1 - left_2)) + eps)", "np.sqrt(largest / (1 - left_2) + eps)"),
    ],
    "adam_ignores_eps": [
        ("_adam, betas, eps, weight_decay,", "_adam, betas, 1e-8, weight_decay,"),
    ],
    "corrects_eps": [
        ("(np.sqrt(largest / (1 - left_2)) + eps)", "((np.sqrt(largest) + eps) / np.sqrt(1 - left_2))"),
    ],
    "decays_weights_instead": [
        ("betas, eps, weight_decay, 0.0, False)", "betas, eps, 0.0, weight_decay, False)"),
    ],
    "couples_decay": [
        ("betas, eps, 0.0, weight_decay, False)", "betas, eps, weight_decay, 0.0, False)"),
    ],
    "decays_without_rate": [
        ("p *= 1 - lr * decay", "p *= 1 - decay"),
    ],
    "shrinks_after_step": [
        ("        p *= 1 - lr * decay\n", ""),
        (
            "np.sqrt(largest / (1 - left_2)) + eps)\n",
            "np.sqrt(largest / (1 - left_2)) + eps)\n        p *= 1 - lr * decay\n",
        ),
    ],
    "warms_up_from_zero": [
        (
            "for step in range(1, warmup + 1):\n        yield step / (warmup + 1)",
            "for step in range(warmup):\n        yield step / warmup",
        ),
    ],
    "counts_from_start": [
        ("for step in range(total - warmup):", "for step in range(warmup, total):"),
        ("math.cos(math.pi * step / (total - warmup))", "math.cos(math.pi * step / total)"),
    ],
    "falls_straight": [
        ("(0.5 + 0.5 * math.cos(math.pi * step / (total - warmup)))", "(1 - step / (total - warmup))"),
    ],
    "ignores_floor": [
        ("yield floor + (peak - floor) *", "yield peak *"),
    ],
    "clips_one_by_one": [
        (
            "    factor = max_norm / (norm + eps)\n    if factor < 1:\n        for g in grads:\n"
            "            g[...]",
            "    for g in grads:\n        factor = max_norm / (math.sqrt(np.vdot(g, g)) + eps)\n"
            "        if factor < 1:\n            g[...]",
        ),
    ],
    "stretches": [
        (
            "    if factor < 1:\n        for g in grads:\n            g[...]",
            "    for g in grads:\n        g[...]",
        ),
    ],
    "clips_a_copy": [
        ("g[...] = factor * g", "g = factor * g"),
    ],
    "returns_clipped_length": [
        ("    return norm\n", "    return norm * min(1.0, factor)\n"),
    ],
    "clips_without_eps": [
        (
            "    factor = max_norm / (norm + eps)\n    if factor < 1:\n",
            "    factor = max_norm / norm if norm > max_norm else 1.0\n    if factor < 1:\n",
        ),
    ],
    "clips_at_usual_eps": [
        ("max_norm / (norm + eps)", "max_norm / (norm + 1e-6)"),
    ],
    "clips_each_element": [
        ("g[...] = factor * g", "g[...] = np.minimum(np.maximum(g, -max_norm), max_norm)"),
    ],
    "forgets_slowly": [
        ("super().__init__(params, lr, _sums, eps)", "super().__init__(params, lr, _squares, 0.99, eps)"),
    ],
    "adagrad_ignores_eps": [
        ("(np.sqrt(sum(seen)) + eps)", "(np.sqrt(sum(seen)) + 1e-10)"),
    ],
    "adadelta_eps_outside": [
        ("np.sqrt(u + eps) * g / np.sqrt(v + eps)", "(np.sqrt(u) + eps) * g / (np.sqrt(v) + eps)"),
    ],
    "moves_too_early": [
        ("p -= lr * d\n", "p -= lr * np.sqrt(u + eps) * g / np.sqrt(v + eps)\n"),
    ],
    "divides_by_last": [
        ("np.maximum(largest, v) if keeps_largest else v", "v"),
    ],
}
