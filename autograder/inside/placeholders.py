"""Stand-ins for what a notebook has and the sandbox lacks.

A missing module becomes a ``Placeholder``. While the notebook is loaded it is quiet:
attributes, calls, items and ``with`` give placeholders again, so that plots between
the definitions do no harm, and a decorator of a missing module leaves its function
as it is. After loading, any use raises one sentence. Modules that only show
something (``IPython``, ``otter``) stay quiet; ``tqdm`` becomes a plain loop.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any

SILENT = frozenset({"IPython", "ipywidgets", "otter", "google", "jupyter", "nbgrader"})


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
        if self._phase.loading or self._module in SILENT:
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


class Progress:
    """``tqdm``: the loop without the bar."""

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


def _nothing(*args: Any, **kwargs: Any) -> None:
    return None


def _progress_range(*args: int, **kwargs: Any) -> Progress:
    return Progress(range(*args))


def stand_in(module: str, name: str, phase: Phase) -> Any:
    """What ``from module import name`` gives where the module is missing (``name`` empty: the module)."""
    top = module.partition(".")[0]
    if top == "tqdm" and name in ("tqdm", "tqdm_notebook"):
        return Progress
    if top == "tqdm" and name in ("trange", "tnrange"):
        return _progress_range
    if top == "tqdm":
        return Tqdm()
    return Placeholder(top, phase, f"{module}.{name}" if name else module)


class Tqdm:
    """The module ``tqdm`` and its submodules."""

    tqdm = tqdm_notebook = Progress
    trange = tnrange = staticmethod(_progress_range)

    def __getattr__(self, name: str) -> Any:
        """``tqdm.auto``, ``tqdm.notebook`` and the like are the same again."""
        if name.startswith("__"):
            raise AttributeError(name)
        return self


KERNEL_NAMES = frozenset({"display", "get_ipython", "In", "Out", "_", "__", "___"})


def notebook_names(phase: Phase) -> dict[str, Any]:
    """What a notebook's kernel defines before the first cell."""
    shell = Placeholder("IPython", phase, "get_ipython()")
    return {
        "display": _nothing,
        "get_ipython": lambda: shell,
        "In": [""],
        "Out": {},
        "_": "",
        "__": "",
        "___": "",
    }
