"""Chance: what random draws may look like, and that they come from the generator that was passed.

All is judged within six standard deviations, so right code fails about twice in a billion times. The words
that look at numbers take values, not replies: call them in a law (see ``obeys``), which runs when the answer
has come.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..inside.objects import own
from .compare import Difference, as_array
from .expect import close, obeys
from .expectations import Obeys

if TYPE_CHECKING:
    import torch

SIGMAS = 6
TAIL = math.erfc(2 / math.sqrt(2))  # the share of a normal variable beyond two standard deviations


def near(value: Any, expected: float, deviation: float, what: str) -> None:
    """A number is within six standard deviations of what is expected.

    Args:
        value: the number.
        expected: its expected value.
        deviation: its standard deviation.
        what: the subject of the sentence, such as "The mean of the noise".

    Raises:
        Difference: it is farther away, or no number.
    """
    came = float(as_array(value))
    if not abs(came - expected) <= SIGMAS * deviation:
        raise Difference(_far(came, expected, what))


def _far(came: float, expected: float, what: str) -> str:
    """The sentence; of the numbers one digit, since the first of them could be made of an input."""
    digit, wanted = (f"{float(f'{number:.1g}'):g}" for number in (came, expected))
    return (
        f"{what} is far from what chance allows: it is about {digit}, and about {wanted} was expected."
        if digit != wanted
        else f"{what} is far from what chance allows."
    )


def scattered(hit: Any, share: float, what: str) -> None:
    """Booleans (rows, columns) look like independent draws that are true with this probability.

    Raises:
        Difference: there are too many or too few, or neighbours go together.
    """
    hit = as_array(hit).astype(float)
    variance = share * (1 - share)
    deviation = math.sqrt(variance / hit.size)
    if abs(hit.mean() - share) > SIGMAS * deviation >= abs(hit.mean() + share - 1):
        raise Difference(f"{_far(hit.mean(), share, f'The share of {what}')} Are the two kinds exchanged?")
    near(hit.mean(), share, deviation, f"The share of {what}")
    independent((hit - share) / math.sqrt(variance), what)


def independent(noise: Any, what: str) -> None:
    """Neighbours in rows and in columns of noise (rows, columns) with mean 0 and variance 1 are uncorrelated.

    Raises:
        Difference: they are correlated.
    """
    noise = as_array(noise)
    for one, other in ((noise[1:], noise[:-1]), (noise[:, 1:], noise[:, :-1])):
        about = f"The correlation between neighbours in {what}"
        near((one * other).mean(), 0, 1 / math.sqrt(one.size), about)


def normal(noise: Any, what: str) -> None:
    """Noise (rows, columns) looks like independent draws of the standard normal distribution.

    Raises:
        Difference: mean, variance or tails are others, or neighbours are correlated.
    """
    noise = as_array(noise)
    near(noise.mean(), 0, 1 / math.sqrt(noise.size), f"The mean of {what}")
    near((noise**2).mean(), 1, math.sqrt(2 / noise.size), f"The variance of {what}")
    near(
        (np.abs(noise) > 2).mean(), TAIL, math.sqrt(TAIL / noise.size), f"The share of large values in {what}"
    )
    independent(noise, what)


def frequencies(counts: Any, shares: Any, what: str) -> None:
    """How often each of several things came is what independent draws with these probabilities give.

    Args:
        counts: of each thing; let a hundred or more be expected of each, since they are judged as normal.
        shares: the probability of each thing.
        what: the plural in the sentence, such as "the actions".

    Raises:
        Difference: one of them came too often or too seldom.
    """
    counts, shares = as_array(counts), as_array(shares)
    total = counts.sum()
    if not total > 0:
        raise Difference(f"None of {what} came.")
    for count, share in zip(counts, shares, strict=True):
        near(count, total * share, math.sqrt(total * share * (1 - share)), f"How often one of {what} came")


def same_draws(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Equal generators give equal draws, each call draws afresh, and no other source of chance is used.

    Args:
        function: a reply: what draws an array or a tensor.
        args: its arguments, among them one generator of NumPy or of torch.
        kwargs: further arguments, among which the generator may be, too.

    Returns:
        The first draw, a reply.
    """
    student = function._student
    given = [value for value in (*args, *kwargs.values()) if type(value).__name__ == "Generator"]
    if len(given) != 1:
        raise TypeError(f"same_draws(function, ...): one generator was expected, {len(given)} were given")
    lasting = own(given[0])  # it lives over there, and goes on from call to call
    student.share(lasting)

    def drawn(generator: Any) -> Any:
        return function(
            *(generator if value is given[0] else value for value in args),
            **{key: generator if value is given[0] else value for key, value in kwargs.items()},
        )

    first, equal, later = map(drawn, (lasting, given[0], lasting))
    close(equal, first, "What an equal generator draws")
    obeys(later, _drawn_afresh, first)
    kept = student.beside(_leaves_others_alone, function, list(args), kwargs)
    kept._expect(Obeys(kept._place, _kept))
    return first


def _leaves_others_alone(function: Any, args: list[Any], kwargs: dict[str, Any]) -> bool:
    """Beside the student's code: whether a call leaves the global generators as they were."""
    import random

    def states() -> list[Any]:
        state = np.random.get_state(legacy=False)["state"]
        found = [random.getstate(), state["key"].tobytes(), state["pos"]]
        return found if torch is None else [*found, torch.get_rng_state().numpy().tobytes()]

    before = states()
    function(*args, **kwargs)
    return states() == before


def _drawn_afresh(later: Any, first: Any) -> None:
    if np.array_equal(as_array(later), as_array(first)):
        raise Difference("Two calls drew the same from one generator.")


def _kept(alone: Any) -> None:
    if alone is not True:
        raise Difference("The global generator was used.")
