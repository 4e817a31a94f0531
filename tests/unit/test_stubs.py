"""Reference definitions become stubs."""

import ast

import pytest

from autograder.base.errors import ConfigError
from autograder.notebook.stubs_left import only_raises
from autograder.unit.stubs import Reference, given, stub

SOURCE = '''
import functools
import numpy as np

EPS: float = 1e-5


@functools.cache
def scale(
    x: np.ndarray,  # (N, D)
    eps: float = EPS,
) -> np.ndarray:
    """Scale x.

    Example:
        >>> scale(2)
        1
    """
    # the secret comment
    return x / eps


class Layer:
    """A layer."""

    size: int = 3
    __radd__ = None

    def __init__(self, size):
        # the secret comment
        self.size = size

    @property
    def shape(self):
        """Its shape."""
        return (self.size,)

    def _secret(self):
        """Not shown."""

    def given(self):  # given
        """Kept."""
        return 42


class Marker:
    """Nothing but a name."""


def bare(x):
    return x


def tight(x): return x
'''


@pytest.fixture
def reference():
    return Reference.parse(SOURCE, "solutions/layer.py")


def test_a_function_keeps_what_a_caller_sees(reference):
    """Decorator, signature with its comments and hints, and docstring stay to the letter; the body goes."""
    text = stub(reference, "scale")
    head = SOURCE[SOURCE.index("@functools") : SOURCE.index("    # the secret comment")]
    assert text == head + '    raise NotImplementedError("scale is not written yet")'


def test_a_class_keeps_fields_and_public_methods(reference):
    """Each public method is a stub, a private one is not there, one marked as given keeps its body."""
    tree = ast.parse(stub(reference, "Layer")).body[0]
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert names == ["__init__", "shape", "given"]
    stubs = {node.name: only_raises(node) for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert stubs == {"__init__": True, "shape": True, "given": False}
    assert "size: int = 3" in ast.unparse(tree)
    assert "secret" not in stub(reference, "Layer")


def test_a_class_without_methods_is_still_valid(reference):
    """Even an empty class gives a stub that says that it is one when it is executed."""
    with pytest.raises(NotImplementedError, match="Marker is not written yet"):
        exec(stub(reference, "Marker"), {})


def test_a_stub_says_which_function_is_missing(reference):
    """Calling a stub names it."""
    import functools

    import numpy as np

    scope = {"functools": functools, "np": np, "EPS": 1.0}
    exec(stub(reference, "scale"), scope)
    with pytest.raises(NotImplementedError, match="scale is not written yet"):
        scope["scale"](1)


@pytest.mark.parametrize(
    ("name", "said"), [("bare", "no docstring"), ("tight", "lines of its own"), ("gone", "no function")]
)
def test_what_cannot_be_released_is_refused(reference, name, said):
    """A released name needs a docstring and must exist; the file is named."""
    with pytest.raises(ConfigError, match=rf"solutions/layer\.py.*{said}"):
        stub(reference, name)


def test_a_constant_can_be_given(reference):
    """Given names are released as they stand, constants too."""
    assert given(reference, "EPS") == "EPS: float = 1e-5"
    assert given(reference, "bare") == "def bare(x):\n    return x"
