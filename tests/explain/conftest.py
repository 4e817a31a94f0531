"""The tiny course of tests/prove, whose mistakes are explained here."""

from tests.prove.conftest import tiny

__all__ = ["tiny"]
