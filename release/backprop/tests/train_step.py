"""Public checks of train_step. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "train_step"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


@test_case(name='"One step of a model with one weight for each class"')
def test_train_step(train_step):
    """One step of a model with one weight for each class."""
    _defined(train_step=train_step)

    class Scores:
        def __init__(self):
            self.weight = np.zeros(2)

        def forward(self, x):
            self.x = x
            return x * self.weight

        def backward(self, dlogits):
            self.grad = (dlogits * self.x).sum(axis=0)

        def params(self):
            return [self.weight]

        def grads(self):
            return [self.grad]

    model = Scores()
    loss = train_step(model, np.ones((1, 2)), np.array([0]), 0.5)
    assert np.isclose(loss, np.log(2)), f"The loss before the step is log 2 = 0.6931, not {loss:.4f}."
    assert not np.allclose(model.weight, 0), (
        "The parameters have not changed: write into the arrays of params()."
    )
    assert np.allclose(model.weight, [0.25, -0.25]), (
        f"0 - 0.5 · (-0.5, 0.5) = (0.25, -0.25), not {model.weight}."
    )
