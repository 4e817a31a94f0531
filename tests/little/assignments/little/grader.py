"""Hidden checks of little: planned ones but for the last, which looks at values."""

import numpy as np
import pytest

from autograder.checks import assert_adjoint, close, dtype, raises, right, unchanged


@pytest.mark.task("windows", points=5)
@pytest.mark.parametrize(("size", "kernel", "stride"), [(9, 4, 1), (11, 3, 2), (17, 5, 4)])
def test_windows(student, size, kernel, stride):
    """Whole windows are counted."""
    right(student.windows(size, kernel, stride=stride), "The number of windows")


@pytest.mark.task("windows", points=5, law=True)
def test_windows_none(student):
    """Where no window fits there are none."""
    right(student.windows(3, 5), "The number of windows")


@pytest.mark.task("windows", points=5, law=True)
def test_windows_refuses(student):
    """A stride below 1 is refused."""
    raises(ValueError, student.windows(5, 2, 0), student.windows(5, 2, stride=-1))


@pytest.mark.task("dense_forward", points=15)
def test_forward(student, draw):
    """out = x w + b."""
    out, _ = student.dense_forward(draw.normal(3, 5), draw.normal(5, 4), draw.normal(4))
    right(out, "out")


@pytest.mark.task("dense_forward", points=5)
def test_forward_without_bias(student, draw):
    """b may be left out."""
    out, _ = student.dense_forward(draw.normal(4, 3), draw.normal(3, 2))
    right(out, "out")


@pytest.mark.task("dense_forward", points=5, law=True)
def test_forward_dtype(student, draw):
    """float32 stays float32."""
    x, w = draw.normal(2, 3, dtype=np.float32), draw.normal(3, 2, dtype=np.float32)
    out, _ = student.dense_forward(x, w)
    dtype(out, np.float32, "out")


@pytest.mark.task("dense_forward", points=5, law=True)
def test_forward_refuses(student, draw):
    """Shapes that do not fit are refused."""
    raises(ValueError, student.dense_forward(draw.normal(2, 3), draw.normal(2, 3)))


@pytest.mark.task("dense_backward", points=15)
@pytest.mark.parametrize("names", ["dx dw", "db"])
def test_backward(student, draw, names):
    """Gradients of the inputs, and of the bias."""
    out, cache = student.dense_forward(draw.normal(3, 5), draw.normal(5, 4), draw.normal(4))
    grads = dict(zip(("dx", "dw", "db"), student.dense_backward(draw.like(out), cache), strict=True))
    for name in names.split():
        right(grads[name], name)


@pytest.mark.task("dense_backward", points=5, law=True)
def test_backward_leaves_alone(student, draw):
    """Nobody writes into the arrays that were given."""
    arrays = [draw.normal(3, 5), draw.normal(5, 4), draw.normal(3, 4)]
    x, w, dout = student.share(arrays)
    _, cache = student.dense_forward(x, w)
    student.dense_backward(dout, cache)
    unchanged(student, arrays, "x w dout")


@pytest.mark.task("dense_class", points=10, on=("dense_forward", "dense_backward"))
def test_layer(student, draw):
    """A layer gives its scores and keeps its gradients."""
    layer = student.Dense(draw.normal(4, 3), draw.normal(3))
    out = layer.forward(draw.normal(5, 4))
    right(out, "out")
    right(layer.backward(draw.like(out)), "dx")
    right(layer.w_grad, "w_grad")
    right(layer.b_grad, "b_grad")


@pytest.mark.task("sgd", points=10)
@pytest.mark.parametrize("momentum", [0.0, 0.7])
def test_sgd(student, draw, momentum):
    """Parameters move in place, with what is left of the last step."""
    params = [draw.normal(3, 2), draw.normal(2)]
    optimizer = student.SGD(student.share(params), lr=0.2, momentum=momentum)
    for step in range(1, 4):
        optimizer.step([draw.normal(3, 2), draw.normal(2)])
        right(student.now(params), f"After step {step}, params")


@pytest.mark.task("sgd", points=5)
def test_sgd_rate(student, draw):
    """lr can be changed between steps."""
    params = [draw.normal(4)]
    optimizer = student.SGD(student.share(params), lr=0.5)
    optimizer.lr = 0.25
    optimizer.step([draw.normal(4)])
    right(student.now(params), "params")


@pytest.mark.task("sgd", points=5, law=True)
def test_sgd_twice(student, draw):
    """Two optimizers do not share what they remember."""
    params, grad = draw.normal(4), draw.normal(4)
    first, second = [params.copy()], [params.copy()]
    for optimizer in (
        student.SGD(student.share(first), lr=0.5, momentum=0.9),
        student.SGD(student.share(second), lr=0.5, momentum=0.9),
    ):
        optimizer.step([grad])
    close(student.now(first)[0], student.now(second)[0], "The second optimizer's params")


@pytest.mark.task("dense_backward", points=5, law=True)
def test_backward_adjoint(student, draw):
    """dx is the transpose of the layer at work: this check looks at values."""
    x, along, w, dout = draw.normal(2, 3), draw.normal(2, 3), draw.normal(3, 4), draw.normal(2, 4)
    _, cache = student.dense_forward(x, w)
    dx = np.asarray(student.dense_backward(dout, cache)[0].value)
    moved = np.asarray(student.dense_forward(along, w)[0].value)
    assert_adjoint(np.sum(dx * along), np.sum(moved * dout), law="<dx, along> = <dout, out of along>")
