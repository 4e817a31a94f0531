"""Messy but honest notebooks: each function does to a solved notebook what students do.

A case edits the notebook in place. What it may cost, and how the notebook is loaded,
stands in its mark; without one, nothing may be lost and the slice must load.
"""

from __future__ import annotations

import ast
import copy
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support import code, locked, markdown, place

Notebook = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One way of being messy."""

    edit: Callable[[Notebook], None]
    loses: tuple[str, ...] = ()  # tasks that deserve to lose
    loaded: str = "slice"
    healed: int | None = 0  # how many sentences about healing; None: any number

    @property
    def name(self) -> str:
        return self.edit.__name__


CASES: list[Case] = []


def case(**options: Any) -> Callable[[Callable[[Notebook], None]], Callable[[Notebook], None]]:
    """Register an edit as a case."""

    def register(edit: Callable[[Notebook], None]) -> Callable[[Notebook], None]:
        CASES.append(Case(edit, **options))
        return edit

    return register


def tasks(content: Notebook) -> list[str]:
    return list(content["metadata"]["course"]["tasks"])


def cell(content: Notebook, grade_id: str) -> dict[str, Any]:
    found: dict[str, Any] = content["cells"][place(content, grade_id)]
    return found


def put(content: Notebook, source: str, before: str | None = None, after: str | None = None) -> None:
    """Insert a cell of the student's own; at the end without a place."""
    new = code(textwrap.dedent(source).strip("\n"))
    at = place(content, before) if before else place(content, after) + 1 if after else len(content["cells"])
    content["cells"].insert(at, new)


def change(content: Notebook, grade_id: str, old: str, new: str) -> None:
    """Replace text in a cell, which must be there."""
    found = cell(content, grade_id)
    assert old in found["source"], f"{old!r} is not in {grade_id}"
    found["source"] = found["source"].replace(old, new)


def top(content: Notebook, line: str) -> None:
    """Put a line on top of every task cell."""
    for task in tasks(content):
        cell(content, task)["source"] = f"{line}\n{cell(content, task)['source']}"


def take(content: Notebook, grade_id: str, name: str) -> str:
    """Take a top-level definition out of a cell and give its source."""
    found = cell(content, grade_id)
    lines = found["source"].split("\n")
    for node in ast.parse(found["source"]).body:
        if getattr(node, "name", None) == name:
            taken = lines[node.lineno - 1 : node.end_lineno]
            found["source"] = "\n".join(lines[: node.lineno - 1] + lines[node.end_lineno :])
            return "\n".join(taken)
    raise KeyError(name)


def take_everywhere(content: Notebook, name: str) -> str:
    """Take a helper out of all task cells that define it and give its source."""
    found = [
        take(content, task, name)
        for task in tasks(content)
        if f"def {name}(" in cell(content, task)["source"]
    ]
    assert len(set(found)) == 1
    return found[0]


def bodies(content: Notebook, grade_id: str, name: str) -> ast.FunctionDef | ast.ClassDef:
    """The syntax tree of a definition in a cell."""
    for node in ast.parse(cell(content, grade_id)["source"]).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name:
            return node
    raise KeyError(name)


PLOT = """
    import matplotlib.pyplot as plt
    fig, axes = plt.subplots(1, 2, figsize=(8, 3))
    for i, ax in enumerate(axes):
        out, cache = conv2d_forward(np.ones((1, 1, 5, 5)), np.ones((1, 1, 3, 3)))
        ax.imshow(out[0, 0])
        ax.set_title(f"number {i}")
    plt.tight_layout()
    plt.show()
"""


@case()
def as_released(content: Notebook) -> None:
    """Only the solutions are written."""


@case()
def plots_between(content: Notebook) -> None:
    for task in tasks(content):
        put(content, PLOT, after=task)


@case()
def endless_training_between(content: Notebook) -> None:
    train = """
        layer = Conv2d(1, 2, 3, rng=np.random.default_rng(0))
        losses = []
        for epoch in range(10**9):
            out = layer.forward(np.ones((8, 1, 28, 28)))
            dx = layer.backward(out)
            layer.weight -= 0.1 * layer.weight_grad
            losses.append((out ** 2).mean())
            if epoch % 100 == 0:
                print(epoch, losses[-1])
        x, w, b = dx, layer.weight, layer.bias
    """
    put(content, train, after="conv2d_class")
    put(content, "while conv2d_forward(np.ones((1, 1, 4, 4)), np.ones((1, 1, 2, 2))):\n    pass")


@case()
def helpers_in_a_cell_of_their_own(content: Notebook) -> None:
    pad = take_everywhere(content, "_pad")
    starts = take(content, "conv2d_forward", "_starts")
    put(content, f"import numpy as np\n{pad}\n\n\n{starts}", before="conv2d_forward")


@case()
def helpers_below(content: Notebook) -> None:
    pad = take_everywhere(content, "_pad")
    put(content, pad)


@case()
def methods_attached_later(content: Notebook) -> None:
    found = cell(content, "conv2d_class")
    lines = found["source"].split("\n")
    body = bodies(content, "conv2d_class", "Conv2d").body
    (method,) = [n for n in body if getattr(n, "name", "") == "backward"]
    text = textwrap.dedent("\n".join(lines[method.lineno - 1 : method.end_lineno]))
    found["source"] = "\n".join(lines[: method.lineno - 1] + lines[method.end_lineno :])
    put(content, text.replace("def backward", "def backward_of_conv2d"), after="conv2d_class")
    put(content, "Conv2d.backward = backward_of_conv2d\nConv2d.__call__ = Conv2d.forward")


@case()
def globals_that_a_task_uses(content: Notebook) -> None:
    put(content, "PADDING = {}\nPADDING['order'] = 'C'", before="conv2d_forward")
    change(content, "conv2d_forward", "dtype=x.dtype)", "dtype=x.dtype, **PADDING)")
    change(content, "conv_output_size", "return room // stride + 1", "return room // stride + ONE")
    put(content, "ZERO = 0\nONE = ZERO\nONE += 1")


@case()
def a_table_filled_in_a_loop(content: Notebook) -> None:
    table = """
        FILTERS = {"blur": np.ones((3, 3)) / 9}
        smooth, slope = np.array([1.0, 2.0, 1.0]), np.array([-1.0, 0.0, 1.0])
        for name, left, right in [("sobel_x", smooth, slope), ("sobel_y", slope, smooth)]:
            FILTERS[name] = np.outer(left, right)
        def shift():
            w = np.zeros((3, 3))
            w[1, 0] = 1
            return w
        FILTERS.update(shift_right=shift())
    """
    put(content, table, before="make_filter")
    cell(content, "make_filter")["source"] = textwrap.dedent("""
        def make_filter(name):
            if name not in FILTERS:
                raise ValueError(f"no filter {name}: {sorted(FILTERS)}")
            return FILTERS[name].copy()
    """)


@case()
def timed_cells(content: Notebook) -> None:
    top(content, "%%time")


@case()
def magics_everywhere(content: Notebook) -> None:
    top(content, "%matplotlib inline\n!pip install numpy > /dev/null\nnp.pad?\nfiles = !ls")
    put(content, "%load_ext autoreload\n%autoreload 2", before="conv_output_size")
    put(content, "%%bash\nls -l | grep x")
    put(content, "%timeit conv_output_size(5, 3)\n%time out = conv_output_size(5, 3)")
    put(content, "%%writefile mine.py\nconv2d_forward = None")


@case()
def missing_imports(content: Notebook) -> None:
    put(
        content,
        "import seaborn as sns\nimport pandas as pd\nfrom sklearn.datasets import *\nsns.set()",
        before="setup",
    )
    put(
        content,
        (
            "frame = pd.DataFrame({'a': [1]})\nsns.heatmap(frame)\n"
            "def show(f: pd.DataFrame) -> sns.Axes:\n    pass"
        ),
    )


@case()
def torch_for_comparison(content: Notebook) -> None:
    put(
        content,
        "import torch\nimport torch.nn.functional as F\nfrom torch import nn",
        before="conv2d_forward",
    )
    put(content, "class Net(nn.Module):\n    pass\nassert torch.allclose(F.conv2d(a, b), c)")


@case()
def a_fast_helper_if_there_is_numba(content: Notebook) -> None:
    guarded = "try:\n    from numba import njit\nexcept ImportError:\n    def njit(f):\n        return f"
    put(content, guarded, before="conv_output_size")
    for task in ("conv2d_forward", "im2col"):
        change(content, task, "def _starts", "@njit\ndef _starts")


@case()
def a_decorator_that_is_missing(content: Notebook) -> None:
    put(content, "from numba import jit", before="conv_output_size")
    change(content, "conv2d_forward", "def conv2d_forward", "@jit(forceobj=True)\ndef conv2d_forward")


@case(healed=1)
def an_edited_locked_cell(content: Notebook) -> None:
    cell(content, "check-conv2d_forward")["source"] = "# grader.check is too slow for me"


@case(healed=2)
def edited_given_code(content: Notebook) -> None:
    cell(content, "suspicious")["source"] = "def suspicious_conv2d(x, w):\n    return 0"
    cell(content, "code-01")["source"] += "\nnp.pad = None"


@case(healed=None)
def deleted_locked_cells(content: Notebook) -> None:
    content["cells"] = [
        c for c in content["cells"] if not str(c.get("id", "")).startswith(("code", "points", "check"))
    ]


@case()
def a_syntax_error_in_an_own_cell(content: Notebook) -> None:
    put(content, "for i in range(3)\n    print(i)", before="im2col")
    put(content, "x = (1, 2\nprint('unfinished")


@case(loses=("bug_hunt",))
def a_syntax_error_in_one_task(content: Notebook) -> None:
    cell(content, "bug_hunt")["source"] = "def bug_hunt():\n    return x, blind sharp"


@case(loses=("bug_hunt",))
def an_unfinished_task(content: Notebook) -> None:
    cell(content, "bug_hunt")["source"] = "def bug_hunt():\n    raise NotImplementedError"


@case()
def run_out_of_order(content: Notebook) -> None:
    for count, each in enumerate(reversed(content["cells"])):
        if each["cell_type"] == "code":
            each["execution_count"] = count + 1
    put(content, "half_kernel = later(3)", before="conv_output_size")
    put(content, "def later(k):\n    return k // 2")


@case()
def lambdas(content: Notebook) -> None:
    cell(content, "conv_output_size")["source"] = textwrap.dedent("""
        too_large = lambda n, k, p, d: n + 2 * p < d * (k - 1) + 1
        def refuse(*args):
            raise ValueError(args)
        conv_output_size = lambda size, kernel_size, stride=1, padding=0, dilation=1: (
            refuse(size, kernel_size)
            if too_large(size, kernel_size, padding, dilation)
            else (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1
        )
    """)


@case()
def decorators(content: Notebook) -> None:
    timed = """
        import functools, time
        TIMES = {}
        def timed(f):
            @functools.wraps(f)
            def inner(*args, **kwargs):
                begun = time.perf_counter()
                result = f(*args, **kwargs)
                TIMES.setdefault(f.__name__, []).append(time.perf_counter() - begun)
                return result
            return inner
    """
    put(content, timed, before="conv_output_size")
    for name in ("conv2d_forward", "conv2d_backward", "im2col"):
        change(content, name, f"def {name}(", f"@timed\ndef {name}(")


@case()
def remembered_results(content: Notebook) -> None:
    put(content, "from functools import lru_cache", before="conv_output_size")
    change(
        content, "conv_output_size", "def conv_output_size", "@lru_cache(maxsize=None)\ndef conv_output_size"
    )


@case()
def a_dataclass_as_cache(content: Notebook) -> None:
    saved = """
        from __future__ import annotations
        from dataclasses import dataclass, field
        from typing import ClassVar, NamedTuple
        @dataclass(frozen=True)
        class Saved:
            x: np.ndarray
            w: np.ndarray
            has_bias: bool
            stride: int
            padding: int
            dilation: int = 1
            count: ClassVar[int] = 0
            def __iter__(self):
                return iter((self.x, self.w, self.has_bias, self.stride, self.padding, self.dilation))
    """
    put(content, saved, before="conv2d_forward")
    old = "return out, (x, w, b is not None, stride, padding, dilation)"
    change(
        content, "conv2d_forward", old, "return out, Saved(x, w, b is not None, stride, padding, dilation)"
    )


@case()
def type_hints(content: Notebook) -> None:
    hints = """
        from __future__ import annotations
        from typing import Optional, TypeAlias
        import numpy.typing as npt
        Images: TypeAlias = "npt.NDArray[np.float64]"
    """
    put(content, hints, before="conv_output_size")
    change(content, "conv_output_size", "dilation=1):", "dilation: int = 1) -> Not_Defined_Anywhere:")
    change(
        content,
        "conv2d_backward",
        "(dout, cache):",
        "(dout: Images, cache: tuple[Images, ...]) -> Optional[Images]:",
    )


@case()
def star_imports(content: Notebook) -> None:
    put(
        content,
        "from math import *\nfrom numpy.linalg import *\nfrom itertools import *",
        before="conv_output_size",
    )
    change(content, "conv_output_size", "return room // stride + 1", "return floor(room / stride) + 1")


@case()
def letters_of_the_field(content: Notebook) -> None:
    for task in ("conv2d_forward", "conv2d_backward", "im2col"):
        change(content, task, "_pad(", "größer(")
    put(content, "η = 0.1\nΔ𝑤 = '☃'  # 中文 — naïve\nprint(f'{η}: {Δ𝑤}')", after="conv2d_backward")


@case(healed=1)
def metadata_lost(content: Notebook) -> None:
    content["metadata"] = {"colab": {"provenance": []}, "accelerator": "GPU"}
    for each in content["cells"]:
        each["metadata"] = {"id": "x"}
        each.pop("id", None)


@case()
def split_task_cell(content: Notebook) -> None:
    pad = take(content, "conv2d_forward", "_pad")
    at = place(content, "conv2d_forward")
    whole = content["cells"][at]["source"]
    content["cells"][at]["source"] = "import numpy as np\n" + pad
    content["cells"].insert(at + 1, code(whole))


@case(healed=1)
def split_with_copied_metadata(content: Notebook) -> None:
    pad = take(content, "conv2d_forward", "_pad")
    at = place(content, "conv2d_forward")
    half = copy.deepcopy(content["cells"][at])
    half["source"] = "import numpy as np\n" + pad
    content["cells"].insert(at, half)


@case(healed=1)
def merged_task_cells(content: Notebook) -> None:
    second = content["cells"].pop(place(content, "conv2d_backward"))
    cell(content, "conv2d_forward")["source"] += "\n\n\n" + second["source"]


@case(healed=1)
def solved_in_a_new_cell(content: Notebook) -> None:
    found = cell(content, "im2col")
    put(content, found["source"], before="im2col")
    found["source"] = content["stubs"]["im2col"]


@case(healed=1)
def a_stub_copied_to_the_end(content: Notebook) -> None:
    stub = copy.deepcopy(cell(content, "im2col"))
    stub["source"] = content["stubs"]["im2col"]
    content["cells"].append(stub)


@case(healed=2)
def copied_checks(content: Notebook) -> None:
    content["cells"].append(locked("points = 100", "points-im2col"))
    content["cells"].append(locked('grader.check("im2col")', "check-im2col"))


@case(healed=1)
def a_task_turned_into_text(content: Notebook) -> None:
    cell(content, "conv2d_im2col")["cell_type"] = "markdown"


@case()
def windows_line_ends(content: Notebook) -> None:
    for each in content["cells"]:
        each["source"] = "".join(each["source"]).replace("\n", "\r\n")


@case()
def tabs(content: Notebook) -> None:
    for task in tasks(content):
        lines = cell(content, task)["source"].split("\n")
        cell(content, task)["source"] = "\n".join(_tabbed(line) for line in lines)


def _tabbed(line: str) -> str:
    code_ = line.lstrip(" ")
    return "\t" * ((len(line) - len(code_)) // 4) + code_


@case(healed=1)
def the_old_format(content: Notebook) -> None:
    cells = content.pop("cells")
    for each in cells:
        if each["cell_type"] == "code":
            each["input"] = each.pop("source")
    content["worksheets"] = [{"cells": cells}]
    content["nbformat"] = 3


@case()
def a_main_block(content: Notebook) -> None:
    pad = take_everywhere(content, "_pad")
    block = "if __name__ == '__main__':\n" + textwrap.indent(pad, "    ") + "\n    while True:\n        pass"
    put(content, block, before="conv2d_forward")


@case()
def leftovers_that_fail(content: Notebook) -> None:
    put(content, "assert conv_output_size(5, 3) == 99", after="conv_output_size")
    put(content, "raise RuntimeError('stop here')", after="im2col")
    put(content, "exit()", after="conv2d_forward")
    put(content, "name = input('your name? ')\nx = undefined_name")


@case()
def own_classes(content: Notebook) -> None:
    base = """
        from abc import ABC, abstractmethod
        class Layer(ABC):
            layers = []
            def __init_subclass__(cls, **kwargs):
                Layer.layers.append(cls.__name__)
            @abstractmethod
            def forward(self, x): ...
            def __call__(self, x):
                return self.forward(x)
            @property
            def size(self):
                return self.weight.size
    """
    put(content, base, before="conv2d_class")
    change(content, "conv2d_class", "class Conv2d:", "class Conv2d(Layer):")


@case()
def a_registry(content: Notebook) -> None:
    registry = """
        REGISTRY = {}
        def register(key):
            def put(f):
                REGISTRY[key] = f
                return f
            return put
    """
    put(content, registry, before="conv2d_forward")
    change(content, "conv2d_forward", "def _pad(", "@register('pad')\ndef _padded(")
    change(content, "conv2d_forward", "xp = _pad(", "xp = REGISTRY['pad'](")


@case()
def progress_bars(content: Notebook) -> None:
    put(content, "from tqdm.auto import tqdm", before="conv_output_size")
    change(content, "conv2d_backward", "range(dout.shape[2])", "tqdm(range(dout.shape[2]), leave=False)")


@case()
def prints_inside(content: Notebook) -> None:
    change(
        content,
        "conv2d_forward",
        "xp = _pad(",
        "print('shapes', x.shape, w.shape); display(x.shape)\n    xp = _pad(",
    )


@case()
def warnings_inside(content: Notebook) -> None:
    put(
        content,
        "import warnings, logging\nwarnings.filterwarnings('ignore')\nlogging.basicConfig()",
        before="conv_output_size",
    )
    change(content, "im2col", "xp = _pad(", "warnings.warn('slow'); logging.warning('slow')\n    xp = _pad(")


@case()
def set_up_calls(content: Notebook) -> None:
    setup = """
        import random, sys, os
        SEED = 42
        random.seed(SEED); np.random.seed(SEED)
        np.set_printoptions(precision=3, suppress=True)
        np.seterr(all="raise")
        sys.setrecursionlimit(5000)
        os.environ["OMP_NUM_THREADS"] = "1"
    """
    put(content, setup, before="conv_output_size")


@case()
def a_counter(content: Notebook) -> None:
    put(content, "calls = 0\ndef count():\n    global calls\n    calls += 1", before="conv2d_forward")
    change(content, "conv2d_forward", "xp = _pad(", "count()\n    xp = _pad(")


@case()
def a_memory(content: Notebook) -> None:
    put(content, "memory = dict()", before="conv_output_size")
    change(
        content,
        "conv_output_size",
        "return room // stride + 1",
        "memory[size] = room // stride + 1\n    return memory[size]",
    )


@case()
def old_names_of_numpy(content: Notebook) -> None:
    put(content, "np.float = float\nnp.int = int", before="conv_output_size")
    change(content, "conv_output_size", "return room // stride + 1", "return np.int(room // stride + 1)")


@case()
def functions_from_a_factory(content: Notebook) -> None:
    source = cell(content, "conv2d_forward")["source"]
    inside = textwrap.indent(source, "    ")
    cell(content, "conv2d_forward")["source"] = (
        f"def make():\n{inside}\n    return conv2d_forward, 1\n\nconv2d_forward, version = make()"
    )


@case()
def conditional_definitions(content: Notebook) -> None:
    source = cell(content, "conv2d_im2col")["source"]
    cell(content, "conv2d_im2col")["source"] = (
        "FAST = True\nif FAST:\n" + textwrap.indent(source, "    ") + "\nelse:\n    conv2d_im2col = None"
    )


@case()
def versions_of_a_function(content: Notebook) -> None:
    put(content, "def im2col(*args):\n    return None", before="im2col")
    put(
        content,
        "im2col_v1 = im2col\ndef im2col(*args, **kwargs):\n    return im2col_v1(*args, **kwargs)",
        after="im2col",
    )


@case()
def notes_and_empty_cells(content: Notebook) -> None:
    for at in (0, 5, 10, 15):
        content["cells"].insert(at, code(""))
        content["cells"].insert(at, code("# to do: read chapter 9"))
        content["cells"].insert(at, markdown("My notes: $x * w$ <b>"))
    content["metadata"]["widgets"] = {"state": list(range(1000))}


@case()
def names_by_text(content: Notebook) -> None:
    pad = take_everywhere(content, "_pad").replace("_pad", "pad_with_zeros")
    put(content, pad + "\nfor ending in ('pad', 'padded'):\n    globals()['_' + ending] = pad_with_zeros")


@case(loaded="whole notebook")
def what_no_slice_sees(content: Notebook) -> None:
    """A helper from code in a text, found through the frame: only a run of everything binds it."""
    pad = take_everywhere(content, "_pad").replace("_pad", "hidden_pad")
    put(content, f"text = {pad!r}", before="conv_output_size")
    hidden = "import sys\ndef run(t):\n    exec(t, sys._getframe(1).f_globals)\nlist(map(run, [text]))"
    put(content, hidden, before="conv_output_size")
    put(content, "_pad = hidden_pad", before="conv2d_forward")


@case(loaded="whole notebook")
def a_plot_that_ends_its_cell(content: Notebook) -> None:
    """In a whole run, our missing matplotlib does not cost the definitions below a plot."""
    what_no_slice_sees(content)
    put(content, "import matplotlib.pyplot as plt", before="im2col")
    cell(content, "im2col")["source"] = (
        "a, b = plt.subplots(1, 2)\nb.plot([a])\n" + cell(content, "im2col")["source"]
    )


@case()
def a_global_that_a_demonstration_rebinds(content: Notebook) -> None:
    """A released timing cell below binds ``filters`` to an array."""
    cell(content, "make_filter")["source"] = textwrap.dedent(
        """
        filters = {
            "blur": np.ones((3, 3)) / 9,
            "sobel_x": np.array([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]),
            "sobel_y": np.array([[-1.0, -2.0, -1.0], [0.0, 0.0, 0.0], [1.0, 2.0, 1.0]]),
            "shift_right": np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]),
        }

        def make_filter(name):
            if name not in filters:
                raise ValueError(name)
            return filters[name]
        """
    )


@case()
def a_helper_that_a_demonstration_rebinds(content: Notebook) -> None:
    """A released cell below binds ``sizes`` to a list."""
    cell(content, "conv2d_im2col")["source"] = textwrap.dedent(
        """
        def sizes(x, w, stride, padding, dilation):
            pairs = zip(x.shape[2:], w.shape[2:])
            return tuple(conv_output_size(n, k, stride, padding, dilation) for n, k in pairs)

        def conv2d_im2col(x, w, b=None, stride=1, padding=0, dilation=1):
            cols = im2col(x, w.shape[2:], stride, padding, dilation)
            out = w.reshape(len(w), -1) @ cols
            if b is not None:
                out = out + b[:, None]
            return out.reshape(len(x), len(w), *sizes(x, w, stride, padding, dilation))
        """
    )


@case()
def plots_and_logs_inside_tasks(content: Notebook) -> None:
    """What only shows something does nothing where it is not installed."""
    imports = "import matplotlib.pyplot as plt\nimport wandb\nfrom tqdm.auto import tqdm"
    put(content, imports, before="conv_output_size")
    put(content, "wandb.init(project='convolutions')", before="conv_output_size")
    body = bodies(content, "conv2d_forward", "conv2d_forward").body
    first = ast.unparse(body[1]).split("\n")[0]
    shown = """
    fig, axes = plt.subplots(2, 3)
    for ax in axes.flat:
        ax.axis("off")
    axes[0, 1].imshow(x[0, 0])
    plt.show()
    wandb.log({"size": x.shape[2]})
"""
    change(content, "conv2d_forward", f"    {first}", f"{shown.rstrip()}\n    {first}")


@case()
def a_named_tuple(content: Notebook) -> None:
    """A tuple with names is a tuple."""
    put(
        content,
        "from collections import namedtuple\nForward = namedtuple('Forward', 'out cache')",
        before="im2col",
    )
    name = "conv2d_forward"
    cell(content, name)["source"] += f"\n\nplain_{name} = {name}\n\ndef {name}(*args, **kwargs):\n    "
    cell(content, name)["source"] += f"return Forward(*plain_{name}(*args, **kwargs))"


PADS = """
    %%writefile pads.py
    import numpy as np
    import matplotlib.pyplot as plt

    def pad_it(x, p, q):
        return np.pad(x, ((0, 0), (0, 0), (p, p), (q, q)))
"""


def pad_from_a_module(content: Notebook, how: str) -> None:
    """The forward pass uses ``pad_it`` of a module that the notebook writes."""
    take(content, "conv2d_forward", "_pad")
    change(content, "conv2d_forward", "_pad(x, padding, padding)", "pad_it(x, padding, padding)")
    put(content, PADS, before="conv2d_forward")
    put(content, how, before="conv2d_forward")


@case()
def a_module_that_is_written_and_imported(content: Notebook) -> None:
    pad_from_a_module(content, "from pads import pad_it")


@case()
def a_module_that_is_written_and_imported_with_a_star(content: Notebook) -> None:
    pad_from_a_module(content, "from pads import *")


@case()
def a_module_that_is_written_and_run(content: Notebook) -> None:
    pad_from_a_module(content, "%run pads.py")


@case()
def a_module_that_open_writes(content: Notebook) -> None:
    text = textwrap.dedent(PADS).strip().partition("\n")[2]
    take(content, "conv2d_forward", "_pad")
    change(content, "conv2d_forward", "_pad(x, padding, padding)", "pad_it(x, padding, padding)")
    put(content, f"with open('pads.py', 'w') as file:\n    file.write({text!r})", before="conv2d_forward")
    put(content, "from pads import pad_it", before="conv2d_forward")


@case()
def a_whole_task_in_a_module(content: Notebook) -> None:
    source = "".join(cell(content, "conv2d_forward")["source"])
    cell(content, "conv2d_forward")["source"] = f"%%writefile forward.py\nimport numpy as np\n{source}"
    put(content, "from forward import conv2d_forward", after="conv2d_forward")


@case()
def top_level_await(content: Notebook) -> None:
    """A notebook's cells run in an event loop."""
    put(content, "import asyncio\nasync def one():\n    await asyncio.sleep(0)\n    return 1", before="setup")
    put(content, "waiting = asyncio.create_task(one())", before="conv_output_size")
    put(content, "ONE = await waiting", before="conv_output_size")
    change(content, "conv_output_size", "return room // stride + 1", "return room // stride + ONE")


@case()
def a_patch_decorator(content: Notebook) -> None:
    """A method in a cell of its own, which a decorator of the student's puts into its class."""
    found = cell(content, "conv2d_class")
    source = "".join(found["source"])
    (method,) = [
        n for n in bodies(content, "conv2d_class", "Conv2d").body if getattr(n, "name", "") == "backward"
    ]
    text = ast.get_source_segment(source, method) or ""
    found["source"] = source.replace(text, "pass")
    patch = "def patch(f):\n    setattr(next(iter(f.__annotations__.values())), f.__name__, f)"
    put(content, patch, before="conv2d_class")
    own = textwrap.dedent(f"    {text}").replace("backward(self,", "backward(self: Conv2d,")
    put(content, f"@patch\n{own}", after="conv2d_class")


@case()
def sizes_as_numbers_of_numpy(content: Notebook) -> None:
    old = "return room // stride + 1"
    change(content, "conv_output_size", old, "return __import__('numpy').int64(room // stride + 1)")


@case()
def sizes_as_floats(content: Notebook) -> None:
    change(content, "conv_output_size", "return room // stride + 1", "return float(room // stride + 1)")


@case()
def filters_of_whole_numbers(content: Notebook) -> None:
    old = "    return filters[name]"
    new = "    found = filters[name]\n    return found if name == 'blur' else found.astype(int)"
    change(content, "make_filter", old, new)


@case()
def lists_for_tuples(content: Notebook) -> None:
    for name in ("conv2d_forward", "conv2d_backward", "bug_hunt"):
        source = "".join(cell(content, name)["source"])
        cell(content, name)["source"] = (
            f"{source}\n\nplain_{name} = {name}\n\ndef {name}(*args, **kwargs):\n"
            f"    return list(plain_{name}(*args, **kwargs))"
        )
