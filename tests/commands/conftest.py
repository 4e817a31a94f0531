"""The small course of tests/batch, for commands in processes of their own."""

from tests.batch.conftest import folder, made, root

__all__ = ["folder", "made", "root"]
