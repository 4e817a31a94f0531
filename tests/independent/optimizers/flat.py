"""The unit ``optimizers`` solved on one long vector: parameters are laid end to end, then cut apart."""

import numpy as np


def joined(arrays):
    """All elements in one vector."""
    return np.concatenate([np.ravel(array).astype(np.float64) for array in arrays])


def cut(vector, arrays):
    """Write a vector back into arrays, in place."""
    start = 0
    for array in arrays:
        array[...] = vector[start : start + array.size].reshape(array.shape)
        start += array.size


class Flat:
    """``moved`` gets the vector and its gradient and returns the new vector."""

    def __init__(self, params, lr, **options):
        self.__dict__.update(options, params=list(params), lr=lr, t=0)
        self.first = self.second = self.largest = np.zeros(sum(p.size for p in params))

    def step(self, grads):
        """Make one step."""
        self.t += 1
        cut(self.moved(joined(self.params), joined(grads)), self.params)

    def remember(self, g, betas):
        """Both means, and what they are when corrected."""
        self.first = self.first + (1 - betas[0]) * (g - self.first)
        self.second = self.second + (1 - betas[1]) * (g**2 - self.second)
        return self.first / (1 - betas[0] ** self.t), self.second / (1 - betas[1] ** self.t)


class SGD(Flat):
    """The velocity is one vector."""

    def __init__(self, params, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
        if nesterov and momentum <= 0:
            raise ValueError("Nesterov needs momentum")
        super().__init__(params, lr, momentum=momentum, weight_decay=weight_decay, nesterov=nesterov)

    def moved(self, p, g):
        """Along the velocity."""
        g = g + self.weight_decay * p
        self.first = self.momentum * self.first + g
        if self.nesterov:
            return p - self.lr * g - self.lr * self.momentum * self.first
        return p - self.lr * self.first


class RMSprop(Flat):
    """The mean of squares is one vector."""

    def __init__(self, params, lr, alpha=0.99, eps=1e-8):
        super().__init__(params, lr, alpha=alpha, eps=eps)

    def moved(self, p, g):
        """The mean is an average with weights."""
        self.second = np.average([self.second, g**2], axis=0, weights=[self.alpha, 1 - self.alpha])
        return p - self.lr * g / (self.second**0.5 + self.eps)


class Adam(Flat):
    """Both means are vectors."""

    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params, lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def moved(self, p, g):
        """The penalty joins the gradient."""
        m, v = self.remember(g + self.weight_decay * p, self.betas)
        return p - self.lr * m / (v**0.5 + self.eps)


class AdamW(Flat):
    """The decay is left out of the means."""

    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(params, lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def moved(self, p, g):
        """One difference for both."""
        m, v = self.remember(g, self.betas)
        return p - self.lr * (self.weight_decay * p + m / (v**0.5 + self.eps))


def lr_at(step, peak, warmup, total, floor=0.0):
    """With the sine of half the angle."""
    if not (step >= 0 and warmup < total):
        raise ValueError("step >= 0 and warmup < total")
    if step <= warmup:
        return float(np.interp(step, [-1, warmup], [0, peak]))
    angle = np.pi / 2 * (min(step, total) - warmup) / (total - warmup)
    return float(peak - (peak - floor) * np.sin(angle) ** 2)


def clip_grad_norm(grads, max_norm, eps=1e-6):
    """The length of lengths."""
    norm = np.linalg.norm([np.linalg.norm(g) for g in grads])
    cut(joined(grads) * np.clip(max_norm / (norm + eps), None, 1), grads)
    return norm


def bug_hunt():
    """As a tuple, with arrays of whole numbers and of rates."""
    return (1.0, 0.01, 0.01), (5, 5, 5)


class Adagrad(Flat):
    """The sum is one vector."""

    def __init__(self, params, lr, eps=1e-10):
        super().__init__(params, lr, eps=eps)

    def moved(self, p, g):
        """Nothing is forgotten."""
        self.second = self.second + g**2
        return p - self.lr * g / (self.second**0.5 + self.eps)


class Adadelta(Flat):
    """Two vectors, of gradients and of steps."""

    def __init__(self, params, lr=1.0, rho=0.9, eps=1e-6):
        super().__init__(params, lr, rho=rho, eps=eps)

    def moved(self, p, g):
        """The step, then its memory."""
        self.second = self.rho * self.second + (1 - self.rho) * g**2
        step = g * ((self.first + self.eps) / (self.second + self.eps)) ** 0.5
        self.first = self.rho * self.first + (1 - self.rho) * step**2
        return p - self.lr * step


class AMSGrad(Flat):
    """A third vector, of the largest means."""

    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, lr, betas=betas, eps=eps)

    def moved(self, p, g):
        """The largest, corrected like the others."""
        m, _ = self.remember(g, self.betas)
        self.largest = np.where(self.second > self.largest, self.second, self.largest)
        return p - self.lr * m / ((self.largest / (1 - self.betas[1] ** self.t)) ** 0.5 + self.eps)


SLIPS = {
    "ascends": [
        (
            "return p - self.lr * g - self.lr * self.momentum * self.first",
            "return p + self.lr * g + self.lr * self.momentum * self.first",
        ),
        ("return p - self.lr * self.first", "return p + self.lr * self.first"),
    ],
    "rebinds": [
        (
            "super().__init__(params, lr, momentum=",
            "super().__init__([p.copy() for p in params], lr, momentum=",
        ),
    ],
    "averages_gradients": [
        ("self.momentum * self.first + g\n", "self.momentum * self.first + (1 - self.momentum) * g\n"),
    ],
    "rate_in_velocity": [
        ("self.momentum * self.first + g\n", "self.momentum * self.first + self.lr * g\n"),
        ("self.lr * g - self.lr * self.momentum * self.first", "self.lr * g - self.momentum * self.first"),
        ("return p - self.lr * self.first", "return p - self.first"),
    ],
    "looks_back": [
        ("self.lr * g - self.lr * self.momentum", "self.lr * g + self.lr * self.momentum"),
    ],
    "looks_nowhere": [
        (
            "        if self.nesterov:\n"
            "            return p - self.lr * g - self.lr * self.momentum * self.first\n",
            "",
        ),
    ],
    "always_looks_ahead": [
        (
            "        if self.nesterov:\n"
            "            return p - self.lr * g - self.lr * self.momentum * self.first\n"
            "        return p - self.lr * self.first\n",
            "        return p - self.lr * g - self.lr * self.momentum * self.first\n",
        ),
    ],
    "moves_before_updating": [
        (
            "        self.first = self.momentum * self.first + g\n",
            "        before, self.first = self.first, self.momentum * self.first + g\n",
        ),
        ("self.lr * self.momentum * self.first", "self.lr * self.momentum * before"),
        ("return p - self.lr * self.first", "return p - self.lr * before"),
    ],
    "decays_late": [
        ("        g = g + self.weight_decay * p\n", ""),
        (
            "return p - self.lr * g - self",
            "return (1 - self.lr * self.weight_decay) * (p - self.lr * g - self",
        ),
        ("self.lr * self.momentum * self.first", "self.lr * self.momentum * self.first)"),
        (
            "return p - self.lr * self.first",
            "return (1 - self.lr * self.weight_decay) * (p - self.lr * self.first)",
        ),
    ],
    "eps_under_root": [
        (
            "1 - self.alpha])\n        return p - self.lr * g / (self.second**0.5 + self.eps)",
            "1 - self.alpha])\n        return p - self.lr * g / (self.second + self.eps) ** 0.5",
        ),
    ],
    "ignores_eps": [
        ("alpha=alpha, eps=eps)", "alpha=alpha, eps=1e-8)"),
    ],
    "swaps_alpha": [
        ("weights=[self.alpha, 1 - self.alpha]", "weights=[1 - self.alpha, self.alpha]"),
    ],
    "divides_by_square": [
        (
            "1 - self.alpha])\n        return p - self.lr * g / (self.second**0.5 + self.eps)",
            "1 - self.alpha])\n        return p - self.lr * g / (self.second + self.eps)",
        ),
    ],
    "never_forgets": [
        (
            "np.average([self.second, g**2], axis=0, weights=[self.alpha, 1 - self.alpha])",
            "np.sum([self.second, g**2], axis=0)",
        ),
    ],
    "uncorrected": [
        (
            "m, v = self.remember(g + self.weight_decay * p, self.betas)\n",
            "self.remember(g + self.weight_decay * p, self.betas)\n        m, v = self.first, self.second\n",
        ),
    ],
    "constant_correction": [
        (
            "return self.first / (1 - betas[0] ** self.t), self.second / (1 - betas[1] ** self.t)",
            "return self.first / (1 - betas[0]), self.second / (1 - betas[1])",
        ),
    ],
    "stores_corrected": [
        (
            "        return self.first / (1 - betas[0] ** self.t), self.second / (1 - betas[1] ** self.t)\n",
            "        self.first = self.first / (1 - betas[0] ** self.t)\n"
            "        self.second = self.second / (1 - betas[1] ** self.t)\n"
            "        return self.first, self.second\n",
        ),
    ],
    "starts_at_two": [
        (
            "super().__init__(params, lr, betas=betas, eps=eps, weight_decay=weight_decay)\n\n"
            '    def moved(self, p, g):\n        """The penalty',
            "super().__init__(params, lr, betas=betas, eps=eps, weight_decay=weight_decay)\n"
            '        self.t = 1\n\n    def moved(self, p, g):\n        """The penalty',
        ),
    ],
    "swaps_betas": [
        ("weight_decay * p, self.betas)", "weight_decay * p, self.betas[::-1])"),
    ],
    "adam_eps_under_root": [
        ("return p - self.lr * m / (v**0.5 + self.eps)", "return p - self.lr * m / (v + self.eps) ** 0.5"),
    ],
    "adam_ignores_eps": [
        ("return p - self.lr * m / (v**0.5 + self.eps)", "return p - self.lr * m / (v**0.5 + 1e-8)"),
    ],
    "corrects_eps": [
        (
            "return p - self.lr * m / (v**0.5 + self.eps)",
            "root = (1 - self.betas[1] ** self.t) ** 0.5\n"
            "        return p - self.lr * root * m / (self.second**0.5 + self.eps)",
        ),
    ],
    "decays_weights_instead": [
        ("self.remember(g + self.weight_decay * p, self.betas)", "self.remember(g, self.betas)"),
        (
            "return p - self.lr * m / (v**",
            "return p * (1 - self.lr * self.weight_decay) - self.lr * m / (v**",
        ),
    ],
    "couples_decay": [
        (
            "self.remember(g, self.betas)\n"
            "        return p - self.lr * (self.weight_decay * p + m / (v**0.5 + self.eps))",
            "self.remember(g + self.weight_decay * p, self.betas)\n"
            "        return p - self.lr * (m / (v**0.5 + self.eps))",
        ),
    ],
    "decays_without_rate": [
        (
            "return p - self.lr * (self.weight_decay * p + m / (v**0.5 + self.eps))",
            "return p - self.weight_decay * p - self.lr * (m / (v**0.5 + self.eps))",
        ),
    ],
    "shrinks_after_step": [
        (
            "return p - self.lr * (self.weight_decay * p + m / (v**0.5 + self.eps))",
            "p = p - self.lr * (m / (v**0.5 + self.eps))\n        return p - self.lr * self.weight_decay * p",
        ),
    ],
    "warms_up_from_zero": [
        ("np.interp(step, [-1, warmup], [0, peak])", "np.interp(step, [0, warmup], [0, peak])"),
    ],
    "counts_from_start_after_peak": [
        ("(min(step, total) - warmup) / (total - warmup)", "min(step, total) / total"),
    ],
    "falls_straight": [
        ("angle = np.pi / 2 * (", "done = ("),
        ("(peak - floor) * np.sin(angle) ** 2)", "(peak - floor) * done)"),
    ],
    "falls_to_zero": [
        ("peak - (peak - floor) * np.sin(angle) ** 2", "peak * np.cos(angle) ** 2"),
    ],
    "clips_one_by_one": [
        (
            "    cut(joined(grads) * np.clip(max_norm / (norm + eps), None, 1), grads)\n",
            "    for g in grads:\n        g *= np.clip(max_norm / (np.linalg.norm(g) + eps), None, 1)\n",
        ),
    ],
    "stretches": [
        ("np.clip(max_norm / (norm + eps), None, 1)", "max_norm / (norm + eps)"),
    ],
    "clips_a_copy": [
        (
            "    cut(joined(grads) * np.clip(max_norm / (norm + eps), None, 1), grads)\n",
            "    grads = [g * np.clip(max_norm / (norm + eps), None, 1) for g in grads]\n",
        ),
    ],
    "returns_clipped_length": [
        ("    return norm\n", "    return np.linalg.norm(joined(grads))\n"),
    ],
    "clips_without_eps": [
        ("np.clip(max_norm / (norm + eps), None, 1)", "np.clip(max_norm / norm, None, 1)"),
    ],
    "clips_at_usual_eps": [
        ("np.clip(max_norm / (norm + eps), None, 1)", "np.clip(max_norm / (norm + 1e-6), None, 1)"),
    ],
    "clips_each_element": [
        (
            "joined(grads) * np.clip(max_norm / (norm + eps), None, 1)",
            "np.clip(joined(grads), -max_norm, max_norm)",
        ),
    ],
    "forgets": [
        ("self.second = self.second + g**2\n", "self.second = 0.9 * self.second + 0.1 * g**2\n"),
    ],
    "adagrad_ignores_eps": [
        (
            "        super().__init__(params, lr, eps=eps)\n",
            "        super().__init__(params, lr, eps=1e-10)\n",
        ),
    ],
    "adadelta_eps_outside": [
        (
            "g * ((self.first + self.eps) / (self.second + self.eps)) ** 0.5",
            "g * (self.first**0.5 + self.eps) / (self.second**0.5 + self.eps)",
        ),
    ],
    "moves_too_early": [
        (
            "        return p - self.lr * step\n",
            "        return p - self.lr * g * ((self.first + self.eps) / (self.second + self.eps)) ** 0.5\n",
        ),
    ],
    "divides_by_last": [
        ("m, _ = self.remember", "m, v = self.remember"),
        ("(self.largest / (1 - self.betas[1] ** self.t)) ** 0.5", "v**0.5"),
    ],
}
