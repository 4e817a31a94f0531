"""Gradients, weights and parameters of what student code makes with PyTorch."""

import numpy as np
import pytest

from autograder.checks import Difference, fill, gradients, parameters, right
from autograder.checks.structure import ReplyMismatch
from autograder.student import Student
from tests.student.subjects import here

torch = pytest.importorskip("torch")

RIGHT = """
import torch
from torch import nn

def loss(x_hat, x, power=2): return ((x_hat - x) ** power).mean()

def square(x): return x**2

class Net(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        layers = [nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:], strict=True)]
        self.layers = nn.Sequential(*layers)
    def forward(self, x): return self.layers(x)

class Scaled(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.offset = nn.Parameter(torch.zeros(n))
        self.weight = nn.Parameter(torch.ones(n, n + 1))
    def forward(self, x): return x @ self.weight.T + self.offset

def penalty(net, x): return sum((p**2).sum() for p in net.parameters()) * x.sum()
"""
NAMES = ("loss", "square", "Net", "Scaled", "penalty")


def asked(old: str = "", new: str = "", subject: bool = True) -> Student:
    """A student whose code is the right one but for one change."""
    assert old in RIGHT
    source = RIGHT.replace(old, new) if old else RIGHT
    return here(source, RIGHT, subject, task="loss", task_of=dict.fromkeys(NAMES, "loss"))


def tensor(*shape: int, seed: int = 0):
    return torch.from_numpy(np.random.default_rng([seed, *shape]).normal(size=shape))


# --- gradients ---


def test_value_and_gradient():
    """The output and its derivative, each a reply of its own; the formula is written here by hand."""
    student, x_hat, x = asked(), tensor(3, 4), tensor(3, 4, seed=1)
    value, by_x_hat = gradients(student.loss, x_hat, x, by=x_hat)
    torch.testing.assert_close(value.value, ((x_hat - x) ** 2).sum() / 12)
    torch.testing.assert_close(by_x_hat.value, 2 * (x_hat - x) / 12)
    assert not x_hat.requires_grad, "the check's own tensor stays as it was"
    student.end()


def test_gradients_by_several_in_that_order():
    """And options reach the function."""
    student, x_hat, x = asked(), tensor(3, 4), tensor(3, 4, seed=1)
    _, by_x, by_x_hat = gradients(student.loss, x_hat, x, by=[x, x_hat], power=3)
    torch.testing.assert_close(by_x_hat.value, 3 * (x_hat - x) ** 2 / 12)
    torch.testing.assert_close(by_x.value, -3 * (x_hat - x) ** 2 / 12)


def test_what_arrives_at_the_output_is_a_cotangent():
    """Ones where it is left out."""
    student, x, c = asked(), tensor(2, 3), tensor(2, 3, seed=1)
    _, by_x = gradients(student.square, x, by=x, cotangent=c)
    torch.testing.assert_close(by_x.value, 2 * c * x)
    _, by_x = gradients(student.square, x, by=x)
    torch.testing.assert_close(by_x.value, 2 * x)


def test_gradients_of_a_module_by_shape():
    """Parameters that share a shape are left out: which is which would hang on their order."""
    student, x, c = asked(), tensor(5, 4), tensor(5, 3, seed=1)
    net = student.Net([4, 3, 3])
    weights = [tensor(3, 4), tensor(3), tensor(3, 3), tensor(3, seed=1)]
    fill(net, weights)
    _, by_net = gradients(net, x, by=net, cotangent=c)
    assert set(by_net) == {(3, 4), (3, 3)}
    torch.testing.assert_close(by_net[3, 4].value, (c @ weights[2]).T @ x)
    torch.testing.assert_close(by_net[3, 3].value, c.T @ (x @ weights[0].T + weights[1]))
    student.end()


def test_gradients_of_a_function_by_a_module_that_it_is_given():
    """As of a penalty by the critic that it judges."""
    student, x = asked(), tensor(2)
    net = student.Net([4, 2])
    weight, bias = tensor(2, 4), tensor(2)
    fill(net, [weight, bias])
    _, by_x, by_net = gradients(student.penalty, net, x, by=[x, net])
    torch.testing.assert_close(by_net[2, 4].value, 2 * weight * x.sum())
    torch.testing.assert_close(by_net[2,].value, 2 * bias * x.sum())
    torch.testing.assert_close(by_x.value, torch.full_like(x, float((weight**2).sum() + (bias**2).sum())))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("((x_hat - x) ** power).mean().item()", "loss returned a float; expected a tensor, so that"),
        ("None", "loss returned None; expected a tensor"),
        ("((x_hat - x) ** power).mean().detach()", "loss returned a tensor from which no gradient flows"),
        ("((x_hat.detach() - x) ** power).mean()", "loss returned a tensor from which no gradient flows"),
        ("((x_hat - x) ** power).mean(0)", r"loss returned the wrong shape: expected \(\), got "),
        ("((x_hat - x) ** power).sum()", "The loss is wrong"),
        ("((x_hat - x) * (x_hat - x).detach()).mean()", "The gradient differs in 12 of 12"),
        ("((x_hat.detach() - x) ** power).mean() + 0 * x_hat.sum()", "The gradient differs in 12 of 12"),
        ("1 / 0", "loss raised ZeroDivisionError"),
    ],
)
def test_what_is_wrong_with_a_gradient_is_told(body, says):
    """No tensor, no way back, another shape, another value, another derivative."""
    student = asked("((x_hat - x) ** power).mean()", body)
    x_hat = tensor(3, 4)
    value, by_x_hat = gradients(student.loss, x_hat, tensor(3, 4, seed=1), by=x_hat)
    right(value, "The loss")
    right(by_x_hat, "The gradient")
    with pytest.raises(Exception, match=says):
        student.end()


def test_a_parameter_that_the_module_does_not_know_is_told():
    """A plain list of layers hides them from an optimizer, though the output is right."""
    hidden = "self.layers = layers; self.scale = nn.Parameter(torch.ones(1))"
    source = RIGHT.replace("self.layers = nn.Sequential(*layers)", hidden)
    source = source.replace("self.layers(x)", "self.scale * self.layers[0](x)")
    student = here(source, RIGHT, task="loss", task_of=dict.fromkeys(NAMES, "loss"))
    net, x, weights = student.Net([4, 3]), tensor(5, 4), [tensor(3, 4), tensor(3)]
    fill(net, weights)
    torch.testing.assert_close(net(x).value, x @ weights[0].T + weights[1])
    _, by_net = gradients(net, x, by=net)
    right(by_net[3, 4], "The gradient")
    with pytest.raises(Difference, match=r"Net: no gradient reached the parameter of shape \(3, 4\)"):
        student.end()


def test_gradients_are_planned():
    """They are computed beside the student's code and on the mirror; nothing is looked at."""
    student, x_hat = asked(subject=False), tensor(3, 4)
    value, by_x_hat = gradients(student.loss, x_hat, tensor(3, 4, seed=1), by=x_hat)
    right(value)
    right(by_x_hat)
    net = student.Net([4, 3])
    fill(net, [tensor(3, 4), tensor(3)])
    assert [tuple(reply._twin.shape) for reply in parameters(net)] == [(3, 4), (3,)]
    student.end()


def test_what_an_author_does_wrong_is_told():
    """A tensor that is no argument, and a function of the reference's that has no gradient."""
    student, x = asked(), tensor(3)
    with pytest.raises(TypeError, match="by is one of args, the function, or a list of them"):
        gradients(student.square, x, by=tensor(3))
    flat = "def count(x): return torch.tensor(3.0)\nimport torch\n"
    with pytest.raises(TypeError, match="the reference returns nothing that gradients flow from"):
        gradients(here(flat).count, x, by=x)
    with pytest.raises(TypeError, match="the reference raised ZeroDivisionError"):
        gradients(here("def fails(x): return 1 / 0\n").fails, x, by=x)


# --- weights ---


def test_layers_get_weights_by_their_shapes():
    """Wherever a module keeps them, a plain list included."""
    weights, x = [tensor(3, 4), tensor(3), tensor(2, 3), tensor(2)], tensor(5, 4)
    expected = (x @ weights[0].T + weights[1]) @ weights[2].T + weights[3]
    student = asked()
    net = student.Net([4, 3, 2])
    fill(net, weights)
    torch.testing.assert_close(net(x).value, expected)
    kept = here(
        RIGHT.replace("nn.Sequential(*layers)", "layers").replace(
            "self.layers(x)", "self.layers[1](self.layers[0](x))"
        ),
        RIGHT,
    )
    net = kept.Net([4, 3, 2])
    fill(net, weights)
    torch.testing.assert_close(net(x).value, expected)


def test_parameters_get_values_by_their_names():
    """And the others stay as they are."""
    student, weight, x = asked(), tensor(2, 3), tensor(4, 3)
    scaled = student.Scaled(2)
    fill(scaled, {"weight": weight})
    torch.testing.assert_close(scaled(x).value, x @ weight.T)
    student.end()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("nn.Linear(a, b)", "nn.Linear(a, b, bias=False)", r"Net has no torch.nn.Linear layer \(with bias\)"),
        ("nn.Linear(a, b)", "nn.Linear(a, b + 1)", r"has shape \(3, 4\), \(2, 3\)\."),
        ("zip(sizes[:-1], sizes[1:], strict=True)", "zip(sizes, sizes[1:-1])", r"has shape \(2, 3\)\."),
        ("nn.Parameter(torch.ones(n, n + 1))", "torch.ones(n, n + 1)", r"Scaled has no parameter weight of"),
        ("torch.zeros(n)", "torch.zeros(n + 1)", r"Scaled has no parameter offset of shape \(2,\)"),
    ],
)
def test_what_has_no_place_is_told(old, new, says):
    """The shapes are those of the check; of what the module has instead nothing is said."""
    student = asked(old, new)
    fill(student.Net([4, 3, 2]), [tensor(3, 4), tensor(3), tensor(2, 3), tensor(2)])
    fill(student.Scaled(2), {"weight": tensor(2, 3), "offset": tensor(2)})
    with pytest.raises(Difference, match=says):
        student.end()


# --- parameters ---


def test_parameters_come_in_an_order_of_their_own():
    """Whichever a module makes first."""
    offset, weight = (
        "self.offset = nn.Parameter(torch.zeros(n))",
        "self.weight = nn.Parameter(torch.ones(n, n + 1))",
    )
    student = asked(f"{offset}\n        {weight}", f"{weight}\n        {offset}")
    matrix, offset = parameters(student.Scaled(2))
    right(matrix, "The matrix")
    right(offset, "The offset")
    student.end()
    torch.testing.assert_close(matrix.value, torch.ones(2, 3))


def test_parameters_are_values_of_that_moment():
    """What changes later does not change what was read."""
    student = asked()
    scaled = student.Scaled(2)
    before = parameters(scaled)
    fill(scaled, {"weight": tensor(2, 3)})
    after = parameters(scaled)
    torch.testing.assert_close(before[0].value, torch.ones(2, 3))
    torch.testing.assert_close(after[0].value, tensor(2, 3).to(after[0].value.dtype))


def test_wrong_parameters_are_told():
    """Their number, their shapes, their values."""
    student = asked("self.weight = ", "self.other = nn.Parameter(torch.zeros(1))\n        self.weight = ")
    parameters(student.Scaled(2))
    with pytest.raises(Difference, match="Scaled has 3 parameters; expected 2"):
        student.end()
    student = asked("torch.ones(n, n + 1)", "torch.ones(n, n + 2)")
    right(parameters(student.Scaled(2))[0], "The matrix")
    with pytest.raises(ReplyMismatch, match=r"The matrix has the wrong shape: expected \(2, 3\)"):
        student.end()
    student = asked("torch.ones(n, n + 1)", "torch.zeros(n, n + 1)")
    right(parameters(student.Scaled(2))[0], "The matrix")
    with pytest.raises(Difference, match="The matrix differs in 6 of 6"):
        student.end()
