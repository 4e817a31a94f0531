"""A device that is not there is the CPU, and a loader of torch works by itself.

Code that runs on a student's GPU server names a device: ``model.cuda()``, ``x.to("mps")``,
``torch.zeros(3, device="cuda")``, ``torch.Generator(device="cuda")``. Here there is none, and the same
code runs on the CPU. torch keeps saying that it has no CUDA, so that code which asks is told the truth.

As there, what is moved is a copy, which code may change in place. Once something was moved, bringing it back
is a copy, too. Only what takes a device is wrapped, so that computing costs nothing more.
"""

from __future__ import annotations

import functools
import inspect
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

MISSING = frozenset("cuda hip hpu ipu mps npu vulkan xla xpu".split())
_LIKE = "empty_like full_like ones_like rand_like randint_like randn_like zeros_like".split()
_NEW = "new_empty new_full new_ones new_tensor new_zeros new_empty_strided".split()
_TYPES = "Float Double Half BFloat16 Long Int Short Char Byte Bool".split()
_NO_RESULT = (
    "synchronize set_device reset_peak_memory_stats ipc_collect empty_cache set_per_process_memory_fraction"
)
Function = Callable[..., Any]


def replace_devices(torch: Any) -> None:
    """Wrap what of torch takes a device, moves to one, or starts workers or threads."""
    context = sys.modules["torch.utils._device"]
    makers = context._device_constructors()
    for name in [
        *_LIKE,
        *(name for name in dir(torch) if any(getattr(torch, name) is each for each in makers)),
    ]:
        setattr(torch, name, _made_here(getattr(torch, name)))
    for name in _NEW:
        setattr(torch.Tensor, name, _made_here(getattr(torch.Tensor, name)))
    _replace_moves(torch)
    torch.Generator = _generator(torch.Generator)
    torch.load = _loaded_here(torch.load)
    torch.set_default_device = _first_here(torch.set_default_device)
    kind = context.DeviceContext
    kind.__init__ = lambda self, device, init=kind.__init__: init(
        self, "cpu" if is_missing(device) else device
    )
    torch.utils.data.DataLoader.__init__ = _without_workers(torch.utils.data.DataLoader.__init__)
    torch.compile = _compile
    torch.nn.Module.compile = _nothing
    torch.set_num_threads = torch.set_num_interop_threads = _nothing
    _replace_cuda(torch)


def is_missing(device: Any) -> bool:
    """Whether it names a device that is not there; a number is one of CUDA's."""
    if isinstance(device, bool):
        return False
    kind = (
        device if isinstance(device, (str, int)) else device.type if type(device).__name__ == "device" else ""
    )
    return isinstance(kind, int) or kind.partition(":")[0] in MISSING


def _made_here(function: Function) -> Function:
    """What makes a tensor, on the CPU."""

    @functools.wraps(function)
    def made(*args: Any, **kwargs: Any) -> Any:
        if "device" in kwargs and is_missing(kwargs["device"]):
            kwargs["device"] = "cpu"
        if kwargs.get("pin_memory"):
            kwargs["pin_memory"] = False
        return function(*args, **kwargs)

    return made


def _first_here(function: Function) -> Function:
    """What takes a device first."""

    @functools.wraps(function)
    def here(device: Any, *args: Any, **kwargs: Any) -> Any:
        return function("cpu" if is_missing(device) else device, *args, **kwargs)

    return here


# --- moves ---


def _replace_moves(torch: Any) -> None:
    moved: list[str] = []  # not empty once anything was moved to a device that is not there
    to, back, kind = torch.Tensor.to, torch.Tensor.cpu, torch.Tensor.type

    def copied(self: Any, *args: Any, **kwargs: Any) -> Any:
        moved[:] = ["moved"]
        return self.clone()

    @functools.wraps(to)
    def moved_to(self: Any, *args: Any, **kwargs: Any) -> Any:
        device, args, kwargs = _target(args, kwargs)
        if device is None:
            return to(self, *args, **kwargs)
        if is_missing(device):
            moved[:] = ["moved"]
        result = to(self, *args, **kwargs)
        return result.clone() if result is self and moved else result

    def brought_back(self: Any, *args: Any, **kwargs: Any) -> Any:
        return self.clone() if moved else back(self, *args, **kwargs)

    def as_type(self: Any, dtype: Any = None, *args: Any, **kwargs: Any) -> Any:
        return kind(self, _type_here(dtype), *args, **kwargs)

    torch.Tensor.cuda = torch.Tensor.xpu = copied
    torch.Tensor.to, torch.Tensor.cpu, torch.Tensor.type = moved_to, brought_back, as_type
    torch.Tensor.pin_memory = lambda self, *args, **kwargs: self
    module_to = torch.nn.Module.to
    torch.nn.Module.to = lambda self, *args, **kwargs: _module_to(module_to, self, args, kwargs)


def _target(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """The device that ``to`` was asked for, if any, and the arguments with one that is there."""
    device = kwargs.get("device", args[0] if args else None)
    if not isinstance(device, (str, int)) and type(device).__name__ != "device":
        return None, args, kwargs
    if is_missing(device):
        if "device" in kwargs:
            kwargs = {**kwargs, "device": "cpu"}
        else:
            args = ("cpu", *args[1:])
    return device, args, kwargs


def _module_to(function: Function, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A module is moved in place."""
    _, args, kwargs = _target(args, kwargs)
    return function(module, *args, **kwargs)


def _type_here(dtype: Any) -> Any:
    return dtype.replace("torch.cuda.", "torch.") if isinstance(dtype, str) else dtype


# --- what is made of a device ---


def _generator(real: Any) -> Any:
    """``torch.Generator``, which makes real ones of the CPU."""

    class MadeHere(type):
        def __call__(cls, device: Any = "cpu") -> Any:
            return real("cpu" if is_missing(device) else device)

        def __instancecheck__(cls, value: Any) -> bool:
            return isinstance(value, real)

        def __subclasscheck__(cls, kind: type) -> bool:
            return issubclass(kind, real)

    return MadeHere("Generator", (), {"__doc__": real.__doc__, "__module__": "torch"})


def _loaded_here(function: Function) -> Function:
    @functools.wraps(function)
    def load(f: Any, map_location: Any = None, *args: Any, **kwargs: Any) -> Any:
        here = map_location is None or is_missing(map_location)
        return function(f, "cpu" if here else map_location, *args, **kwargs)

    return load


def _without_workers(function: Function) -> Function:
    """A ``DataLoader`` loads by itself: worker processes only fetch, in the same order."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def init(*args: Any, **kwargs: Any) -> None:
        asked = signature.bind(*args, **kwargs)
        asked.arguments["pin_memory"] = False
        if asked.arguments.get("num_workers"):
            asked.arguments |= {"num_workers": 0, "timeout": 0, "persistent_workers": False}
            asked.arguments |= {"prefetch_factor": None, "multiprocessing_context": None}
        function(*asked.args, **asked.kwargs)

    return init


def _compile(model: Any = None, *args: Any, **kwargs: Any) -> Any:
    """The function itself: it computes the same, and there is no compiler here."""
    return (lambda function: function) if model is None else model


# --- torch.cuda and torch.mps ---


def _replace_cuda(torch: Any) -> None:
    for name in _NO_RESULT.split():
        setattr(torch.cuda, name, _nothing)
        setattr(torch.mps, name, _nothing)
    for name in _TYPES:
        setattr(torch.cuda, f"{name}Tensor", getattr(torch, f"{name}Tensor"))
    torch.set_default_tensor_type = _typed(torch.set_default_tensor_type)
    torch.cuda.current_device = lambda: 0
    torch.cuda.get_device_name = lambda *args: "CPU"
    torch.cuda.get_device_capability = torch.cuda.mem_get_info = lambda *args: (0, 0)
    torch.cuda.get_device_properties = lambda *args: SimpleNamespace(
        name="CPU", total_memory=0, major=0, minor=0
    )
    torch.cuda.Event, torch.cuda.Stream = Moment, Stream
    torch.cuda.current_stream = torch.cuda.default_stream = lambda *args: Stream()
    torch.cuda.stream = torch.cuda.device = lambda *args: nullcontext()


def _typed(function: Function) -> Function:
    return lambda kind: function(_type_here(kind))


class Moment:
    """``torch.cuda.Event``: a moment."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._moment = 0.0

    def record(self, *args: Any) -> None:
        """Now."""
        self._moment = time.perf_counter()

    def elapsed_time(self, other: Moment) -> float:
        """Milliseconds to another one."""
        return 1000 * (other._moment - self._moment)

    def query(self) -> bool:
        """All is done at once."""
        return True

    def synchronize(self) -> None:
        """Nothing is left to wait for."""

    wait = synchronize


class Stream(Moment):
    """``torch.cuda.Stream``: everything is done in one order."""

    def wait_stream(self, other: Any) -> None:
        """Nothing is left to wait for."""

    wait_event = wait_stream


def _nothing(*args: Any, **kwargs: Any) -> None:
    return None
