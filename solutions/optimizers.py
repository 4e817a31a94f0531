"""Optimizers in NumPy: how a gradient becomes a step.

Every optimizer is a class ``X(params, lr, ...)`` with one method ``step(grads)`` that changes the
arrays in ``params`` in place, as in ``torch.optim``. Each class stands alone and repeats the two or
three lines that it shares with its neighbours, so that an error in one is an error in one.

Words: ``p`` a parameter, ``g`` its gradient, ``v`` a running mean of squares (in ``SGD`` the velocity),
``m`` a running mean of gradients, ``t`` the number of the step, counted from 1.
"""

import math

import numpy as np


class SGD:
    """Gradient descent with momentum, Nesterov's look-ahead and L2 weight decay.

    With gradient g, weight decay λ and momentum μ, one step is, for each parameter p by itself::

        g ← g + λ p
        v ← μ v + g                   (v starts at zero)
        p ← p - lr · v                without Nesterov
        p ← p - lr · (g + μ v)        with Nesterov

    The learning rate multiplies the velocity on its way out and is not stored in it: a new value of
    ``lr`` applies at once to everything that has been collected.

    Args:
        params: list of float arrays of any shapes; ``step`` changes them in place.
        lr: learning rate, change of p per unit of gradient; may be assigned between steps.
        momentum: μ, no unit, 0 <= μ < 1.
        weight_decay: λ, gradient per unit of p, λ >= 0.
        nesterov: whether to look ahead.

    Raises:
        ValueError: ``nesterov`` is asked for with a ``momentum`` that is not above 0.

    Example:
        >>> w = np.array([1.0, 2.0])
        >>> opt = SGD([w], lr=0.1, momentum=0.5)
        >>> opt.step([np.array([1.0, -2.0])])    # v = [1, -2]
        >>> w.round(6)
        array([0.9, 2.2])
        >>> opt.step([np.array([1.0, 0.0])])     # v = 0.5 * [1, -2] + [1, 0] = [1.5, -1]
        >>> w.round(6)
        array([0.75, 2.3 ])

    Source: Sutskever, Martens, Dahl and Hinton 2013, On the importance of initialization and momentum in
    deep learning, equations (1) to (4), in the form of ``torch.optim.SGD``, which differs from the paper's
    when lr changes.
    """

    def __init__(
        self,
        params: list[np.ndarray],
        lr: float,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ):
        """Keep the parameters and start every velocity at zero."""
        if nesterov and momentum <= 0:
            raise ValueError("nesterov=True needs momentum > 0; there is nothing to look ahead with")
        self.params = params
        self.lr = lr
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.nesterov = nesterov
        self.velocity = [np.zeros_like(p) for p in params]

    def step(self, grads: list[np.ndarray]) -> None:
        """Make one step.

        Args:
            grads: one array per parameter, in the order and with the shapes of ``params``; not changed.

        Returns:
            None; the arrays in ``params`` hold the new values.
        """
        for p, g, v in zip(self.params, grads, self.velocity):
            g = g + self.weight_decay * p
            v[...] = self.momentum * v + g
            direction = g + self.momentum * v if self.nesterov else v
            p -= self.lr * direction


class RMSprop:
    """Gradient descent in units of the gradient's own recent size.

    One step is, for each parameter by itself and elementwise::

        v ← α v + (1 - α) g²          (v starts at zero)
        p ← p - lr · g / (√v + ε)

    Args:
        params: list of float arrays of any shapes; ``step`` changes them in place.
        lr: learning rate, about the length of a step in units of p; may be assigned between steps.
        alpha: α, memory of the mean of squares, no unit, 0 <= α < 1.
        eps: ε, in units of the gradient; added outside the root.

    Example:
        >>> w = np.array([1.0])
        >>> opt = RMSprop([w], lr=0.1, alpha=0.75)
        >>> opt.step([np.array([4.0])])          # v = 0.25 * 16 = 4;           0.1 * 4 / 2 = 0.2
        >>> w.round(6)
        array([0.8])
        >>> opt.step([np.array([-2.0])])         # v = 0.75 * 4 + 0.25 * 4 = 4; 0.1 * -2 / 2 = -0.1
        >>> w.round(6)
        array([0.9])

    Source: Tieleman and Hinton 2012, Neural Networks for Machine Learning, lecture 6.5; ε as in
    ``torch.optim.RMSprop``.
    """

    def __init__(self, params: list[np.ndarray], lr: float, alpha: float = 0.99, eps: float = 1e-8):
        """Keep the parameters and start every mean of squares at zero."""
        self.params = params
        self.lr = lr
        self.alpha = alpha
        self.eps = eps
        self.square = [np.zeros_like(p) for p in params]

    def step(self, grads: list[np.ndarray]) -> None:
        """Make one step.

        Args:
            grads: one array per parameter, in the order and with the shapes of ``params``; not changed.

        Returns:
            None; the arrays in ``params`` hold the new values.
        """
        for p, g, v in zip(self.params, grads, self.square):
            v[...] = self.alpha * v + (1 - self.alpha) * g**2
            p -= self.lr * g / (np.sqrt(v) + self.eps)


class Adam:
    """Momentum and RMSprop together, with both means corrected for their start at zero.

    Step number t = 1, 2, … is, for each parameter by itself and elementwise::

        g ← g + λ p
        m ← β₁ m + (1 - β₁) g         m̂ = m / (1 - β₁ᵗ)
        v ← β₂ v + (1 - β₂) g²        v̂ = v / (1 - β₂ᵗ)
        p ← p - lr · m̂ / (√v̂ + ε)

    m and v start at zero and are kept uncorrected; m̂ and v̂ are used in this step only. All parameters
    share the number of the step.

    Args:
        params: list of float arrays of any shapes; ``step`` changes them in place.
        lr: learning rate, about the length of a step in units of p; may be assigned between steps.
        betas: (β₁, β₂), memories of the two means, no unit, each 0 <= β < 1.
        eps: ε, in units of the gradient; added outside the root.
        weight_decay: λ of the L2 penalty, gradient per unit of p; it joins the gradient.

    Example:
        >>> w = np.array([1.0])
        >>> opt = Adam([w], lr=0.3, betas=(0.25, 0.5))
        >>> opt.step([np.array([5.0])])   # m = 3.75, m̂ = 3.75 / 0.75 = 5; v = 12.5, v̂ = 12.5 / 0.5 = 25
        >>> w.round(6)                    # 1 - 0.3 * 5 / 5
        array([0.7])
        >>> opt.step([np.array([-1.0])])  # m = 0.1875, m̂ = 0.1875 / 0.9375 = 0.2; v = 6.75, v̂ = 9
        >>> w.round(6)                    # 0.7 - 0.3 * 0.2 / 3
        array([0.68])

    Source: Kingma and Ba 2015, Adam: a method for stochastic optimization, Algorithm 1.
    """

    def __init__(
        self,
        params: list[np.ndarray],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ):
        """Keep the parameters and start both means, and the step's number, at zero."""
        self.params = params
        self.lr = lr
        self.betas = betas
        self.eps = eps
        self.weight_decay = weight_decay
        self.mean = [np.zeros_like(p) for p in params]
        self.square = [np.zeros_like(p) for p in params]
        self.t = 0

    def step(self, grads: list[np.ndarray]) -> None:
        """Make one step.

        Args:
            grads: one array per parameter, in the order and with the shapes of ``params``; not changed.

        Returns:
            None; the arrays in ``params`` hold the new values.
        """
        self.t += 1
        beta1, beta2 = self.betas
        for p, g, m, v in zip(self.params, grads, self.mean, self.square):
            g = g + self.weight_decay * p
            m[...] = beta1 * m + (1 - beta1) * g
            v[...] = beta2 * v + (1 - beta2) * g**2
            m_hat = m / (1 - beta1**self.t)
            v_hat = v / (1 - beta2**self.t)
            p -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


class AdamW:
    """Adam whose weight decay shrinks the parameter itself and never enters the means.

    Step number t = 1, 2, … is, for each parameter by itself and elementwise::

        p ← (1 - lr · λ) p
        m ← β₁ m + (1 - β₁) g         m̂ = m / (1 - β₁ᵗ)
        v ← β₂ v + (1 - β₂) g²        v̂ = v / (1 - β₂ᵗ)
        p ← p - lr · m̂ / (√v̂ + ε)

    Args:
        params: list of float arrays of any shapes; ``step`` changes them in place.
        lr: learning rate, about the length of a step in units of p; may be assigned between steps.
        betas: (β₁, β₂), memories of the two means, no unit, each 0 <= β < 1.
        eps: ε, in units of the gradient; added outside the root.
        weight_decay: λ, no unit: the share of p that a step takes away is lr · λ.

    Example:
        >>> w = np.array([2.0])
        >>> opt = AdamW([w], lr=0.5, weight_decay=0.1)
        >>> opt.step([np.array([3.0])])   # (1 - 0.05) * 2 = 1.9; the first Adam step is lr * sign(g) = 0.5
        >>> w.round(6)
        array([1.4])

    Source: Loshchilov and Hutter 2019, Decoupled weight decay regularization, Algorithm 2; the decay is
    multiplied by lr as in ``torch.optim.AdamW`` (the paper multiplies it by the schedule's factor only).
    """

    def __init__(
        self,
        params: list[np.ndarray],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ):
        """Keep the parameters and start both means, and the step's number, at zero."""
        self.params = params
        self.lr = lr
        self.betas = betas
        self.eps = eps
        self.weight_decay = weight_decay
        self.mean = [np.zeros_like(p) for p in params]
        self.square = [np.zeros_like(p) for p in params]
        self.t = 0

    def step(self, grads: list[np.ndarray]) -> None:
        """Make one step.

        Args:
            grads: one array per parameter, in the order and with the shapes of ``params``; not changed.

        Returns:
            None; the arrays in ``params`` hold the new values.
        """
        self.t += 1
        beta1, beta2 = self.betas
        for p, g, m, v in zip(self.params, grads, self.mean, self.square):
            p *= 1 - self.lr * self.weight_decay
            m[...] = beta1 * m + (1 - beta1) * g
            v[...] = beta2 * v + (1 - beta2) * g**2
            m_hat = m / (1 - beta1**self.t)
            v_hat = v / (1 - beta2**self.t)
            p -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


def lr_at(step: int, peak: float, warmup: int, total: int, floor: float = 0.0) -> float:
    """Learning rate at one step: a straight line up to the peak, then half a cosine down to the floor.

    With steps counted from 0::

        step < warmup              peak · (step + 1) / (warmup + 1)
        warmup <= step < total     floor + (peak - floor) · (1 + cos(π · s)) / 2
                                   where s = (step - warmup) / (total - warmup)
        step >= total              floor

    Args:
        step: number of the step, counted from 0.
        peak: learning rate at ``step == warmup``, the highest of all.
        warmup: number of steps before the peak; 0 starts at the peak.
        total: number of steps after which the rate stays at the floor.
        floor: learning rate at the end.

    Returns:
        The learning rate, a float.

    Raises:
        ValueError: ``step`` is negative, or ``total`` is not greater than ``warmup``.

    Example:
        >>> [round(lr_at(step, peak=0.4, warmup=3, total=7), 3) for step in range(8)]
        [0.1, 0.2, 0.3, 0.4, 0.341, 0.2, 0.059, 0.0]

    Source: Loshchilov and Hutter 2017, SGDR: stochastic gradient descent with warm restarts, equation (5),
    one period; warm-up as in Goyal et al. 2017, Accurate, large minibatch SGD, section 2.2.
    """
    if step < 0:
        raise ValueError(f"step is {step}, expected 0 or more")
    if total <= warmup:
        raise ValueError(f"total is {total}, expected more than warmup, which is {warmup}")
    if step < warmup:
        return peak * (step + 1) / (warmup + 1)
    if step >= total:
        return floor
    done = (step - warmup) / (total - warmup)
    return floor + (peak - floor) * (1 + math.cos(math.pi * done)) / 2


def clip_grad_norm(grads: list[np.ndarray], max_norm: float, eps: float = 1e-6) -> float:
    """Shorten the gradient of all parameters together, in place, to a length of at most ``max_norm``.

    The length is that of one long vector that holds the elements of all arrays, so the direction stays::

        norm = √(Σ over all arrays and elements of g²)
        g ← g · min(1, max_norm / (norm + ε))

    Args:
        grads: list of float arrays of any shapes; changed in place.
        max_norm: greatest length allowed, in units of the gradient, > 0.
        eps: ε, in units of the gradient; keeps the division safe when all gradients are zero.

    Returns:
        The length before clipping, a float.

    Example:
        >>> grads = [np.array([3.0]), np.array([[4.0]])]
        >>> clip_grad_norm(grads, max_norm=1.0)  # √(9 + 16)
        5.0
        >>> grads[0].round(4), grads[1].round(4)
        (array([0.6]), array([[0.8]]))

    Source: Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural networks,
    Algorithm 1; ε as in ``torch.nn.utils.clip_grad_norm_``.
    """
    norm = math.sqrt(sum(float(np.sum(g**2)) for g in grads))
    scale = min(1.0, max_norm / (norm + eps))
    for g in grads:
        g *= scale
    return norm


def bug_hunt() -> tuple[list[float], list[float]]:
    """An experiment in which ``SuspectSGD`` and the right SGD with momentum 0.9 end at different places.

    One parameter starts at 0. In step number i both optimizers get ``opt.lr = rates[i]`` and then
    ``opt.step([gradients[i]])``. Keep it small enough to check on paper.

    Returns:
        ``(rates, gradients)``, two lists of equal length, 1 to 5: each rate is 1.0, 0.1 or 0.01, each
        gradient a whole number from -9 to 9. After the last step the two parameters must differ by more
        than 0.1.

    Example:
        ``([1.0, 1.0], [1, -1])`` has the right form, but both optimizers end at the same place, so it
        proves nothing.
    """
    return [1.0, 0.1], [1, 0]


class Adagrad:
    """Gradient descent with steps that shrink, elementwise, as squared gradients add up (bonus).

    One step is, for each parameter by itself and elementwise::

        s ← s + g²                    (s starts at zero and is never reduced)
        p ← p - lr · g / (√s + ε)

    Args:
        params: list of float arrays of any shapes; ``step`` changes them in place.
        lr: learning rate, length of the first step in units of p; may be assigned between steps.
        eps: ε, in units of the gradient; added outside the root.

    Example:
        >>> w = np.array([1.0])
        >>> opt = Adagrad([w], lr=0.5)
        >>> opt.step([np.array([3.0])])          # s = 9;      0.5 * 3 / 3 = 0.5
        >>> w.round(6)
        array([0.5])
        >>> opt.step([np.array([4.0])])          # s = 9 + 16; 0.5 * 4 / 5 = 0.4
        >>> w.round(6)
        array([0.1])

    Source: Duchi, Hazan and Singer 2011, Adaptive subgradient methods for online learning and stochastic
    optimization, the diagonal form of section 1 without the projection; ε as in ``torch.optim.Adagrad``.
    """

    def __init__(self, params: list[np.ndarray], lr: float, eps: float = 1e-10):
        """Keep the parameters and start every sum of squares at zero."""
        self.params = params
        self.lr = lr
        self.eps = eps
        self.total = [np.zeros_like(p) for p in params]

    def step(self, grads: list[np.ndarray]) -> None:
        """Make one step.

        Args:
            grads: one array per parameter, in the order and with the shapes of ``params``; not changed.

        Returns:
            None; the arrays in ``params`` hold the new values.
        """
        for p, g, s in zip(self.params, grads, self.total):
            s += g**2
            p -= self.lr * g / (np.sqrt(s) + self.eps)


class Adadelta:
    """RMSprop that measures its steps in units of its own recent steps (bonus).

    One step is, for each parameter by itself and elementwise::

        v ← ρ v + (1 - ρ) g²          (v starts at zero)
        d = √(u + ε) / √(v + ε) · g
        u ← ρ u + (1 - ρ) d²          (u starts at zero)
        p ← p - lr · d

    Args:
        params: list of float arrays of any shapes; ``step`` changes them in place.
        lr: factor on the step, no unit; 1 is the paper's method; may be assigned between steps.
        rho: ρ, memory of both means, no unit, 0 <= ρ < 1.
        eps: ε, added inside both roots; without it the first step would be zero for ever.

    Example:
        >>> w = np.array([5.0])
        >>> opt = Adadelta([w], rho=0.25, eps=1.0)
        >>> opt.step([np.array([2.0])])          # v = 0.75 * 4 = 3; d = √(0 + 1) / √(3 + 1) * 2 = 1
        >>> w.round(6)
        array([4.])

    Source: Zeiler 2012, ADADELTA: an adaptive learning rate method, Algorithm 1.
    """

    def __init__(self, params: list[np.ndarray], lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6):
        """Keep the parameters and start both means of squares at zero."""
        self.params = params
        self.lr = lr
        self.rho = rho
        self.eps = eps
        self.square = [np.zeros_like(p) for p in params]
        self.moved = [np.zeros_like(p) for p in params]

    def step(self, grads: list[np.ndarray]) -> None:
        """Make one step.

        Args:
            grads: one array per parameter, in the order and with the shapes of ``params``; not changed.

        Returns:
            None; the arrays in ``params`` hold the new values.
        """
        for p, g, v, u in zip(self.params, grads, self.square, self.moved):
            v[...] = self.rho * v + (1 - self.rho) * g**2
            delta = np.sqrt(u + self.eps) / np.sqrt(v + self.eps) * g
            u[...] = self.rho * u + (1 - self.rho) * delta**2
            p -= self.lr * delta


class AMSGrad:
    """Adam whose divisor never shrinks, so that a rare large gradient is not forgotten (bonus).

    Step number t = 1, 2, … is, for each parameter by itself and elementwise::

        m ← β₁ m + (1 - β₁) g         m̂ = m / (1 - β₁ᵗ)
        v ← β₂ v + (1 - β₂) g²
        w ← max(w, v)                 ŵ = w / (1 - β₂ᵗ)
        p ← p - lr · m̂ / (√ŵ + ε)

    Args:
        params: list of float arrays of any shapes; ``step`` changes them in place.
        lr: learning rate, about the length of a step in units of p; may be assigned between steps.
        betas: (β₁, β₂), memories of the two means, no unit, each 0 <= β < 1.
        eps: ε, in units of the gradient; added outside the root.

    Example:
        >>> w = np.array([1.0])
        >>> opt = AMSGrad([w], lr=0.3, betas=(0.25, 0.5))
        >>> opt.step([np.array([7.0])])          # m̂ = 7; v = w = 24.5, ŵ = 49;  1 - 0.3 * 7 / 7
        >>> w.round(6)
        array([0.7])
        >>> opt.step([np.array([0.0])])          # m̂ = 1.4; v = 12.25, w = 24.5, ŵ = 32.67
        >>> w.round(6)                           # 0.7 - 0.3 * 1.4 / √32.67
        array([0.626515])

    Source: Reddi, Kale and Kumar 2018, On the convergence of Adam and beyond, Algorithm 2, with Adam's
    corrections as in ``torch.optim.Adam(amsgrad=True)``.
    """

    def __init__(
        self,
        params: list[np.ndarray],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ):
        """Keep the parameters and start both means, the maximum and the step's number at zero."""
        self.params = params
        self.lr = lr
        self.betas = betas
        self.eps = eps
        self.mean = [np.zeros_like(p) for p in params]
        self.square = [np.zeros_like(p) for p in params]
        self.largest = [np.zeros_like(p) for p in params]
        self.t = 0

    def step(self, grads: list[np.ndarray]) -> None:
        """Make one step.

        Args:
            grads: one array per parameter, in the order and with the shapes of ``params``; not changed.

        Returns:
            None; the arrays in ``params`` hold the new values.
        """
        self.t += 1
        beta1, beta2 = self.betas
        state = zip(self.params, grads, self.mean, self.square, self.largest)
        for p, g, m, v, w in state:
            m[...] = beta1 * m + (1 - beta1) * g
            v[...] = beta2 * v + (1 - beta2) * g**2
            w[...] = np.maximum(w, v)
            m_hat = m / (1 - beta1**self.t)
            w_hat = w / (1 - beta2**self.t)
            p -= self.lr * m_hat / (np.sqrt(w_hat) + self.eps)
