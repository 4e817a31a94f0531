"""The small course of tests/batch."""

from tests.batch.conftest import folder, made, root

__all__ = ["folder", "made", "root"]
