"""In the judge no attribute is ever looked up at a student's word."""

import pytest

from autograder.inside.wire import Unpacker, WireError


@pytest.mark.parametrize(
    "owner",
    [1, {"h": [1, "object"]}, {"A": [{"h": [1, "object"]}, "__eq__"]}, {"a": [0, "int8", [0], None, 1]}],
)
def test_attributes_are_refused_in_the_judge(owner):
    """From any function a chain of attributes leads to its builtins, and to eval."""
    with pytest.raises(WireError, match="a method"):
        Unpacker([memoryview(b"")]).unpack({"A": [owner, "__class__"]})
