"""Public checks of train_autoencoder. The hidden checks decide the mark; these say early what goes wrong."""

import torch
from torch import nn
from otter.test_files import test_case

OK_FORMAT = False
name = "train_autoencoder"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


def same(actual, expected, message, tolerance=1e-4):
    """Fail with the message unless both are tensors of one shape with nearly equal values."""
    expected = torch.as_tensor(expected, dtype=torch.float64)
    assert isinstance(actual, torch.Tensor), f"Expected a tensor, got {type(actual).__name__}."
    assert actual.shape == expected.shape, f"Shape {tuple(actual.shape)}; expected {tuple(expected.shape)}."
    assert torch.allclose(actual.detach().double(), expected, rtol=tolerance, atol=tolerance), message


@test_case(name='"Two steps of Adam by hand, and what a step sees"')
def test_train_autoencoder(train_autoencoder):
    """Two steps of Adam by hand, and what a step sees."""
    _defined(train_autoencoder=train_autoencoder)
    mse = nn.functional.mse_loss

    def one_weight():
        model = nn.Linear(1, 1, bias=False)
        model.weight.data.fill_(3.0)
        return model

    model, one = one_weight(), torch.ones(1, 1)
    losses = train_autoencoder(model, one, torch.zeros(2, 1, dtype=torch.int64), mse, lr=0.5)
    assert isinstance(losses, list) and len(losses) == 2, (
        "Return a list with one float for each row of `rows`."
    )
    same(torch.tensor(losses), [4.0, 2.25], "Adam's first step has length lr: 3 -> 2.5, losses 4 and 2.25.")
    model = one_weight()
    losses = train_autoencoder(model, one, torch.zeros(6, 1, dtype=torch.int64), mse, lr=0.5)
    message = "After six steps the weight is not where Adam takes it: which gradients does each step use?"
    same(model.weight, [[0.42500]], message)
    two = nn.Sequential(nn.Linear(2, 1), nn.Linear(1, 2))
    before = [parameter.detach().clone() for parameter in two.parameters()]
    train_autoencoder(two, torch.randn(3, 2), torch.arange(3).repeat(3, 1), mse, lr=0.1)
    moved = [not torch.equal(a, b) for a, b in zip(before, two.parameters(), strict=True)]
    assert all(moved), f"Which of weight, bias, weight, bias moved in training: {moved}."
    losses = train_autoencoder(
        one_weight(),
        one,
        torch.zeros(1, 1, dtype=torch.int64),
        mse,
        lr=0.5,
        corruption=lambda batch: 2 * batch,
    )
    same(
        torch.tensor(losses),
        [25.0],
        "Weight 3, corrupted sample 2, clean target 1: the loss is (6 - 1)^2 = 25.",
    )
