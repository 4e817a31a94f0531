"""Words for PyTorch: gradients of what student code computes, and modules with weights of ours.

What they ask runs beside the student's code and on the mirror alike, so all of it is planned. The functions
under "beside the student's code" are sent there as text: they use nothing but their arguments and ``torch``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .compare import Difference
from .expectations import Obeys
from .structure import check_part, describe

if TYPE_CHECKING:
    import torch

OUTPUT = "the output"
GRADIENT = "the gradient with respect to "
ITSELF = -1  # where the function stands among its arguments


def gradients(
    function: Any, *args: Any, by: Any, cotangent: torch.Tensor | None = None, **kwargs: Any
) -> list[Any]:
    """``function(*args, **kwargs)``, which is a tensor, and gradients of it, to be judged with ``right``.

    Where no gradient flows back, the check fails with a sentence that says so.

    Args:
        function: a reply: a name of the notebook, or a module that student code made.
        args: its arguments.
        by: the tensor among ``args``, or the module there, or the function itself, whose gradients are asked
            for; or a list of these, with one module at most.
        cotangent: what arrives at the output, of its shape; ones where left out.
        kwargs: further arguments.

    Returns:
        The output as a reply, and for each of ``by`` its gradient. For a module that is a dict from shape to
        the gradient of the parameter of this shape; parameters that share a shape are left out, since which
        is which would hang on the order in which the module makes them.
    """
    several = list(by) if isinstance(by, (list, tuple)) else [by]
    places = [_position(each, function, args) for each in several]
    came = function._student.beside(_with_gradients, function, list(args), kwargs, places, cotangent)
    came._compared("gradients")
    right = came._twin
    if right.keys() == {OUTPUT}:
        raise TypeError(
            f"gradients({came._label}, ...): the reference returns nothing that gradients flow from"
        )
    came._expect(Obeys(came._place, _flows, (right, came._label), exact=True))
    own = [f"{GRADIENT}argument {place + 1}" for place in places]
    of_module = {tuple(value.shape): came[key] for key, value in right.items() if key not in (OUTPUT, *own)}
    return [came[OUTPUT], *(came[key] if key in right else of_module for key in own)]


def fill(model: Any, weights: Sequence[torch.Tensor] | Mapping[str, torch.Tensor]) -> None:
    """Give a module these weights; the check fails where it has no place for them.

    Args:
        model: a reply: a module that student code made.
        weights: weight, bias, weight, bias, ... of ``torch.nn.Linear`` layers, which are found by their
            shapes wherever the module keeps them; or parameters by their names.
    """
    if isinstance(weights, Mapping):
        found = model._student.beside(_fill_parameters, model, dict(weights))
        without = f"{model._label} has no parameter"
        words = [f"{name} of shape {tuple(value.shape)}" for name, value in weights.items()]
    else:
        found = model._student.beside(_fill_layers, model, list(weights))
        without = f"{model._label} has no torch.nn.Linear layer (with bias) whose weight has shape"
        words = [str(tuple(weight.shape)) for weight in weights[::2]]
    found._expect(Obeys(found._place, _all_there, (without, words), exact=True))


def parameters(model: Any) -> list[Any]:
    """The parameters of a module as replies: matrices before vectors, each kind by its shape."""
    came = model._student.beside(_parameters, model)
    came._expect(Obeys(came._place, _as_many, (len(came._twin), came._label), exact=True))
    return list(came)


def _position(each: Any, function: Any, args: tuple[Any, ...]) -> int:
    """Where it stands among the arguments."""
    if each is function:
        return ITSELF
    found = next((number for number, arg in enumerate(args) if arg is each), None)
    if found is None:
        raise TypeError(
            "gradients(function, *args, by=...): by is one of args, the function, or a list of them"
        )
    return found


# --- beside the student's code ---


def _with_gradients(
    function: Any, args: list[Any], kwargs: dict[str, Any], wanted: list[int], cotangent: Any
) -> dict[str, Any]:
    """The output and the gradients of <cotangent, output>, by name; the output alone where none can flow."""
    args = [
        a.clone().requires_grad_() if i in wanted and torch.is_tensor(a) else a for i, a in enumerate(args)
    ]
    output = function(*args, **kwargs)
    if not torch.is_tensor(output):
        return {"the output": output}
    found = {"the output": output.detach()}
    if not output.requires_grad or (cotangent is not None and cotangent.shape != output.shape):
        return found
    sources = {}
    for place in wanted:
        source = function if place < 0 else args[place]
        if torch.is_tensor(source):
            sources[f"argument {place + 1}"] = source
        else:
            shapes = [parameter.shape for parameter in source.parameters()]
            for parameter in source.parameters():
                if shapes.count(parameter.shape) == 1 and parameter.requires_grad:
                    sources[f"the parameter of shape {tuple(parameter.shape)}"] = parameter
    if not sources:
        return found
    total = output.sum() if cotangent is None else (cotangent * output).sum()
    gradients = torch.autograd.grad(total, list(sources.values()), allow_unused=True)
    for (name, source), gradient in zip(sources.items(), gradients, strict=True):
        found[f"the gradient with respect to {name}"] = (
            torch.zeros_like(source) if gradient is None else gradient
        )
    return found


def _fill_layers(model: Any, weights: list[Any]) -> list[bool]:
    """Give all Linear layers of a shape the weight and bias of that shape; which of them found a layer."""
    layers = list(model.modules())
    for value in vars(model).values():  # layers kept in a plain list count for the values, not for training
        layers += value if isinstance(value, list) else []
    layers = [layer for layer in layers if isinstance(layer, torch.nn.Linear) and layer.bias is not None]
    found = []
    for weight, bias in zip(weights[::2], weights[1::2], strict=True):
        fitting = [layer for layer in layers if layer.weight.shape == weight.shape]
        found.append(bool(fitting))
        for layer in fitting:  # one in a right model; a wrong decoder may have layers like the encoder's
            layer.to(weight.dtype)
            with torch.no_grad():
                layer.weight.copy_(weight)
                layer.bias.copy_(bias)
    return found


def _fill_parameters(model: Any, weights: dict[str, Any]) -> list[bool]:
    """Give the parameters of these names these values; which of them are there, in that shape."""
    found = []
    for name, value in weights.items():
        model.to(value.dtype)
        known = dict(model.named_parameters())
        fitting = [known[name]] if name in known and known[name].shape == value.shape else []
        found.append(bool(fitting))
        with torch.no_grad():
            for parameter in fitting:
                parameter.copy_(value)
    return found


def _parameters(model: Any) -> list[Any]:
    """The values of the parameters, in an order that does not hang on the order in which they were made."""
    values = [parameter.detach().clone() for parameter in model.parameters()]
    return sorted(values, key=lambda value: (-value.ndim, tuple(value.shape)))


# --- in the judge ---


def _flows(came: Any, right: dict[str, Any], label: str) -> None:
    """A tensor of the right shape came, from which gradients flow to all that the reference's tensor has."""
    output = came.get(OUTPUT) if isinstance(came, dict) else None
    if not hasattr(type(output), "detach"):
        what = f"a {type(output).__name__}" if isinstance(output, (int, float)) else describe(output)
        raise Difference(f"{label} returned {what}; expected a tensor, so that gradients can flow.")
    check_part(output, right[OUTPUT], label, " returned ")
    if came.keys() == {OUTPUT}:
        raise Difference(
            f"{label} returned a tensor from which no gradient flows back. Is there a .detach(), .item() or "
            "torch.no_grad() on the way?"
        )
    for name in right:
        if name not in came:
            raise Difference(f"{label}: no gradient reached {name.removeprefix(GRADIENT)}.")


def _all_there(found: list[bool], without: str, words: list[str]) -> None:
    missing = [word for word, there in zip(words, found, strict=True) if there is not True]
    if missing:
        raise Difference(f"{without} {', '.join(missing)}.")


def _as_many(came: list[Any], count: int, label: str) -> None:
    if len(came) != count:
        raise Difference(f"{label} has {len(came)} parameters; expected {count}.")
