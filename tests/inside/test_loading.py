"""Executing a submission: modes, missing modules, broken cells."""

from __future__ import annotations

import linecache
import random
import sys
import types
from typing import Any

import pytest

from autograder.inside.program.loading import Compiled, compile_program
from autograder.inside.program.placeholders import Unavailable


def program(*cells: str, names: tuple[str, ...] = ("f",), libraries: tuple[str, ...] = ()) -> Compiled:
    listed = [
        {"id": None, "task": f"task-{at}", "source": text, "index": at} for at, text in enumerate(cells)
    ]
    return compile_program({"cells": listed, "names": list(names), "libraries": list(libraries)})


def load(*cells: str, mode: str = "slice", **options: Any) -> dict[str, Any]:
    namespace, report = program(*cells, **options).execute(mode)
    assert report["ok"], report["error"]
    return namespace


IMPORTS = {
    "import xarray": "xarray.heatmap(x)",
    "import xarray as xr": "xr.heatmap(x)",
    "import xarray.objects as so": "so.Plot(x)",
    "import os, xarray": "xarray.heatmap(x)",
    "from xarray import heatmap": "heatmap(x)",
    "from xarray import heatmap as h, color": "h(x)",
    "from xarray.objects import Plot": "Plot(x)",
    "from xarray import *": "heatmap(x)",
    "import xarray; alias = xarray": "alias.heatmap(x)",
    "import xarray as xr; palette = xr.color_palette()": "palette[0]",
    "import xarray as xr; first, second = xr.colors()": "second + 1",
}


@pytest.mark.parametrize("line", IMPORTS)
@pytest.mark.parametrize("mode", ["slice", "whole"])
def test_a_missing_module_is_a_placeholder(line: str, mode: str) -> None:
    """The import works; using the module in a task raises one sentence that names it."""
    namespace = load(
        line, f"def f(x):\n    return {IMPORTS[line]}", "def g(x):\n    return x", mode=mode, names=("f", "g")
    )
    assert namespace["g"](3) == 3
    with pytest.raises(Unavailable, match="xarray is not available while grading"):
        namespace["f"](3)


def test_the_right_module_is_blamed() -> None:
    """With several modules missing, the sentence names the one that was used."""
    namespace = load(
        "import altair, zarr\nfrom sklearn.metrics import *",
        "a, b = zarr.open('x')",
        "def f(x):\n    return accuracy(x)\ndef g(x):\n    return a + 1",
        names=("f", "g"),
    )
    for name, module in [("f", "sklearn"), ("g", "zarr")]:
        with pytest.raises(Unavailable, match=f"{module} is not available"):
            namespace[name](1)


def test_an_import_inside_a_function_may_be_missing_too() -> None:
    """Only the use raises, and it says what is missing."""
    namespace = load("def f(x):\n    import xarray as xr\n    return x if x else xr.heatmap(x)")
    assert namespace["f"](1) == 1
    with pytest.raises(Unavailable, match="xarray"):
        namespace["f"](0)


GUARDED = {
    "ImportError": "try:\n    import seaborn\nexcept ImportError:\n    seaborn = None",
    "ModuleNotFoundError": "try:\n    import seaborn\nexcept ModuleNotFoundError:\n    seaborn = None",
    "a tuple": (
        "try:\n    from seaborn import x as seaborn\nexcept (KeyError, ImportError) as e:\n    seaborn = None"
    ),
    "anything": "try:\n    import seaborn\nexcept:\n    seaborn = None",
    "suppress": (
        "import contextlib\nseaborn = None\nwith contextlib.suppress(ImportError):\n    import seaborn"
    ),
    "in an if": "try:\n    if True:\n        import seaborn\nexcept Exception:\n    seaborn = None",
}


@pytest.mark.parametrize("how", GUARDED)
@pytest.mark.parametrize("module", ["seaborn", "matplotlib"])
def test_a_fallback_of_the_student_is_taken(how: str, module: str) -> None:
    """An import whose failure is caught fails, even where the module happens to be installed."""
    cell = GUARDED[how].replace("seaborn", module)
    assert load(cell, f"def f(x):\n    return {module}")["f"](1) is None


def test_a_library_of_the_unit_can_be_imported() -> None:
    """What the unit names is imported as it is."""
    namespace = load("import pytest as p", "def f(x):\n    return p.__name__", libraries=("pytest",))
    assert namespace["f"](0) == "pytest"


def test_our_own_packages_cannot_be_imported() -> None:
    """Reference and engine are not there, on whatever machine."""
    namespace = load(
        "from solutions.conv_layer import conv2d_forward as f\nimport autograder as g", names=("f", "g")
    )
    for name in "fg":
        with pytest.raises(Unavailable, match="is not available while grading"):
            namespace[name](1)


QUIET = {
    "subplots": "fig, ax = plt.subplots(1, 2)\nax[0].plot([1])\nplt.show()",
    "settings": 'plt.rcParams["figure.figsize"] = (8, 6)\nplt.style.use("ggplot")',
    "with": "with plt.xkcd() as p:\n    plt.plot(1)\n    T[0] = 5",
    "a loop": "for i in range(3):\n    plt.subplot(1, 3, i)\n    plt.title(i)\n    T[i] = i",
    "a hint": "def g(a: plt.Axes | None, b: 'x' = None) -> plt.Figure:\n    return 1\nT[0] = g(1)",
    "a base class": "class Net(plt.Module):\n    pass\nT[0] = Net.__name__",
    "display": "display(T)\nget_ipython().run_line_magic('matplotlib', 'inline')",
    "tqdm": (
        "from tqdm.notebook import tqdm, trange\nfor i in tqdm(range(3), desc='x'):\n    T[i] = i\n"
        "with trange(3) as bar:\n    bar.set_postfix(loss=1)"
    ),
    "otter": "import otter\ngrader = otter.Notebook()\ngrader.check('f')",
    "IPython": "from IPython.display import HTML, clear_output\nclear_output()\nHTML('x')",
    "an await": "async def g():\n    return 1\nT[7] = await g()",
}


@pytest.mark.parametrize("what", QUIET)
@pytest.mark.parametrize("mode", ["slice", "whole"])
def test_plots_between_the_definitions_do_no_harm(what: str, mode: str) -> None:
    """While the notebook is loaded, what only shows something is quiet."""
    namespace = load(
        "import matplotlib.pyplot as plt\nT = {}",
        QUIET[what],
        "def f(x):\n    return x + 0 * len(T)",
        mode=mode,
    )
    assert namespace["f"](3) == 3


def test_a_decorator_of_a_missing_module_leaves_the_function() -> None:
    """``@njit`` makes a function faster, not another one."""
    namespace = load("from numba import njit", "@njit(parallel=True)\ndef f(x):\n    return x + 1")
    assert namespace["f"](1) == 2


SHOWN = {
    "figures": "plt.figure(figsize=(4, 2))\n    plt.plot(x)\n    plt.show()",
    "one pair of axes": "fig, ax = plt.subplots()\n    ax.plot(x)\n    fig.savefig('a.png')",
    "a grid of axes": (
        "fig, axes = plt.subplots(2, 3)\n    axes[0, 1].plot(x)\n    axes[1][2].set_title('x')\n"
        "    for ax in axes.flat:\n        ax.axis('off')\n    axes.ravel()[0].imshow(x)"
    ),
    "a loop over axes": (
        "fig, axes = plt.subplots(2, ncols=2, figsize=(3, 3))\n"
        "    for ax, title in zip(axes.flat, 'abcd', strict=True):\n        ax.set_title(title)\n"
        "    assert plt.figure().subplots(3).shape == (3,)\n"
        "    assert plt.subplots(squeeze=False)[1].shape == (1, 1)"
    ),
    "a loop over a legend": "for line in plt.legend().get_lines():\n        line.set_color('r')",
    "nested axes": "fig, ((a, b), (c, d)) = plt.subplots(2, 2)\n    d.plot(x)",
    "a starred target": "first, *rest, last = plt.subplots(1, 4)[1]\n    last.plot(x)\n    first.plot(rest)",
    "a line": "line, = plt.plot([x])\n    line.set_color('red')\n    n, bins, _ = plt.hist([x])",
    "a with": "with plt.style.context('ggplot') as style:\n        style.use(x)\n        plt.bar(x, x)",
    "settings": "plt.rcParams['font.size'] = 9\n    plt.x = 3\n    del plt.x",
    "a question": "assert not plt.get_fignums() and len(plt.get_fignums()) == 0 and x not in plt.colors",
    "a text": "print(f'{plt.gca():>9} {plt.gca()}')",
    "wandb": "import wandb\n    wandb.init(project='x')\n    wandb.log({'loss': x})",
    "tensorboard": (
        "from torch.utils.tensorboard import SummaryWriter\n    with SummaryWriter('runs') as w:\n"
        "        w.add_scalar('loss', x, 1)"
    ),
    "tensorboard by its whole name": (
        "import torch.utils.tensorboard\n    torch.utils.tensorboard.SummaryWriter().add_scalar('a', x)\n"
        "    assert torch.utils is not torch.utils.tensorboard"
    ),
    "tensorboard as a part": "from torch.utils import tensorboard as t, data\n    t.SummaryWriter().flush()",
    "a summary": "from torchinfo import summary\n    summary(x, input_size=(1, 2))",
    "a class": (
        "import seaborn as sns\n    class Plot(sns.FacetGrid):\n        pass\n"
        "    Plot(x).map(print).savefig(x)"
    ),
    "a bar": "from tqdm.auto import tqdm\n    tqdm.write('x')\n    assert list(tqdm([1])) == [1]",
    "a counted bar": "from tqdm.contrib import tenumerate\n    assert list(tenumerate('a')) == [(0, 'a')]",
}


@pytest.mark.parametrize("what", SHOWN)
def test_what_only_shows_does_nothing_in_a_task(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plots and logs inside a task cost nothing and change nothing."""
    libraries = ("torch",) if "torch.utils" in SHOWN[what] else ()
    if libraries:  # the test needs no torch, only its modules
        for name in ("torch", "torch.utils", "torch.utils.data"):
            monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
        sys.modules["torch"].utils = sys.modules["torch.utils"]  # type: ignore[attr-defined]
        sys.modules["torch.utils"].data = sys.modules["torch.utils.data"]  # type: ignore[attr-defined]
        sys.modules["torch"].default_generator = types.SimpleNamespace(  # type: ignore[attr-defined]
            manual_seed=lambda seed: None
        )
    task = f"def f(x):\n    {SHOWN[what]}\n    return x"
    namespace = load("import matplotlib.pyplot as plt", task, libraries=libraries)
    assert namespace["f"](3) == 3


@pytest.mark.parametrize("use", ["plt.cm.viridis(x) * 2", "float(plt.ylim())", "np.array(plt.gcf()) + x"])
def test_what_only_shows_gives_no_numbers(use: str) -> None:
    """Code that computes with what a plot gives is told why it cannot."""
    namespace = load("import matplotlib.pyplot as plt\nimport numpy as np", f"def f(x):\n    return {use}")
    with pytest.raises(Unavailable, match="matplotlib is not available while grading"):
        namespace["f"](3)


def test_tqdm_in_a_task_is_a_plain_loop() -> None:
    """A progress bar inside a task costs nothing."""
    assert load("from tqdm import tqdm", "def f(x):\n    return sum(i for i in tqdm(range(x)))")["f"](3) == 3


@pytest.mark.parametrize(
    "broken", ["def broken(:", "x = = 1", "return 5", "a\0b", "break", "x = \ud7ff\n'", "é = ("]
)
def test_a_syntax_error_costs_its_cell_only(broken: str) -> None:
    """The other cells work, and the report shows the student's own line."""
    compiled = program("def f(x):\n    return x", broken, "def g(x):\n    return x", names=("f", "g"))
    namespace, report = compiled.execute("slice")
    assert namespace["f"](1) == namespace["g"](1) == 1
    (error,) = report["syntax_errors"]
    assert (error["cell"], error["task"], error["line"], error["text"]) == (
        2,
        "task-1",
        error["line"],
        broken.split("\n")[error["line"] - 1],
    )
    assert error["message"]
    assert report["syntax_errors"] == compiled.report["syntax_errors"]


def test_compiling_runs_nothing() -> None:
    """The process that compiles never executes student code."""
    sys.modules.pop("submission", None)
    program("import os\nraise SystemExit", "f = 1 / 0")
    assert "submission" not in sys.modules


def test_whole_goes_on_after_an_error() -> None:
    """As "run all" that ignores errors: the rest of the cell is lost, the other cells run."""
    namespace, report = program("a = 1\nb = 1 / 0\nc = 1", "d = exit(3)", "e = 1").execute("whole")
    assert {"a", "e"} <= set(namespace)
    assert not {"b", "c", "d"} & set(namespace)
    assert [error["class"] for error in report["errors"]] == ["ZeroDivisionError", "SystemExit"]
    assert report["error"]["text"] == "b = 1 / 0"


def test_whole_runs_what_the_slice_leaves_out() -> None:
    """Everything is executed, in order."""
    assert load("a = []", "a.append(1)", "b = list(a)", mode="whole", names=())["b"] == [1]


def test_an_unknown_mode_is_refused() -> None:
    """A typing error is not taken for one of the modes."""
    with pytest.raises(ValueError, match="expected 'slice' or 'whole'"):
        program("x = 1").execute("all")


def test_the_line_of_an_exception_can_be_shown() -> None:
    """File name and text of student code are those of the student's cell."""
    namespace = load("%matplotlib inline", "def f(x):\n    return 1 / x  # here")
    assert namespace["f"].__code__.co_filename == "cell 2"
    assert linecache.getline("cell 2", 2) == "    return 1 / x  # here\n"
    assert linecache.getline("cell 1", 1) == "%matplotlib inline\n"


def test_numbers_of_cells_are_those_of_the_notebook() -> None:
    """Cells of text and checks count, as they do for the student."""
    compiled = compile_program(
        {"cells": [{"id": None, "task": None, "source": "1 / 0", "index": 6}], "names": [], "libraries": []}
    )
    assert compiled.execute("whole")[1]["error"]["cell"] == 7


def test_each_execution_is_fresh() -> None:
    """Two executions share no object."""
    compiled = program("T = []", "def f(x):\n    T.append(x)\n    return len(T)")
    first, second = compiled.execute("slice")[0], compiled.execute("slice")[0]
    assert first["f"](0) == second["f"](0) == 1


def test_random_numbers_are_the_same_each_time() -> None:
    """The global generators are seeded before the notebook is loaded."""
    cells = (
        "import numpy as np\nimport random\nw = (np.random.rand(), random.random())",
        "def f(x):\n    return w",
    )
    first = load(*cells)["f"](0)
    assert random.random() != first[1]
    assert load(*cells)["f"](0) == first


def test_classes_know_their_module() -> None:
    """Dataclasses, typing and copies look the module up by its name."""
    namespace = load(
        (
            "from __future__ import annotations\nimport typing, copy, pickle\n"
            "from dataclasses import dataclass\nfrom typing import ClassVar"
        ),
        "@dataclass\nclass P:\n    n: ClassVar[int] = 3\n    next: P | None = None",
        (
            "def f(x):\n"
            "    return typing.get_type_hints(P)['n'], pickle.loads(pickle.dumps(P())) == copy.deepcopy(P())"
        ),
    )
    assert namespace["f"](0)[1] is True


def test_a_message_that_cannot_be_printed_is_left_out() -> None:
    """An exception of the student's that refuses to be printed does no harm."""
    cell = "class Bad(Exception):\n    def __str__(self):\n        raise SystemExit\nraise Bad"
    assert program(cell).execute("whole")[1]["error"]["message"] == ""


def test_deep_nesting_is_reported() -> None:
    """Code that Python itself cannot read is a syntax error, not a crash."""
    deep = "x = " + "-" * 3000 + "1"
    calls = "x = f" + "(1)" * 3000
    report = program(deep, calls, "def f(x):\n    return x").report
    assert {error["cell"] for error in report["syntax_errors"]} <= {1, 2}
