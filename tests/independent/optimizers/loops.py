"""The unit ``optimizers`` solved number by number: nested loops, and a dict of state for each element."""

import math

import numpy as np


class Loops:
    """Goes through all numbers of all parameters; ``rule`` says by how much one of them falls."""

    def __init__(self, params, lr):
        self.params = params
        self.lr = lr
        self.steps = 0
        self.memory = {}

    def step(self, grads):
        """Make one step."""
        self.steps += 1
        for k in range(len(self.params)):
            for place in np.ndindex(self.params[k].shape):
                own = self.memory.setdefault((k, place), {"m": 0.0, "v": 0.0, "u": 0.0, "w": 0.0})
                p, g = float(self.params[k][place]), float(grads[k][place])
                self.params[k][place] = p - self.rule(p, g, own)


class SGD(Loops):
    """Momentum, Nesterov, decay."""

    def __init__(self, params, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
        if nesterov and not momentum > 0:
            raise ValueError("momentum is not above 0")
        super().__init__(params, lr)
        self.mu, self.decay, self.ahead = momentum, weight_decay, nesterov

    def rule(self, p, g, own):
        """Along v, or beyond it."""
        total = g + self.decay * p
        own["v"] = self.mu * own["v"] + total
        return self.lr * (total + self.mu * own["v"] if self.ahead else own["v"])


class RMSprop(Loops):
    """A mean of squares."""

    def __init__(self, params, lr, alpha=0.99, eps=1e-8):
        super().__init__(params, lr)
        self.alpha, self.eps = alpha, eps

    def rule(self, p, g, own):
        """In units of the gradient."""
        own["v"] = self.alpha * own["v"] + (1 - self.alpha) * g * g
        return self.lr * g / (math.sqrt(own["v"]) + self.eps)


class Adam(Loops):
    """Both means."""

    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params, lr)
        (self.one, self.two), self.eps, self.decay = betas, eps, weight_decay

    def rule(self, p, g, own):
        """Corrected."""
        g += self.decay * p
        own["m"] = self.one * own["m"] + (1 - self.one) * g
        own["v"] = self.two * own["v"] + (1 - self.two) * g * g
        m, v = own["m"] / (1 - self.one**self.steps), own["v"] / (1 - self.two**self.steps)
        return self.lr * m / (math.sqrt(v) + self.eps)


class AdamW(Loops):
    """Both means, and a decay beside them."""

    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(params, lr)
        (self.one, self.two), self.eps, self.decay = betas, eps, weight_decay

    def rule(self, p, g, own):
        """What decays, and the step."""
        own["m"] = self.one * own["m"] + (1 - self.one) * g
        own["v"] = self.two * own["v"] + (1 - self.two) * g * g
        m, v = own["m"] / (1 - self.one**self.steps), own["v"] / (1 - self.two**self.steps)
        return self.lr * self.decay * p + self.lr * m / (math.sqrt(v) + self.eps)


def lr_at(step, peak, warmup, total, floor=0.0):
    """All rates up to the step, in a list."""
    if step < 0 or total - warmup < 1:
        raise ValueError("no such schedule")
    rates = [peak * (i + 1) / (warmup + 1) for i in range(warmup)]
    for i in range(total - warmup):
        cosine = math.cos(i / (total - warmup) * math.pi)
        rates.append(peak * (1 + cosine) / 2 + floor * (1 - cosine) / 2)
    return rates[step] if step < len(rates) else floor


def clip_grad_norm(grads, max_norm, eps=1e-6):
    """Two loops over all numbers."""
    total = 0.0
    for g in grads:
        for place in np.ndindex(g.shape):
            total += float(g[place]) ** 2
    norm = total**0.5
    if norm + eps <= max_norm:
        return norm
    for g in grads:
        for place in np.ndindex(g.shape):
            g[place] = g[place] * max_norm / (norm + eps)
    return norm


def bug_hunt():
    """A rate that rises."""
    return [0.01, 1.0, 1.0], [9, 0, 0]


class Adagrad(Loops):
    """A sum of squares."""

    def __init__(self, params, lr, eps=1e-10):
        super().__init__(params, lr)
        self.eps = eps

    def rule(self, p, g, own):
        """Shrinks with time."""
        own["v"] += g * g
        return self.lr * g / (math.sqrt(own["v"]) + self.eps)


class Adadelta(Loops):
    """In units of its own steps."""

    def __init__(self, params, lr=1.0, rho=0.9, eps=1e-6):
        super().__init__(params, lr)
        self.rho, self.eps = rho, eps

    def rule(self, p, g, own):
        """The old steps first."""
        own["v"] = self.rho * own["v"] + (1 - self.rho) * g * g
        delta = math.sqrt((own["u"] + self.eps) / (own["v"] + self.eps)) * g
        own["u"] = self.rho * own["u"] + (1 - self.rho) * delta * delta
        return self.lr * delta


class AMSGrad(Loops):
    """Adam with the largest mean."""

    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, lr)
        (self.one, self.two), self.eps = betas, eps

    def rule(self, p, g, own):
        """The largest is corrected."""
        own["m"] = self.one * own["m"] + (1 - self.one) * g
        own["v"] = self.two * own["v"] + (1 - self.two) * g * g
        own["w"] = max(own["w"], own["v"])
        m, w = own["m"] / (1 - self.one**self.steps), own["w"] / (1 - self.two**self.steps)
        return self.lr * m / (math.sqrt(w) + self.eps)


SLIPS = {
    "ascends": [
        ("return self.lr * (total + self.mu", "return -self.lr * (total + self.mu"),
    ],
    "rebinds": [
        (
            "super().__init__(params, lr)\n        self.mu,",
            "super().__init__([np.array(p) for p in params], lr)\n        self.mu,",
        ),
    ],
    "averages_gradients": [
        ('own["v"] + total\n', 'own["v"] + (1 - self.mu) * total\n'),
    ],
    "rate_in_velocity": [
        ('own["v"] + total\n', 'own["v"] + self.lr * total\n'),
        (
            'self.lr * (total + self.mu * own["v"] if self.ahead else own["v"])',
            'self.lr * total + self.mu * own["v"] if self.ahead else own["v"]',
        ),
    ],
    "looks_back": [
        ('(total + self.mu * own["v"]', '(total - self.mu * own["v"]'),
    ],
    "looks_nowhere": [
        ('(total + self.mu * own["v"] if self.ahead else own["v"])', 'own["v"]'),
    ],
    "always_looks_ahead": [
        (' if self.ahead else own["v"])', ")"),
    ],
    "moves_before_updating": [
        (
            '        own["v"] = self.mu * own["v"] + total\n',
            '        before, own["v"] = own["v"], self.mu * own["v"] + total\n',
        ),
        ('self.mu * own["v"] if self.ahead else own["v"])', "self.mu * before if self.ahead else before)"),
    ],
    "decays_late": [
        ("total = g + self.decay * p\n", "total = g\n"),
        ("        return self.lr * (total +", "        fall = self.lr * (total +"),
        (
            'if self.ahead else own["v"])\n',
            'if self.ahead else own["v"])\n        return fall + self.lr * self.decay * (p - fall)\n',
        ),
    ],
    "shares_velocity": [
        ("        self.memory = {}\n", "        Loops.memory = {}\n"),
    ],
    "eps_under_root": [
        (
            'self.alpha) * g * g\n        return self.lr * g / (math.sqrt(own["v"]) + self.eps)',
            'self.alpha) * g * g\n        return self.lr * g / math.sqrt(own["v"] + self.eps)',
        ),
    ],
    "ignores_eps": [
        ("self.alpha, self.eps = alpha, eps", "self.alpha, self.eps = alpha, 1e-8"),
    ],
    "swaps_alpha": [
        (
            'self.alpha * own["v"] + (1 - self.alpha) * g * g',
            '(1 - self.alpha) * own["v"] + self.alpha * g * g',
        ),
    ],
    "divides_by_square": [
        (
            'self.alpha) * g * g\n        return self.lr * g / (math.sqrt(own["v"]) + self.eps)',
            'self.alpha) * g * g\n        return self.lr * g / (own["v"] + self.eps)',
        ),
    ],
    "never_forgets": [
        ('self.alpha * own["v"] + (1 - self.alpha) * g * g', 'own["v"] + g * g'),
    ],
    "uncorrected": [
        (
            'm, v = own["m"] / (1 - self.one**self.steps), own["v"] / (1 - self.two**self.steps)\n'
            "        return self.lr * m / (math.sqrt(v) + self.eps)\n\n\nclass AdamW",
            'm, v = own["m"], own["v"]\n        return self.lr * m / (math.sqrt(v) + self.eps)\n\n'
            "\nclass AdamW",
        ),
    ],
    "constant_correction": [
        (
            'm, v = own["m"] / (1 - self.one**self.steps), own["v"] / (1 - self.two**self.steps)\n'
            "        return self.lr * m / (math.sqrt(v) + self.eps)\n\n\nclass AdamW",
            'm, v = own["m"] / (1 - self.one), own["v"] / (1 - self.two)\n'
            "        return self.lr * m / (math.sqrt(v) + self.eps)\n\n\nclass AdamW",
        ),
    ],
    "stores_corrected": [
        (
            'm, v = own["m"] / (1 - self.one**self.steps), own["v"] / (1 - self.two**self.steps)\n'
            "        return self.lr * m / (math.sqrt(v) + self.eps)\n\n\nclass AdamW",
            'own["m"] /= 1 - self.one**self.steps\n        own["v"] /= 1 - self.two**self.steps\n'
            '        return self.lr * own["m"] / (math.sqrt(own["v"]) + self.eps)\n\n\nclass AdamW',
        ),
    ],
    "swaps_betas": [
        (
            "weight_decay=0.0):\n        super().__init__(params, lr)\n        (self.one, self.two),",
            "weight_decay=0.0):\n        super().__init__(params, lr)\n        (self.two, self.one),",
        ),
    ],
    "adam_eps_under_root": [
        ("(math.sqrt(v) + self.eps)\n\n\nclass AdamW", "math.sqrt(v + self.eps)\n\n\nclass AdamW"),
    ],
    "adam_ignores_eps": [
        ("(math.sqrt(v) + self.eps)\n\n\nclass AdamW", "(math.sqrt(v) + 1e-8)\n\n\nclass AdamW"),
    ],
    "corrects_eps": [
        (
            'm, v = own["m"] / (1 - self.one**self.steps), own["v"] / (1 - self.two**self.steps)\n'
            "        return self.lr * m / (math.sqrt(v) + self.eps)\n\n\nclass AdamW",
            "rate = self.lr * math.sqrt(1 - self.two**self.steps) / (1 - self.one**self.steps)\n"
            '        return rate * own["m"] / (math.sqrt(own["v"]) + self.eps)\n\n\nclass AdamW',
        ),
    ],
    "decays_weights_instead": [
        ("        g += self.decay * p\n", ""),
        (
            "        return self.lr * m / (math.sqrt(v) + self.eps)\n\n\nclass AdamW",
            "        return self.lr * self.decay * p + self.lr * m / (math.sqrt(v) + self.eps)\n\n"
            "\nclass AdamW",
        ),
    ],
    "couples_decay": [
        (
            '"""What decays, and the step."""\n',
            '"""What decays, and the step."""\n        g += self.decay * p\n',
        ),
        ("return self.lr * self.decay * p + self.lr * m /", "return self.lr * m /"),
    ],
    "decays_without_rate": [
        ("return self.lr * self.decay * p + self", "return self.decay * p + self"),
    ],
    "shrinks_after_step": [
        ("return self.lr * self.decay * p + self.lr * m /", "fall = self.lr * m /"),
        (
            "(math.sqrt(v) + self.eps)\n\n\ndef lr_at",
            "(math.sqrt(v) + self.eps)\n        return fall + self.lr * self.decay * (p - fall)\n\n"
            "\ndef lr_at",
        ),
    ],
    "warms_up_from_zero": [
        ("peak * (i + 1) / (warmup + 1) for", "peak * i / warmup for"),
    ],
    "counts_from_start": [
        ("math.cos(i / (total - warmup) * math.pi)", "math.cos((warmup + i) / total * math.pi)"),
    ],
    "falls_straight": [
        ("math.cos(i / (total - warmup) * math.pi)", "1 - 2 * i / (total - warmup)"),
    ],
    "ignores_floor": [
        (" / 2 + floor * (1 - cosine) / 2)", " / 2)"),
    ],
    "clips_one_by_one": [
        ("    if norm + eps <= max_norm:\n        return norm\n", ""),
        (
            "    for g in grads:\n        for place in np.ndindex(g.shape):\n"
            "            g[place] = g[place] *",
            "    for g in grads:\n        length = sum(float(x) ** 2 for x in g.flat) ** 0.5\n"
            "        if length + eps <= max_norm:\n            continue\n"
            "        for place in np.ndindex(g.shape):\n            g[place] = g[place] *",
        ),
        ("max_norm / (norm + eps)\n", "max_norm / (length + eps)\n"),
    ],
    "stretches": [
        ("    if norm + eps <= max_norm:\n        return norm\n", ""),
    ],
    "clips_a_copy": [
        ("= total**0.5\n", "= total**0.5\n    grads = [g.copy() for g in grads]\n"),
    ],
    "returns_clipped_length": [
        (
            "max_norm / (norm + eps)\n    return norm\n",
            "max_norm / (norm + eps)\n    return max_norm * norm / (norm + eps)\n",
        ),
    ],
    "clips_without_eps": [
        ("if norm + eps <= max_norm", "if norm <= max_norm"),
        ("max_norm / (norm + eps)\n", "max_norm / norm\n"),
    ],
    "clips_at_another_eps": [
        ("if norm + eps <= max_norm", "if norm + 1e-8 <= max_norm"),
        ("max_norm / (norm + eps)\n", "max_norm / (norm + 1e-8)\n"),
    ],
    "clips_each_element": [
        (
            "g[place] = g[place] * max_norm / (norm + eps)\n",
            "g[place] = max(-max_norm, min(max_norm, g[place]))\n",
        ),
    ],
    "forgets": [
        ('own["v"] += g * g\n', 'own["v"] = 0.9 * own["v"] + 0.1 * g * g\n'),
    ],
    "adagrad_ignores_eps": [
        (
            "        super().__init__(params, lr)\n        self.eps = eps\n",
            "        super().__init__(params, lr)\n        self.eps = 1e-10\n",
        ),
    ],
    "adadelta_eps_outside": [
        (
            'math.sqrt((own["u"] + self.eps) / (own["v"] + self.eps)) * g',
            '(math.sqrt(own["u"]) + self.eps) / (math.sqrt(own["v"]) + self.eps) * g',
        ),
    ],
    "moves_too_early": [
        (
            "        return self.lr * delta\n",
            '        return self.lr * math.sqrt((own["u"] + self.eps) / (own["v"] + self.eps)) * g\n',
        ),
    ],
    "divides_by_last": [
        ('max(own["w"], own["v"])', 'own["v"]'),
    ],
}
