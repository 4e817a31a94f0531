"""State in dictionaries by the parameter's number, formulas written out in several steps."""

import numpy as np


class SGD:
    def __init__(self, params, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
        if nesterov and not momentum > 0:
            raise ValueError("Nesterov needs momentum")
        self.params, self.lr, self.mu, self.wd, self.nesterov = params, lr, momentum, weight_decay, nesterov
        self.v = {}

    def step(self, grads):
        for i, param in enumerate(self.params):
            d = grads[i] + self.wd * param
            if self.mu != 0:
                before = self.v.get(i, np.zeros_like(param))
                self.v[i] = before * self.mu + d
                d = d + self.v[i] * self.mu if self.nesterov else self.v[i]
            param[...] = param - self.lr * d


class RMSprop:
    def __init__(self, params, lr, alpha=0.99, eps=1e-8):
        self.params, self.lr, self.alpha, self.eps = params, lr, alpha, eps
        self.mean_square = {}

    def step(self, grads):
        for i, param in enumerate(self.params):
            old = self.mean_square.get(i, 0.0)
            new = old * self.alpha + grads[i] * grads[i] * (1.0 - self.alpha)
            self.mean_square[i] = new
            root = np.sqrt(new) + self.eps
            param[...] -= self.lr / root * grads[i]


class Adam:
    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        self.params, self.lr, self.betas, self.eps, self.wd = params, lr, betas, eps, weight_decay
        self.first, self.second, self.count = {}, {}, 0

    def step(self, grads):
        self.count = self.count + 1
        b1, b2 = self.betas
        for i, param in enumerate(self.params):
            grad = np.array(grads[i], dtype=param.dtype)
            if self.wd:
                grad += self.wd * param
            self.first[i] = b1 * self.first.get(i, 0.0) + (1 - b1) * grad
            self.second[i] = b2 * self.second.get(i, 0.0) + (1 - b2) * grad * grad
            unbiased = self.first[i] / (1 - b1**self.count)
            spread = np.sqrt(self.second[i] / (1 - b2**self.count))
            param[...] = param - self.lr * unbiased / (spread + self.eps)


class AdamW:
    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        self.inner = Adam(params, lr, betas, eps)
        self.params, self.lr, self.decay = params, lr, weight_decay

    def step(self, grads):
        self.inner.lr = self.lr
        for param in self.params:
            param[...] = param - self.lr * self.decay * param
        self.inner.step(grads)


def lr_at(step, peak, warmup, total, floor=0.0):
    if step < 0 or total <= warmup:
        raise ValueError("no such schedule")
    if step < warmup:
        return float(peak * (step + 1) / (warmup + 1))
    angle = np.pi * min(1.0, (step - warmup) / (total - warmup))
    weight = np.cos(angle / 2) ** 2
    return float(weight * peak + (1 - weight) * floor)


def clip_grad_norm(grads, max_norm, eps=1e-6):
    everything = np.concatenate([g.ravel() for g in grads]) if grads else np.zeros(1)
    length = float(np.sqrt(everything @ everything))
    coefficient = max_norm / (length + eps)
    if coefficient < 1:
        for g in grads:
            np.multiply(g, coefficient, out=g)
    return length


def bug_hunt():
    return [0.1, 1.0], [3, 0]


class Adagrad:
    def __init__(self, params, lr, eps=1e-10):
        self.params, self.lr, self.eps = params, lr, eps
        self.history = [[] for _ in params]

    def step(self, grads):
        for param, grad, squares in zip(self.params, grads, self.history, strict=True):
            squares.append(grad * grad)
            param -= self.lr * grad / (np.sqrt(sum(squares)) + self.eps)


class Adadelta:
    def __init__(self, params, lr=1.0, rho=0.9, eps=1e-6):
        self.params, self.lr, self.rho, self.eps = params, lr, rho, eps
        self.g2 = [0.0 for _ in params]
        self.d2 = [0.0 for _ in params]

    def step(self, grads):
        for i in range(len(self.params)):
            self.g2[i] = self.rho * self.g2[i] + (1 - self.rho) * np.square(grads[i])
            change = grads[i] * np.sqrt((self.d2[i] + self.eps) / (self.g2[i] + self.eps))
            self.d2[i] = self.rho * self.d2[i] + (1 - self.rho) * np.square(change)
            self.params[i] -= self.lr * change


class AMSGrad:
    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8):
        self.params, self.lr, self.betas, self.eps = params, lr, betas, eps
        self.state = [(np.zeros_like(p), np.zeros_like(p), np.zeros_like(p)) for p in params]
        self.t = 0

    def step(self, grads):
        self.t += 1
        b1, b2 = self.betas
        for i, (m, v, top) in enumerate(self.state):
            m = b1 * m + (1 - b1) * grads[i]
            v = b2 * v + (1 - b2) * grads[i] ** 2
            top = np.where(v > top, v, top)
            self.state[i] = (m, v, top)
            divisor = np.sqrt(top / (1 - b2**self.t)) + self.eps
            self.params[i] -= self.lr * (m / (1 - b1**self.t)) / divisor


SLIPS = {
    "ascends": [
        ("param[...] = param - self.lr * d\n", "param[...] = param + self.lr * d\n"),
    ],
    "averages_gradients": [
        ("before * self.mu + d", "before * self.mu + (1 - self.mu) * d"),
    ],
    "looks_back": [
        ("d + self.v[i] * self.mu", "d - self.v[i] * self.mu"),
    ],
    "looks_nowhere": [
        ("d + self.v[i] * self.mu if self.nesterov else self.v[i]", "self.v[i]"),
    ],
    "changes_gradients": [
        (
            "            d = grads[i] + self.wd * param\n",
            "            d = grads[i]\n            d += self.wd * param\n",
        ),
    ],
    "swaps_alpha": [
        (
            "old * self.alpha + grads[i] * grads[i] * (1.0 - self.alpha)",
            "old * (1.0 - self.alpha) + grads[i] * grads[i] * self.alpha",
        ),
    ],
    "eps_under_root": [
        ("root = np.sqrt(new) + self.eps", "root = np.sqrt(new + self.eps)"),
    ],
    "divides_by_square": [
        ("root = np.sqrt(new) + self.eps", "root = new + self.eps"),
    ],
    "uncorrected": [
        ("self.first[i] / (1 - b1**self.count)", "self.first[i]"),
        ("self.second[i] / (1 - b2**self.count)", "self.second[i]"),
    ],
    "adam_eps_under_root": [
        (
            "spread = np.sqrt(self.second[i] / (1 - b2**self.count))",
            "spread = np.sqrt(self.second[i] / (1 - b2**self.count) + self.eps)",
        ),
        ("unbiased / (spread + self.eps)", "unbiased / spread"),
    ],
    "swaps_betas": [
        (
            "        b1, b2 = self.betas\n        for i, param",
            "        b2, b1 = self.betas\n        for i, param",
        ),
    ],
    "decays_without_rate": [
        ("param - self.lr * self.decay * param", "param - self.decay * param"),
    ],
    "warms_up_late": [
        ("peak * (step + 1) / (warmup + 1)", "peak * step / (warmup + 1)"),
    ],
    "falls_straight": [
        ("np.cos(angle / 2) ** 2", "1 - angle / np.pi"),
    ],
    "falls_to_zero": [
        ("weight * peak + (1 - weight) * floor", "weight * peak"),
    ],
    "clips_one_by_one": [
        (
            "            np.multiply(g, coefficient, out=g)",
            "            np.multiply(g, min(1.0, max_norm / (np.linalg.norm(g) + eps)), out=g)",
        ),
    ],
    "stretches": [
        ("    if coefficient < 1:\n", "    if True:\n"),
    ],
    "returns_clipped_length": [
        ("    return length\n", "    return min(length, max_norm)\n"),
    ],
    "clips_by_a_length_of_zero": [
        ("max_norm / (length + eps)", "max_norm / length"),
    ],
    "divides_by_last": [
        ("np.sqrt(top / (1 - b2**self.t))", "np.sqrt(v / (1 - b2**self.t))"),
    ],
    "rebinds": [
        ("param[...] = param - self.lr * d\n", "param = param - self.lr * d\n"),
    ],
    "rate_in_velocity": [
        ("before * self.mu + d", "before * self.mu + self.lr * d"),
        (
            "d = d + self.v[i] * self.mu if self.nesterov else self.v[i]",
            "d = self.lr * d + self.v[i] * self.mu if self.nesterov else self.v[i]\n"
            "            else:\n                d = self.lr * d",
        ),
        ("param[...] = param - self.lr * d\n", "param[...] = param - d\n"),
    ],
    "always_looks_ahead": [
        ("d + self.v[i] * self.mu if self.nesterov else self.v[i]", "d + self.v[i] * self.mu"),
    ],
    "moves_by_old_velocity": [
        (
            "d + self.v[i] * self.mu if self.nesterov else self.v[i]",
            "d + before * self.mu if self.nesterov else before",
        ),
    ],
    "decays_late": [
        ("d = grads[i] + self.wd * param\n", "d = grads[i]\n"),
        (
            "param[...] = param - self.lr * d\n",
            "param[...] = param - self.lr * d\n            param[...] = param - self.lr * self.wd * param\n",
        ),
    ],
    "ignores_eps": [
        ("root = np.sqrt(new) + self.eps", "root = np.sqrt(new) + 1e-8"),
    ],
    "never_forgets": [
        ("old * self.alpha + grads[i] * grads[i] * (1.0 - self.alpha)", "old + grads[i] * grads[i]"),
    ],
    "constant_correction": [
        ("self.first[i] / (1 - b1**self.count)", "self.first[i] / (1 - b1)"),
        ("self.second[i] / (1 - b2**self.count)", "self.second[i] / (1 - b2)"),
    ],
    "stores_corrected": [
        (
            "            unbiased = self.first[i] / (1 - b1**self.count)\n",
            "            self.first[i] = self.first[i] / (1 - b1**self.count)\n"
            "            unbiased = self.first[i]\n",
        ),
        (
            "            spread = np.sqrt(self.second[i] / (1 - b2**self.count))\n",
            "            self.second[i] = self.second[i] / (1 - b2**self.count)\n"
            "            spread = np.sqrt(self.second[i])\n",
        ),
    ],
    "counts_parameters": [
        ("        self.count = self.count + 1\n", ""),
        (
            "            grad = np.array(grads[i], dtype=param.dtype)\n",
            "            self.count = self.count + 1\n"
            "            grad = np.array(grads[i], dtype=param.dtype)\n",
        ),
    ],
    "starts_at_two": [
        (
            "self.first, self.second, self.count = {}, {}, 0",
            "self.first, self.second, self.count = {}, {}, 1",
        ),
    ],
    "adam_ignores_eps": [
        ("(spread + self.eps)", "(spread + 1e-8)"),
    ],
    "corrects_eps": [
        (
            "spread = np.sqrt(self.second[i] / (1 - b2**self.count))\n",
            "spread = (np.sqrt(self.second[i]) + self.eps) / np.sqrt(1 - b2**self.count)\n",
        ),
        ("(spread + self.eps)", "spread"),
    ],
    "decays_weights_instead": [
        (
            "                grad += self.wd * param\n",
            "                param -= self.lr * self.wd * param\n",
        ),
    ],
    "couples_decay": [
        (
            "self.inner = Adam(params, lr, betas, eps)",
            "self.inner = Adam(params, lr, betas, eps, weight_decay)",
        ),
        (
            "        for param in self.params:\n"
            "            param[...] = param - self.lr * self.decay * param\n",
            "",
        ),
    ],
    "shrinks_after_step": [
        (
            "        self.inner.lr = self.lr\n",
            "        self.inner.lr = self.lr\n        self.inner.step(grads)\n",
        ),
        ("self.decay * param\n        self.inner.step(grads)\n", "self.decay * param\n"),
    ],
    "counts_from_start": [
        ("min(1.0, (step - warmup) / (total - warmup))", "min(1.0, step / total)"),
    ],
    "clips_a_copy": [
        ("np.multiply(g, coefficient, out=g)", "g = np.multiply(g, coefficient)"),
    ],
    "clips_at_usual_eps": [
        ("max_norm / (length + eps)", "max_norm / (length + 1e-6)"),
    ],
    "clips_each_element": [
        ("np.multiply(g, coefficient, out=g)", "np.clip(g, -max_norm, max_norm, out=g)"),
    ],
    "adagrad_ignores_eps": [
        ("(np.sqrt(sum(squares)) + self.eps)", "(np.sqrt(sum(squares)) + 1e-10)"),
    ],
    "adadelta_eps_outside": [
        (
            "np.sqrt((self.d2[i] + self.eps) / (self.g2[i] + self.eps))",
            "(np.sqrt(self.d2[i]) + self.eps) / (np.sqrt(self.g2[i]) + self.eps)",
        ),
    ],
    "moves_too_early": [
        (
            "            self.params[i] -= self.lr * change\n",
            "            change = grads[i] * np.sqrt((self.d2[i] + self.eps) / (self.g2[i] + "
            "self.eps))\n            self.params[i] -= self.lr * change\n",
        ),
    ],
}
