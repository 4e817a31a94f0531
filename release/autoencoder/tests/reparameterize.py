"""Public checks of reparameterize. The hidden checks decide the mark; these say early what goes wrong."""

import math
import torch
from otter.test_files import test_case

OK_FORMAT = False
name = "reparameterize"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


@test_case(name='"Draws with mean 2 and standard deviation 3, through which gradients flow"')
def test_reparameterize(reparameterize):
    """Draws with mean 2 and standard deviation 3, through which gradients flow."""
    _defined(reparameterize=reparameterize)
    g = torch.Generator().manual_seed(2)
    mu = torch.full((4000, 1), 2.0, requires_grad=True)
    logvar = torch.full((4000, 1), math.log(9.0), requires_grad=True)
    z = reparameterize(mu, logvar, g)
    assert z.shape == mu.shape, f"Shape {tuple(z.shape)}; expected that of mu, {tuple(mu.shape)}."
    mean, spread = float(z.detach().mean()), float(z.detach().std())
    assert abs(mean - 2) < 0.4, f"The mean of the draws is {mean:.2f}; expected about 2."
    assert abs(spread - 3) < 0.4, f"The standard deviation of the draws is {spread:.2f}; expected about 3."
    assert z.requires_grad, "No gradient can reach mu and logvar."
