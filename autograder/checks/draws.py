"""Named inputs for checks, each of which makes a family of mistakes visible.

Sizes should differ from one another (N, C, F, H, W), gradients should be random, and
kinks and ties should be tested on purpose or not at all.
"""

from __future__ import annotations

from typing import Any

import numpy as np


class Draw:
    """Draws arrays from one generator; each call draws anew."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def normal(
        self, *shape: int, dtype: Any = np.float64, scale: float = 1.0, mean: float = 0.0
    ) -> np.ndarray:
        """Normal values of the given shape."""
        return (mean + scale * self._rng.standard_normal(shape)).astype(dtype)

    def uniform(
        self, *shape: int, low: float = 0.0, high: float = 1.0, dtype: Any = np.float64
    ) -> np.ndarray:
        """Uniform values in [low, high)."""
        return self._rng.uniform(low, high, shape).astype(dtype)

    def integers(self, low: int, high: int, *shape: int) -> np.ndarray:
        """Integers in [low, high)."""
        return self._rng.integers(low, high, shape)

    def images(self, N: int = 2, C: int = 3, H: int = 6, W: int = 7, dtype: Any = np.float64) -> np.ndarray:
        """A batch of images (N, C, H, W), higher than wide or wider than high unless asked otherwise."""
        return self.normal(N, C, H, W, dtype=dtype)

    def distinct(self, *shape: int, gap: float = 0.1) -> np.ndarray:
        """Pairwise distinct values with a gap well above a step of finite differences."""
        size = int(np.prod(shape))
        return gap * (self._rng.permutation(size) - size / 2).reshape(shape)

    def away_from_zero(self, *shape: int, gap: float = 0.1) -> np.ndarray:
        """Normal values whose size is at least ``gap``: no kink of relu is near."""
        x = self._rng.standard_normal(shape)
        return x + np.where(x < 0, -gap, gap)

    def labels(self, N: int, classes: int) -> np.ndarray:
        """N integer labels that leave out at least one class where N allows it."""
        return self._rng.integers(0, max(classes - 1, 1), N)

    def layouts(self, x: np.ndarray) -> list[tuple[str, np.ndarray]]:
        """The same values laid out in memory in other ways: (name, array) pairs."""
        strided = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
        strided[..., ::2] = x
        return [
            ("C order", np.ascontiguousarray(x)),
            ("Fortran order", np.asfortranarray(x)),
            ("strided view", strided[..., ::2]),
            ("transposed view", np.ascontiguousarray(x.swapaxes(0, -1)).swapaxes(0, -1)),
        ]

    def like(self, reply: Any) -> Any:
        """Normal values of the shape that a reply must have: an array, or a tensor of its dtype."""
        right = reply._twin
        shape = tuple(getattr(right, "shape", ()))
        if hasattr(type(right), "detach"):
            return self.tensor(*shape, dtype=right.dtype)
        return self.normal(*shape)

    def tensor(self, *shape: int, dtype: Any = None, scale: float = 1.0) -> Any:
        """A torch tensor of normal values; float64 unless asked otherwise."""
        import torch  # only units that use torch pay for importing it

        return torch.from_numpy(self.normal(*shape, scale=scale)).to(dtype or torch.float64)

    def generator(self) -> Any:
        """A torch generator with a seed of its own."""
        import torch

        return torch.Generator().manual_seed(int(self._rng.integers(2**31)))
