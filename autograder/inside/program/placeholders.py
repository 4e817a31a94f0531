"""Stand-ins for what a notebook has and the sandbox lacks.

A missing module becomes a ``Placeholder``. While the notebook is loaded it is quiet:
attributes, calls, items and ``with`` give placeholders again, so that plots between
the definitions do no harm, and a decorator of a missing module leaves its function
as it is. After loading, any use raises one sentence.

Libraries that only show or log something (``SILENT``) never matter to what a task
returns: they do nothing, in a task too. Only where code would compute with what they
give is the sentence raised. ``tqdm`` becomes a plain loop.
"""

from __future__ import annotations

import dis
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import Any

import numpy as np

SILENT = frozenset(
    "matplotlib mpl_toolkits seaborn plotly bokeh IPython ipywidgets wandb mlflow tensorboard tensorboardX "
    "torchviz torchinfo torchsummary otter google jupyter nbgrader".split()
)
NEEDS = {"torch.utils.tensorboard": "tensorboard"}  # parts of a library that need another one


def library_of(module: str) -> str:
    """The library that is missing where ``module`` is."""
    parts = (needed for part, needed in NEEDS.items() if f"{module}.".startswith(f"{part}."))
    return next(parts, module.partition(".")[0])


class Unavailable(ImportError):
    """Something was used that is not there while grading."""


class Phase:
    """Whether the notebook is being loaded; shared by all placeholders of one process."""

    loading = True


class Placeholder:
    """Stands for a module that is missing, or for what was taken from it."""

    def __init__(self, module: str, phase: Phase, path: str = "") -> None:
        vars(self).update(_module=module, _phase=phase, _path=path or module)

    def _refuse(self) -> Unavailable:
        return Unavailable(
            f"{self._module} is not available while grading. "
            f"Use NumPy or plain Python here, or keep {self._path} out of the code of the task.",
            name=self._module,
        )

    def _quietly(self, path: str) -> Any:
        if self._phase.loading:
            return Placeholder(self._module, self._phase, path)
        raise self._refuse()

    def __getattr__(self, name: str) -> Any:
        """A part of it; special names do not exist, so that Python's own machinery works."""
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return self._quietly(f"{self._path}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Nothing; as a decorator, the function itself."""
        result = self._quietly(f"{self._path}(...)")
        decorates = (
            len(args) == 1 and not kwargs and (inspect.isfunction(args[0]) or inspect.isclass(args[0]))
        )
        return args[0] if decorates else result

    def __setattr__(self, name: str, value: Any) -> None:
        """Nothing."""
        self._quietly(name)

    def __getitem__(self, key: Any) -> Any:
        """A part of it."""
        return self._quietly(f"{self._path}[...]")

    def __setitem__(self, key: Any, value: Any) -> None:
        """Nothing."""
        self._quietly(self._path)

    def __or__(self, other: Any) -> Any:
        """A part of a type hint such as ``torch.Tensor | None``."""
        return self._quietly(self._path)

    __ror__ = __or__

    def __enter__(self) -> Any:
        """``with plt.style.context(...)``."""
        return self._quietly(self._path)

    def __exit__(self, *error: Any) -> None:
        """Nothing is suppressed."""

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        """A base class whose instances cannot be made: ``class Net(nn.Module)`` itself does no harm."""
        refuse = self._refuse

        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            raise refuse()

        return (type(self._path.rpartition(".")[2], (), {"__init__": __init__}),)

    def __iter__(self) -> Iterator[Any]:
        """Raises: how many parts there are is not known."""
        raise self._refuse()

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        """Raises instead of becoming an array of one object."""
        raise self._refuse()

    def __repr__(self) -> str:
        """Such as ``<no matplotlib.pyplot>``."""
        return f"<no {self._path}>"


def _refusing(self: Placeholder, *args: Any) -> Any:
    raise self._refuse()


_OPERATORS = (
    "add radd sub rsub mul rmul truediv rtruediv matmul rmatmul pow rpow neg lt le gt ge len float int index"
)
for _operator in _OPERATORS.split():
    setattr(Placeholder, f"__{_operator}__", _refusing)


class Silent(Placeholder):
    """Stands for a library that only shows or logs: it does nothing, and is empty."""

    def _quietly(self, path: str) -> Any:
        return Silent(self._module, self._phase, path)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Nothing; in a task, ``subplots`` gives as many axes as it was asked for, since loops count them."""
        if self._phase.loading or not self._path.endswith(".subplots"):
            return super().__call__(*args, **kwargs)
        axes = _axes(self._quietly, *args, **kwargs)
        return axes if "(...)" in self._path else (self._quietly("figure(...)"), axes)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        """A base class whose instances do nothing, too."""
        quiet = self._quietly(self._path)
        parts = {"__init__": _nothing, "__getattr__": lambda self, name: getattr(quiet, name)}
        return (type(self._path.rpartition(".")[2], (), parts),)

    def __iter__(self) -> Iterator[Any]:
        """As many parts as the caller unpacks, ``line, = plt.plot(x)``, and nothing in a loop.

        While the notebook is loaded the loop is left out instead: its body may count on turns.
        """
        parts = _unpacked(sys._getframe(1))
        if self._phase.loading and not parts:
            raise self._refuse()
        return iter([self._quietly(f"{self._path}[...]") for _ in range(parts)])

    def __len__(self) -> int:
        """None of it is there."""
        return 0

    def __delattr__(self, name: str) -> None:
        """Nothing."""

    def __delitem__(self, key: Any) -> None:
        """Nothing."""

    def __format__(self, form: str) -> str:
        """As it is shown, whatever the form."""
        return repr(self)


def _axes(make: Callable[[str], Any], nrows: Any = 1, ncols: Any = 1, **settings: Any) -> Any:
    """A grid of stand-ins, shaped as matplotlib shapes its axes."""
    grid = np.empty((max(1, min(int(nrows), _MOST_AXES)), max(1, min(int(ncols), _MOST_AXES))), object)
    for at in np.ndindex(grid.shape):
        grid[at] = make("axes[...]")
    if not settings.get("squeeze", True):
        return grid
    return grid[0, 0] if grid.size == 1 else grid.squeeze()


_MOST_AXES = 100  # in a row or column


def _unpacked(frame: FrameType) -> int:
    """How many parts the assignment wants that a frame is executing; 0 where it is none."""
    code, at = frame.f_code.co_code, frame.f_lasti
    name = dis.opname[code[at]]
    if name == "UNPACK_SEQUENCE":
        return code[at + 1]
    if name == "UNPACK_EX":  # first, *rest, last = ...
        after = code[at - 1] if at and dis.opname[code[at - 2]] == "EXTENDED_ARG" else 0
        return code[at + 1] + after
    return 0


def placeholder(module: str, phase: Phase, path: str = "") -> Placeholder:
    """What stands for a missing library, or for the part of it at ``path``."""
    return (Silent if module in SILENT else Placeholder)(module, phase, path)


def _nothing(*args: Any, **kwargs: Any) -> None:
    return None


class Progress:
    """``tqdm``: the loop without the bar."""

    write = pandas = staticmethod(_nothing)  # asked of the class itself

    def __init__(self, iterable: Iterable[Any] = (), *args: Any, **kwargs: Any) -> None:
        self.iterable = iterable

    def __iter__(self) -> Iterator[Any]:
        """The items of what it wraps."""
        return iter(self.iterable)

    def __len__(self) -> int:
        """The length of what it wraps."""
        return len(self.iterable)  # type: ignore[arg-type]

    def __enter__(self) -> Progress:
        """``with tqdm(total=3) as bar``."""
        return self

    def __exit__(self, *error: Any) -> None:
        """Nothing is suppressed."""

    def __getattr__(self, name: str) -> Any:
        """``update``, ``set_description`` and the like do nothing."""
        if name.startswith("__"):
            raise AttributeError(name)
        return _nothing


def _progress_range(*args: int, **kwargs: Any) -> Progress:
    return Progress(range(*args))


def stand_in(module: str, name: str, phase: Phase) -> Any:
    """What ``from module import name`` gives where the module is missing (``name`` empty: the module)."""
    path = f"{module}.{name}" if name else module
    library = library_of(path)
    if library == "tqdm":
        return getattr(Tqdm(), name, Tqdm()) if name else Tqdm()
    return placeholder(library, phase, path)


class Tqdm:
    """The module ``tqdm`` and its submodules."""

    tqdm = tqdm_notebook = Progress
    trange = tnrange = staticmethod(_progress_range)
    tenumerate, tzip, tmap = enumerate, zip, map  # of tqdm.contrib

    def __getattr__(self, name: str) -> Any:
        """``tqdm.auto``, ``tqdm.notebook`` and the like are the same again."""
        if name.startswith("__"):
            raise AttributeError(name)
        return self


KERNEL_NAMES = frozenset({"display", "get_ipython", "In", "Out", "_", "__", "___"})


def notebook_names(phase: Phase) -> dict[str, Any]:
    """What a notebook's kernel defines before the first cell."""
    shell = placeholder("IPython", phase, "get_ipython()")
    return {
        "display": _nothing,
        "get_ipython": lambda: shell,
        "In": [""],
        "Out": {},
        "_": "",
        "__": "",
        "___": "",
    }
