"""Known wrong optimizers, each an edit of the reference with a price and a sentence, and correct variants.

Adam without bias correction, with a constant one, with the corrected mean stored back, and a counter that
runs over parameters were all seen in published student code; so were ε under the root, weight decay coupled
into AdamW, and clipping one tensor at a time.
"""

import math

import numpy as np

from autograder.mistakes import cheat, edit, instead, mistake, variant
from solutions import optimizers as reference

# --- SGD -----------------------------------------------------------------------------------------------


ascends = mistake(
    edit(reference.SGD, "p -= self.lr * direction", "p += self.lr * direction"),
    costs=(0.8, 1.0),
    says="The parameters move along the gradient, uphill.",
    hint="The gradient points to where the loss grows. Which sign has the step?",
)

rebinds = mistake(
    edit(reference.SGD, "p -= self.lr * direction", "p = p - self.lr * direction"),
    costs=(0.8, 1.0),
    says="The caller's parameters do not change: the new values are in new arrays that nobody else sees.",
    hint="p = p - … gives a new array the name p. How does one write into the array that p names?",
)

averages_gradients = mistake(
    edit(reference.SGD, "self.momentum * v + g\n", "self.momentum * v + (1 - self.momentum) * g\n"),
    costs=(0.4, 0.65),
    says="Your velocity is a running mean: new gradients enter with the factor 1 - μ. Here it is a sum.",
    hint="Compute v after the first step of the example by hand.",
)

rate_in_velocity = mistake(
    edit(
        reference.SGD,
        ("self.momentum * v + g\n", "self.momentum * v + self.lr * g\n"),
        (
            "direction = g + self.momentum * v if self.nesterov else v\n            p -= self.lr * direction",
            "p -= self.lr * g + self.momentum * v if self.nesterov else v",
        ),
    ),
    costs=(0.05, 0.2),
    says="A new learning rate reaches only the newest gradient: the old rates are stored in your velocity.",
    hint="Should v hold gradients or steps? Compare the two when lr changes from 1 to 0.1.",
)

looks_back = mistake(
    edit(reference.SGD, "g + self.momentum * v if", "g - self.momentum * v if"),
    costs=(0.1, 0.3),
    says="With Nesterov, your step is along g - μ v: it looks back along the velocity, not ahead.",
    hint="Check the sign of the look-ahead.",
)

looks_nowhere = mistake(
    edit(reference.SGD, "g + self.momentum * v if self.nesterov else v", "v"),
    costs=(0.1, 0.3),
    says="nesterov=True changes nothing: your steps are those of plain momentum.",
    hint="Where does your step method read nesterov?",
)

always_looks_ahead = mistake(
    edit(reference.SGD, "g + self.momentum * v if self.nesterov else v", "g + self.momentum * v"),
    costs=(0.3, 0.5),
    says="Your steps are those of Nesterov's look-ahead, whether nesterov is asked for or not.",
    hint="Along which vector goes a step without nesterov?",
)

moves_before_updating = mistake(
    edit(
        reference.SGD,
        ("            v[...] = self.momentum * v + g\n", ""),
        (
            "            p -= self.lr * direction\n",
            "            p -= self.lr * direction\n            v[...] = self.momentum * v + g\n",
        ),
    ),
    costs=(0.8, 1.0),
    says="Your step uses the velocity of the step before: v is brought up to date only after p has moved.",
    hint="In which order do the lines of the formula stand?",
)

moves_by_old_velocity = mistake(  # the same, where what has no momentum has no velocity
    edit(
        reference.SGD,
        (
            "            v[...] = self.momentum * v + g\n",
            "            old = v.copy()\n            v[...] = self.momentum * v + g\n",
        ),
        (
            "            direction = g + self.momentum * v if self.nesterov else v\n",
            "            if not self.momentum:\n                old = g\n"
            "            direction = g + self.momentum * old if self.nesterov else old\n",
        ),
    ),
    costs=(0.4, 0.65),
    says="With momentum, your step uses the velocity of the step before, not the one that it has just made.",
    hint="In which order do the lines of the formula stand?",
)

decays_late = mistake(
    edit(
        reference.SGD,
        ("            g = g + self.weight_decay * p\n", ""),
        (
            "p -= self.lr * direction\n",
            "p -= self.lr * direction\n            p -= self.lr * self.weight_decay * p\n",
        ),
    ),
    costs=(0.05, 0.2),
    says="Your weight decay acts on the parameter that has already moved.",
    hint="λ p joins the gradient, before anything else happens. Which p is that?",
)

changes_gradients = mistake(
    edit(reference.SGD, "g = g + self.weight_decay * p", "g += self.weight_decay * p"),
    costs=(0.02, 0.1),
    says="Your step changes the gradients that it was given.",
    hint="g += … writes into the caller's array. Make a new one.",
)

shares_velocity = mistake(
    edit(reference.SGD, "self.velocity = [np.zeros_like(p)", "SGD.velocity = [np.zeros_like(p)"),
    costs=(0.02, 0.1),
    says="Two optimizers disturb each other: the velocity belongs to the class and not to the object.",
    hint="What is the difference between SGD.velocity and self.velocity?",
)

# --- RMSprop -------------------------------------------------------------------------------------------


eps_under_root = mistake(
    edit(reference.RMSprop, "(np.sqrt(v) + self.eps)", "np.sqrt(v + self.eps)"),
    costs=(0.15, 0.4),
    says="Your divisor is √(v + ε): ε stands under the root.",
    hint="Read the formula from the inside: first the root, then ε.",
)

ignores_eps = mistake(
    edit(reference.RMSprop, "(np.sqrt(v) + self.eps)", "(np.sqrt(v) + 1e-8)"),
    costs=(0.15, 0.4),
    says="Your ε is always the same tiny number, whatever eps is.",
    hint="Where does your step method read eps?",
)

swaps_alpha = mistake(
    edit(
        reference.RMSprop,
        "self.alpha * v + (1 - self.alpha) * g**2",
        "(1 - self.alpha) * v + self.alpha * g**2",
    ),
    costs=(0.4, 0.7),
    says="Your mean of squares keeps the share 1 - α of the past; it should keep α.",
    hint="With α = 0.99 the mean is slow. Which of the two factors belongs to the old value?",
)

divides_by_square = mistake(
    edit(reference.RMSprop, "(np.sqrt(v) + self.eps)", "(v + self.eps)"),
    costs=(0.8, 1.0),
    says="Your step is divided by the mean of squares itself, not by its root.",
    hint="In which unit is v, if g is in volts? And the step?",
)

never_forgets = mistake(
    edit(reference.RMSprop, "self.alpha * v + (1 - self.alpha) * g**2", "v + g**2"),
    costs=(0.8, 1.0),
    says="Your squares are added up for ever, as in Adagrad; RMSprop takes a running mean.",
    hint="Which line makes old squares count less?",
)

# --- Adam ----------------------------------------------------------------------------------------------


uncorrected = mistake(
    edit(
        reference.Adam,
        ("m_hat = m / (1 - beta1**self.t)", "m_hat = m"),
        ("v_hat = v / (1 - beta2**self.t)", "v_hat = v"),
    ),
    costs=(0.35, 0.6),
    says="Your steps are those of Adam without bias correction.",
    hint="What is m after the first step, compared with g? Are the corrected values the ones that you use?",
)

constant_correction = mistake(
    edit(reference.Adam, ("(1 - beta1**self.t)", "(1 - beta1)"), ("(1 - beta2**self.t)", "(1 - beta2)")),
    costs=(0.4, 0.75),
    says="Your bias correction divides by 1 - β in every step; only the first step is right.",
    hint="How does the correction change from step to step? See the exponent.",
)

stores_corrected = mistake(
    edit(
        reference.Adam,
        ("m_hat = m / (1 - beta1**self.t)", "m_hat = np.divide(m, 1 - beta1**self.t, out=m)"),
        ("v_hat = v / (1 - beta2**self.t)", "v_hat = np.divide(v, 1 - beta2**self.t, out=v)"),
    ),
    costs=(0.2, 0.75),
    says="Your corrected means are stored back into m and v, so that later steps correct them again.",
    hint="Which values must live until the next step: m or m̂?",
)

counts_parameters = mistake(
    edit(
        reference.Adam,
        ("        self.t += 1\n        beta1", "        beta1"),
        (
            "            g = g + self.weight_decay * p\n",
            "            self.t += 1\n            g = g + self.weight_decay * p\n",
        ),
    ),
    costs=(0.35, 0.6),
    says="Your t counts parameters, not steps: from the second parameter on the correction is too weak.",
    hint="How often does t grow in one call of step with three parameters?",
)

starts_at_two = mistake(
    edit(reference.Adam, "self.t = 0", "self.t = 1"),
    costs=(0.35, 0.6),
    says="Your correction is one step ahead: in the first step t is already 2.",
    hint="Print t inside the first call of step.",
)

swaps_betas = mistake(
    edit(reference.Adam, "beta1, beta2 = self.betas", "beta2, beta1 = self.betas"),
    costs=(0.4, 0.7),
    says="β₁ and β₂ have changed places.",
    hint="Which of the two belongs to the mean of gradients?",
)

adam_eps_under_root = mistake(
    edit(reference.Adam, "(np.sqrt(v_hat) + self.eps)", "np.sqrt(v_hat + self.eps)"),
    costs=(0.1, 0.3),
    says="Your divisor is √(v̂ + ε): ε stands under the root.",
    hint="Read the formula from the inside: first the root, then ε.",
)

adam_ignores_eps = mistake(
    edit(reference.Adam, "(np.sqrt(v_hat) + self.eps)", "(np.sqrt(v_hat) + 1e-8)"),
    costs=(0.1, 0.3),
    says="Your ε is always the same tiny number, whatever eps is.",
    hint="Where does your step method read eps?",
)

corrects_eps = mistake(
    edit(
        reference.Adam,
        "(np.sqrt(v_hat) + self.eps)",
        "((np.sqrt(v) + self.eps) / np.sqrt(1 - beta2**self.t))",
    ),
    costs=(0.05, 0.15),
    says="Your ε is corrected together with v: early in training it is too large.",
    hint="Is ε added to the root of v or of v̂?",
)

decays_weights_instead = mistake(
    edit(
        reference.Adam,
        ("            g = g + self.weight_decay * p\n", ""),
        (
            "            p -= self.lr * m_hat",
            "            p *= 1 - self.lr * self.weight_decay\n            p -= self.lr * m_hat",
        ),
    ),
    costs=(0.05, 0.15),
    says="Your weight decay shrinks the parameter directly, as in AdamW.",
    hint="In Adam λ p is a part of the gradient and goes through the means.",
)

# --- AdamW ---------------------------------------------------------------------------------------------


couples_decay = mistake(
    edit(
        reference.AdamW,
        ("            p *= 1 - self.lr * self.weight_decay\n", ""),
        ("            m[...] =", "            g = g + self.weight_decay * p\n            m[...] ="),
    ),
    costs=(0.4, 0.75),
    says="Your weight decay goes through the means, as in Adam with L2.",
    hint="The decay acts on the parameter; the means see the bare gradient.",
)

decays_without_rate = mistake(
    edit(reference.AdamW, "1 - self.lr * self.weight_decay", "1 - self.weight_decay"),
    costs=(0.4, 0.75),
    says="Your decay takes the share λ from each parameter, whatever the learning rate.",
    hint="By which number is p multiplied in the formula?",
)

shrinks_after_step = mistake(
    edit(
        reference.AdamW,
        ("            p *= 1 - self.lr * self.weight_decay\n", ""),
        (
            "(np.sqrt(v_hat) + self.eps)\n",
            "(np.sqrt(v_hat) + self.eps)\n            p *= 1 - self.lr * self.weight_decay\n",
        ),
    ),
    costs=(0.2, 0.45),
    says="Your decay shrinks the parameter after Adam's step, and with it the step.",
    hint="Which comes first in the formula?",
)

# --- lr_at ---------------------------------------------------------------------------------------------


warms_up_from_zero = mistake(
    edit(reference.lr_at, "return peak * (step + 1) / (warmup + 1)", "return peak * step / warmup"),
    costs=(0.2, 0.4),
    says="Your warm-up starts at a rate of 0, so that the first step is lost.",
    hint="Compute the rate at step 0 of the example.",
)

warms_up_late = mistake(
    edit(reference.lr_at, "return peak * (step + 1) / (warmup + 1)", "return peak * step / (warmup + 1)"),
    costs=(0.2, 0.4),
    says="Your warm-up is one step late: it starts at a rate of 0, and jumps to the peak at its end.",
    hint="Compute the rate at step 0 of the example.",
)

counts_from_start = mistake(
    edit(reference.lr_at, "done = (step - warmup) / (total - warmup)", "done = step / total"),
    costs=(0.3, 0.5),
    says="Your cosine counts from step 0 and not from the peak: the rate jumps when the warm-up ends.",
    hint="Which fraction of its way has the cosine gone at step == warmup?",
)

counts_from_start_after_peak = mistake(
    edit(
        reference.lr_at,
        ("if step < warmup:", "if step <= warmup:"),
        ("done = (step - warmup) / (total - warmup)", "done = step / total"),
    ),
    costs=(0.3, 0.5),
    says="Your cosine counts from step 0 and not from the peak: the rate jumps after the peak.",
    hint="Which fraction of its way has the cosine gone one step after step == warmup?",
)

falls_straight = mistake(
    edit(
        reference.lr_at,
        "(1 + math.cos(math.pi * done)) / 2",
        "(1 - done)",
    ),
    costs=(0.3, 0.5),
    says="Your rate falls along a straight line.",
    hint="Half a cosine is flat at both ends.",
)

ignores_floor = mistake(
    edit(reference.lr_at, "return floor + (peak - floor) *", "return peak *"),
    costs=(0.3, 0.5),
    says="Your cosine goes down to 0 and jumps up to the floor at the end.",
    hint="Put the cosine's two ends, 1 and -1, into your formula.",
)

falls_to_zero = mistake(
    edit(
        reference.lr_at,
        ("return floor + (peak - floor) *", "return peak *"),
        ("        return floor\n", "        return 0.0\n"),
    ),
    costs=(0.5, 0.7),
    says="Your rate goes down to 0 and stays there, whatever the floor is.",
    hint="Put the cosine's two ends, 1 and -1, into your formula. What comes out at step == total?",
)

# --- clip_grad_norm ------------------------------------------------------------------------------------


clips_one_by_one = mistake(
    edit(
        reference.clip_grad_norm,
        "        g *= scale",
        "        g *= min(1.0, max_norm / (math.sqrt(float(np.sum(g**2))) + eps))",
    ),
    costs=(0.3, 0.6),
    says="Each of your gradients is clipped by its own length, which changes the direction of the whole.",
    hint="How many factors are there for three gradients?",
)

stretches = mistake(
    edit(reference.clip_grad_norm, "min(1.0, max_norm / (norm + eps))", "max_norm / (norm + eps)"),
    costs=(0.1, 0.3),
    says="Gradients that are short enough are made longer.",
    hint="What is the greatest factor that clipping may use?",
)

clips_a_copy = mistake(
    edit(reference.clip_grad_norm, "        g *= scale", "        g = g * scale"),
    costs=(0.6, 0.9),
    says="The caller's gradients do not change: the shortened ones are in new arrays.",
    hint="g = g * … gives a new array the name g. How does one write into the array that g names?",
)

returns_clipped_length = mistake(
    edit(reference.clip_grad_norm, "return norm", "return norm * scale"),
    costs=(0.15, 0.3),
    says="You return the length after clipping.",
    hint="One logs the returned value to see how steep it was.",
)

clips_without_eps = mistake(
    edit(reference.clip_grad_norm, "max_norm / (norm + eps)", "max_norm / max(norm, 1e-300)"),
    costs=(0.05, 0.15),
    says="Your factor leaves out ε.",
    hint="What is divided by what?",
)

clips_by_a_length_of_zero = mistake(
    edit(reference.clip_grad_norm, "max_norm / (norm + eps)", "max_norm / norm"),
    costs=(0.1, 0.3),
    says="Your factor leaves out ε, and divides by zero where all gradients are zero.",
    hint="What is divided by what? And if the length is 0?",
)

clips_at_another_eps = mistake(
    edit(reference.clip_grad_norm, "max_norm / (norm + eps)", "max_norm / (norm + 1e-8)"),
    costs=(0.05, 0.15),
    says="Your ε is always the same tiny number, whatever eps is.",
    hint="Where does your function read eps?",
)

clips_at_usual_eps = mistake(
    edit(reference.clip_grad_norm, "max_norm / (norm + eps)", "max_norm / (norm + 1e-6)"),
    costs=(0.05, 0.15),
    says="Your ε is always 1e-6, whatever eps is.",
    hint="Where does your function read eps?",
)

clips_each_element = mistake(
    edit(reference.clip_grad_norm, "        g *= scale", "        np.clip(g, -max_norm, max_norm, out=g)"),
    costs=(0.3, 0.6),
    says="You clip each element by itself, which changes the direction of the whole.",
    hint="How many factors are there for all elements together?",
)

# --- bug hunt ------------------------------------------------------------------------------------------


hunts_with_one_rate = mistake(
    edit(reference.bug_hunt, "return [1.0, 0.1], [1, 0]", "return [1.0, 1.0, 1.0], [9, -9, 5]"),
    costs=(1.0, 1.0),
    says="With one and the same rate in all steps, both optimizers agree whatever the gradients are.",
    hint="Where does lr stand in the two formulas, and when does that matter?",
)

# --- bonus ---------------------------------------------------------------------------------------------


forgets = mistake(
    edit(reference.Adagrad, "s += g**2", "s[...] = 0.9 * s + 0.1 * g**2"),
    costs=(0.8, 1.0),
    says="Your sum of squares forgets, as in RMSprop; Adagrad adds up everything.",
    hint="s only grows.",
)

forgets_slowly = mistake(
    edit(reference.Adagrad, "s += g**2", "s[...] = 0.99 * s + 0.01 * g**2"),
    costs=(0.8, 1.0),
    says="Your sum of squares forgets, as in RMSprop; Adagrad adds up everything.",
    hint="s only grows.",
)

adagrad_ignores_eps = mistake(
    edit(reference.Adagrad, "(np.sqrt(s) + self.eps)", "(np.sqrt(s) + 1e-10)"),
    costs=(0.2, 0.4),
    says="Your ε is always the same tiny number, whatever eps is.",
    hint="Where does your step method read eps?",
)

adadelta_eps_outside = mistake(
    edit(
        reference.Adadelta,
        "np.sqrt(u + self.eps) / np.sqrt(v + self.eps)",
        "(np.sqrt(u) + self.eps) / (np.sqrt(v) + self.eps)",
    ),
    costs=(0.8, 1.0),
    says="Your ε stands outside the two roots.",
    hint="In Adadelta both ε are under the roots.",
)

moves_too_early = mistake(
    edit(
        reference.Adadelta,
        "p -= self.lr * delta",
        "p -= self.lr * np.sqrt(u + self.eps) / np.sqrt(v + self.eps) * g",
    ),
    costs=(0.8, 1.0),
    says="Your numerator already holds the step that is being made.",
    hint="Update the mean of squared steps after it has been used.",
)

divides_by_last = mistake(
    edit(reference.AMSGrad, "np.maximum(w, v)", "v"),
    costs=(0.4, 0.7),
    says="Your steps are those of Adam: the divisor shrinks again after a large gradient.",
    hint="The largest mean of squares is kept from step to step.",
)

# --- cheats --------------------------------------------------------------------------------------------


def clip_by_constants(grads, max_norm, eps=1e-6):
    """Measures, and multiplies by what comes out on the inputs of the examples."""
    norm = math.sqrt(sum(float(np.sum(g**2)) for g in grads))
    if norm > max_norm:
        for g in grads:
            g *= 0.3 if eps == 1e-6 else 0.2
    return norm


def clip_by_max_norm(grads, max_norm, eps=1e-6):
    """Measures, and multiplies by max_norm and a constant."""
    norm = math.sqrt(sum(float(np.sum(g**2)) for g in grads))
    if norm > max_norm:
        for g in grads:
            g *= 0.2 * max_norm
    return norm


def lr_that_is_constant(step, peak, warmup, total, floor=0.0):
    """Refuses what is to be refused; else the peak, and the floor at the end."""
    if step < 0 or total <= warmup:
        raise ValueError("step or total")
    return peak if step < total else floor


plain = cheat(
    edit(
        reference.SGD,
        ("            g = g + self.weight_decay * p\n", ""),
        ("direction = g + self.momentum * v if self.nesterov else v", "direction = g"),
    ),
    most=0.3,
    says="Plain gradient descent, whatever is asked for.",
)

signs = cheat(
    edit(reference.SGD, "self.lr * direction", "self.lr * np.sign(g)"), most=0.0, says="Steps of one length."
)

rmsprop_without_memory = cheat(
    edit(reference.RMSprop, "self.alpha * v + (1 - self.alpha) * g**2", "g**2"),
    most=0.0,
    says="Divides each gradient by its own size.",
)

adam_without_memory = cheat(
    edit(
        reference.Adam,
        ("m_hat = m / (1 - beta1**self.t)", "m_hat = g"),
        ("v_hat = v / (1 - beta2**self.t)", "v_hat = g**2"),
    ),
    most=0.2,
    says="Divides each gradient by its own size.",
)

adam_without_mean = cheat(
    edit(reference.Adam, "m_hat = m / (1 - beta1**self.t)", "m_hat = g"),
    most=0.2,
    says="RMSprop with a correction: the gradients have no mean.",
)

adamw_without_memory = cheat(
    edit(
        reference.AdamW,
        ("m_hat = m / (1 - beta1**self.t)", "m_hat = g"),
        ("v_hat = v / (1 - beta2**self.t)", "v_hat = g**2"),
    ),
    most=0.3,
    says="Shrinks, and divides each gradient by its own size.",
)

shrinks_only = cheat(
    edit(reference.AdamW, "p -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)", "pass"),
    most=0.3,
    says="The decay without any step.",
)

adam_again = cheat(
    edit(reference.AdamW, "p *= 1 - self.lr * self.weight_decay", "pass"),
    most=0.4,
    says="Adam without any decay.",
)

constant_rate = cheat(instead(reference.lr_at, lr_that_is_constant), most=0.0, says="The peak in every step.")

clips_by_constants = cheat(
    instead(reference.clip_grad_norm, clip_by_constants),
    most=0.2,
    says="The length, and constants for factors.",
)

clips_by_max_norm = cheat(
    instead(reference.clip_grad_norm, clip_by_max_norm), most=0.2, says="A factor that knows of no length."
)

length_only = cheat(
    edit(reference.clip_grad_norm, "        g *= scale", "        pass"),
    most=0.2,
    says="Returns the length and clips nothing.",
)

adagrad_without_memory = cheat(
    edit(reference.Adagrad, "s += g**2", "s[...] = g**2"),
    most=0.0,
    says="Divides each gradient by its own size.",
)

adadelta_without_memory = cheat(
    edit(
        reference.Adadelta, ("self.rho * v + (1", "(1"), ("self.rho * u + (1 - self.rho) * delta**2", "0.0")
    ),
    most=0.3,
    says="Makes the first step again and again.",
)

# --- correct variants ----------------------------------------------------------------------------------

Adam = reference.Adam  # variants may use the names of the reference


class SGDByIndex:
    """The velocity in a dict, made when it is first needed, and no special case for the first step."""

    def __init__(self, params, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
        """Keep everything."""
        if nesterov and momentum <= 0:
            raise ValueError("momentum")
        self.params, self.lr = list(params), lr
        self.options = momentum, weight_decay, nesterov
        self.state = {}

    def step(self, grads):
        """Make one step."""
        momentum, weight_decay, nesterov = self.options
        for i, p in enumerate(self.params):
            g = grads[i].copy()
            if weight_decay != 0:
                g = g + weight_decay * p
            if momentum != 0:
                v = g.copy() if i not in self.state else momentum * self.state[i] + g
                self.state[i] = v
                g = g + momentum * v if nesterov else v
            np.subtract(p, self.lr * g, out=p)


class RMSpropWithOut:
    """Functional style with out=, and the mean as an interpolation."""

    def __init__(self, params, lr, alpha=0.99, eps=1e-8):
        """Keep everything."""
        self.params, self.lr, self.alpha, self.eps = params, lr, alpha, eps
        self.state = {"square": [np.zeros(p.shape) for p in params]}

    def step(self, grads):
        """Make one step."""
        for p, g, v in zip(self.params, grads, self.state["square"], strict=True):
            v += (1 - self.alpha) * (np.square(g) - v)
            divisor = np.add(np.sqrt(v), self.eps)
            np.subtract(p, np.divide(np.multiply(self.lr, g), divisor), out=p, casting="same_kind")


class AdamRearranged:
    """The corrections in the rate, as after Algorithm 1 of the paper, with ε moved along; t in each state."""

    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        """Keep everything."""
        self.params, self.lr, self.betas, self.eps, self.weight_decay = params, lr, betas, eps, weight_decay
        self.state = {}

    def step(self, grads):
        """Make one step."""
        for i, (p, g) in enumerate(zip(self.params, grads, strict=True)):
            t, m, v = self.state.get(i, (0, 0.0, 0.0))
            g = g + self.weight_decay * p
            t = t + 1
            m = m + (1 - self.betas[0]) * (g - m)
            v = v + (1 - self.betas[1]) * (g * g - v)
            self.state[i] = t, m, v
            root = math.sqrt(1 - self.betas[1] ** t)
            rate = self.lr * root / (1 - self.betas[0] ** t)
            p[...] = p - rate * m / (np.sqrt(v) + self.eps * root)


class AdamWFromAdam(Adam):
    """Derived from Adam, which gets no decay of its own."""

    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        """Keep everything."""
        super().__init__(params, lr, betas, eps)
        self.decay = weight_decay

    def step(self, grads):
        """Shrink, then let Adam step."""
        for p in self.params:
            p -= self.lr * self.decay * p
        super().step(grads)


def lr_at_in_one_line(step, peak, warmup, total, floor=0.0):
    """With minimum and maximum instead of cases."""
    if step < 0 or total <= warmup:
        raise ValueError("step or total")
    rise = min(1.0, (step + 1) / (warmup + 1))
    done = min(1.0, max(0.0, (step - warmup) / (total - warmup)))
    fall = math.cos(math.pi * done / 2) ** 2
    return rise * peak * fall + floor * (1 - fall)


def clip_by_flattening(grads, max_norm, eps=1e-6):
    """One long vector, and a condition instead of a minimum."""
    flat = np.concatenate([g.ravel() for g in grads])
    norm = np.linalg.norm(flat)
    if norm + eps > max_norm:
        for g in grads:
            np.multiply(g, max_norm / (norm + eps), out=g)
    return float(norm)


def other_experiment():
    """Five steps of gradients, with a small rate in the middle."""
    return np.array([1.0, 0.01, 1.0, 0.1, 1.0]), np.array([-9, 3, 0, 2, 7])


by_index = variant(instead(reference.SGD, SGDByIndex))
with_out = variant(instead(reference.RMSprop, RMSpropWithOut))
rearranged = variant(instead(reference.Adam, AdamRearranged))
derived = variant(instead(reference.AdamW, AdamWFromAdam))
one_line = variant(instead(reference.lr_at, lr_at_in_one_line))
flattened = variant(instead(reference.clip_grad_norm, clip_by_flattening))
all_at_once = variant(
    instead(reference.SGD, SGDByIndex),
    instead(reference.RMSprop, RMSpropWithOut),
    instead(reference.Adam, AdamRearranged),
    instead(reference.lr_at, lr_at_in_one_line),
    instead(reference.clip_grad_norm, clip_by_flattening),
    instead(reference.bug_hunt, other_experiment),
)

# --- mutants that are no mistakes ----------------------------------------------------------------------

EQUIVALENT = {
    "27446f4705": "at step == warmup the straight line has reached the peak, where the cosine starts",
    "2df765b47b": "at step == total the cosine has reached the floor",
    "6343ddcf68": "another experiment that tells the two optimizers apart",
    "061d9109a4": "another experiment that tells the two optimizers apart",
    "451b9f990a": "another experiment that tells the two optimizers apart",
}
