"""The tiny course of tests/prove."""

from tests.prove.conftest import tiny

__all__ = ["tiny"]
