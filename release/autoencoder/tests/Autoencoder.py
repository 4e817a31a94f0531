"""Public checks of Autoencoder. The hidden checks decide the mark; these say early what goes wrong."""

import torch
from torch import nn
from otter.test_files import test_case

OK_FORMAT = False
name = "Autoencoder"
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


@test_case(name='"The network of section 2, its shapes, and its parameters"')
def test_Autoencoder(Autoencoder):
    """The network of section 2, its shapes, and its parameters."""
    _defined(Autoencoder=Autoencoder)
    model = Autoencoder([7, 5, 2])
    x = torch.randn(4, 7)
    assert model.encode(x).shape == (4, 2), "encode: 7 numbers must become a code of 2."
    assert model.decode(model.encode(x)).shape == (4, 7), "decode: a code of 2 must become 7 numbers again."
    assert len(list(model.parameters())) == 8, (
        "Four layers have four weights and four biases; the module knows "
        f"{len(list(model.parameters()))} parameters. Are all layers registered?"
    )
    hand = Autoencoder([3, 1], "identity")
    linear = [layer for layer in hand.modules() if isinstance(layer, nn.Linear)]
    assert len(linear) == 2, f"Sizes [3, 1] make two torch.nn.Linear layers; found {len(linear)}."
    with torch.no_grad():
        for layer in linear:
            layer.bias.zero_()
            layer.weight.copy_(
                torch.tensor([[0.5, 0.5, 0.0]] if layer.in_features == 3 else [[1.0], [1.0], [0.0]])
            )
    sample = torch.tensor([[2.0, 4.0, 3.0]])
    same(hand.encode(sample), [[3.0]], "The code of (2, 4, 3) is 3 with the weights of section 2.")
    same(hand(sample), [[3.0, 3.0, 0.0]], "The reconstruction of (2, 4, 3) is (3, 3, 0): see section 2.")
    code = Autoencoder([7, 40])
    assert (code.encode(torch.randn(50, 7)) < 0).any(), (
        "No code is ever negative: what follows the last layer?"
    )
