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


SLIPS = {}
