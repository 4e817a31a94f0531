"""Synthetic classes of results."""

import random
from dataclasses import replace

from autograder.results.result import Result, Verdict, totals
from tests.pages.examples import CASE, CHECKS, a_result, flipped

SLIP = {
    "reason": "conv2d_forward returned the wrong shape: expected (1, 1, 2, 2), got (1, 1, 3, 3).",
    "case": CASE | {"got": "(3, 3)"},
}


def a_class(size=60, seed=7):
    """Students of varied strength; some flip the kernel, some slip alike, a few need a person."""
    rng = random.Random(seed)
    results = []
    for number in range(size):
        name, strength = f"student-{number:03d}", rng.random()
        seconds = round(rng.uniform(0.04, 0.3), 4)
        if strength < 0.2:
            results.append(flipped(name, seconds=seconds))
            continue
        wrong = {}
        for place, (check, *_rest) in enumerate(CHECKS):
            if rng.random() > strength + 0.5 - 0.05 * place:
                wrong[check] = (Verdict.FAILED, {"reason": f"A number differs at position {number}."})
        if 0.4 < strength < 0.5:
            wrong["test_shape"] = (Verdict.FAILED, SLIP)
        if strength > 0.8:
            wrong["test_pool_ties"] = (Verdict.FAILED, {"reason": "The second maximum got the gradient."})
        results.append(a_result(name, wrong, seconds=seconds))
    return [*results[:-4], *odd_ones(results[-4:])]


def odd_ones(results):
    """The last four: broken, unreadable, flagged, healed."""
    broken, unreadable, flagged, healed = results
    ours = tuple(
        replace(c, verdict=Verdict.BROKEN, earned=0.0, notes=("no bubblewrap",)) for c in broken.checks
    )
    why = "The file ends in the middle of a cell."
    cut = tuple(
        replace(c, verdict=Verdict.ERROR, earned=0.0, reason=why, case=None, mistake=None)
        for c in unreadable.checks
    )
    return [
        broken.with_checks(ours),
        Result(
            "conv_layer",
            unreadable.student,
            checks=cut,
            loaded="not",
            flags=("unreadable",),
            seconds=0.01,
            **totals(cut),
        ),
        replace(flagged, flags=("test_values was rerun with the reference after a TypeError in the test",)),
        replace(
            healed, healed=("The cell of conv2d_forward stands twice; the first that defines it was used.",)
        ),
    ]
