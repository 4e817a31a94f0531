"""The small course of tests/little, released, and its warm judge with explanations."""

from tests.little_course import grade, here, judge, little, solved

__all__ = ["grade", "here", "judge", "little", "solved"]
