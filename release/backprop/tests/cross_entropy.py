"""Public checks of cross_entropy. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "cross_entropy"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


@test_case(name='"The example by hand, a batch, and large logits"')
def test_cross_entropy(cross_entropy):
    """The example by hand, a batch, and large logits."""
    _defined(cross_entropy=cross_entropy)
    answer = cross_entropy(np.array([[0.0, 0.0, np.log(2.0)]]), np.array([2]))
    assert isinstance(answer, tuple) and len(answer) == 2, "Return two things: loss and dlogits."
    loss, dlogits = answer
    assert np.ndim(loss) == 0, "The loss is one number."
    assert np.isclose(loss, np.log(2)), f"By hand the loss is log 2 = 0.6931, not {loss:.4f}."
    assert np.allclose(dlogits, [[0.25, 0.25, -0.5]]), f"By hand: 0.25 0.25 -0.5, not {dlogits}."
    logits, target = np.array([[0.0, 1.0, 3.0], [2.0, -1.0, 0.0]]), np.array([1, 0])
    single = [cross_entropy(logits[i : i + 1], target[i : i + 1]) for i in range(2)]
    loss, dlogits = cross_entropy(logits, target)
    assert np.isclose(loss, (single[0][0] + single[1][0]) / 2), "The loss of two samples is their mean."
    both = np.concatenate([single[0][1], single[1][1]]) / 2
    assert np.allclose(dlogits, both), "The loss is a mean over N samples, so the gradient has a factor 1/N."
    shifted = cross_entropy(logits + 1e4, target)
    assert np.isclose(shifted[0], loss), (
        f"10,000 more on all logits changes nothing; the loss is {shifted[0]}."
    )
    assert np.allclose(shifted[1], dlogits), "10,000 more on all logits changes nothing in dlogits."
    apart = cross_entropy(logits + np.array([[1e4], [-1e4]]), target)[0]
    assert np.isclose(apart, loss), f"Two samples with scores that are 20,000 apart; the loss is {apart}."
    rare = cross_entropy(np.array([[0.0, -1000.0]]), np.array([1]))[0]
    assert np.isclose(rare, 1000), f"A probability of exp(-1000) costs 1000, not {rare}."
    assert np.isclose(cross_entropy(logits, target.astype(np.uint8))[0], loss), "Labels may be uint8, too."
    assert np.allclose(logits, [[0, 1, 3], [2, -1, 0]]), "You have written into logits."
