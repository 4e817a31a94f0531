"""What of a notebook is executed for its tasks, and what is not."""

from __future__ import annotations

import time
from typing import Any

import pytest

from autograder.inside.program.loading import Compiled, compile_program


def program(*cells: str, names: tuple[str, ...] = ("f",), libraries: tuple[str, ...] = ()) -> Compiled:
    """Cells as a compiled program whose tasks define ``names``."""
    listed = [{"id": None, "task": None, "source": text, "index": at} for at, text in enumerate(cells)]
    return compile_program({"cells": listed, "names": list(names), "libraries": list(libraries)})


def load(*cells: str, names: tuple[str, ...] = ("f",), libraries: tuple[str, ...] = ()) -> dict[str, Any]:
    """The namespace after executing the slice, which must work."""
    namespace, report = program(*cells, names=names, libraries=libraries).execute("slice")
    assert report["ok"], report["error"]
    return namespace


BOOM = "raise RuntimeError('this does not belong to the slice')"

# Each entry: what it shows, the cells, what f(3) must give. Cells with BOOM must not run.
WORKS = {
    "a global": (["K = 2", "def f(x):\n    return K * x"], 6),
    "a global that is defined below": (["def f(x):\n    return K * x", "K = 2"], 6),
    "a helper in another cell": (["def helper(x):\n    return x + 1", "def f(x):\n    return helper(x)"], 4),
    "a helper in a later cell": (["def f(x):\n    return helper(x)", "def helper(x):\n    return x + 1"], 4),
    "a lambda": (["g = lambda x: x * x", "f = lambda x: g(x)"], 9),
    "several targets": (["a, (b, *c) = 1, (2, 3)", "def f(x):\n    return a + b + c[0] + x"], 9),
    "an annotated constant": (["K: int = 2", "def f(x):\n    return K * x"], 6),
    "an augmented assignment": (["K = 1", "K += 1", "def f(x):\n    return K * x"], 6),
    "a conditional definition": (["if 1 > 0:\n    def f(x):\n        return x\nelse:\n    f = None"], 3),
    "a table filled in a loop": (
        ["T = {}", "for i in range(5):\n    T[i] = i * i", "def f(x):\n    return T[x]"],
        9,
    ),
    "a table filled by a method": (
        ["T = []", "T.append(4)", "T.extend([5])", "def f(x):\n    return sum(T) + x"],
        12,
    ),
    "a table filled by a function": (
        [
            "T = {}",
            "def fill(table, n):\n    for i in range(n):\n        table[i] = i",
            "fill(T, n=5)",
            "def f(x):\n    return T[x]",
        ],
        3,
    ),
    "a table filled through another name": (
        ["T = {}\nother = T", "other[3] = 7", "def f(x):\n    return T[x]"],
        7,
    ),
    "a function with global": (
        ["K = 1", "def put(k):\n    global K\n    K = k", "put(5)", "def f(x):\n    return K"],
        5,
    ),
    "a function that calls a function with global": (
        [
            "def put():\n    global K\n    K = 5",
            "def outer():\n    put()",
            "outer()",
            "def f(x):\n    return K",
        ],
        5,
    ),
    "a registering decorator": (
        [
            (
                "R = {}\ndef register(name):\n    def put(g):\n"
                "        R[name] = g\n        return g\n    return put"
            ),
            "@register('sq')\ndef square(x):\n    return x * x",
            "def f(x):\n    return R['sq'](x)",
        ],
        9,
    ),
    "a decorator without arguments": (
        [
            "R = []\ndef register(g):\n    R.append(g)\n    return g",
            "@register\ndef square(x):\n    return x * x",
            "def f(x):\n    return R[0](x)",
        ],
        9,
    ),
    "functools.wraps": (
        [
            (
                "import functools\ndef twice(g):\n    @functools.wraps(g)\n    def inner(x):\n"
                "        return 2 * g(x)\n    return inner"
            ),
            "@twice\ndef f(x):\n    return x",
        ],
        6,
    ),
    "lru_cache": (
        ["from functools import lru_cache", "@lru_cache(maxsize=None)\ndef f(x):\n    return x"],
        3,
    ),
    "singledispatch": (
        [
            "from functools import singledispatch",
            "@singledispatch\ndef f(x):\n    return None",
            "@f.register\ndef _(x: int):\n    return x + 1",
        ],
        4,
    ),
    "a dataclass": (
        [
            "from dataclasses import dataclass, field",
            "@dataclass\nclass P:\n    x: int\n    t: list = field(default=0)",
            "def f(x):\n    return P(x).x",
        ],
        3,
    ),
    "a method attached later": (
        [
            "class V:\n    def __init__(self, x):\n        self.x = x",
            "def double(self):\n    return 2 * self.x\nV.double = double",
            "def f(x):\n    return V(x).double()",
        ],
        6,
    ),
    "an operator attached later": (
        [
            "class V:\n    def __add__(self, y):\n        return 3 + y",
            "V.__radd__ = V.__add__",
            "def f(x):\n    return x + V()",
        ],
        6,
    ),
    "methods attached in a loop over pairs": (
        [
            "class V: pass",
            "for k, g in [('a', lambda self: 1), ('b', lambda self: 2)]:\n    setattr(V, k, g)",
            "def f(x):\n    return V().a() + V().b()",
        ],
        3,
    ),
    "methods attached in a loop over classes": (
        [
            "class V: pass\nclass W: pass",
            "for cls in (V, W):\n    cls.one = lambda self: 1",
            "def f(x):\n    return W().one()",
        ],
        1,
    ),
    "a decorator that adds to a class": (
        [
            (
                "class V: pass\ndef add_to(cls):\n    def put(g):\n"
                "        setattr(cls, g.__name__, g)\n    return put"
            ),
            "@add_to(V)\ndef triple(self, x):\n    return 3 * x",
            "def f(x):\n    return V().triple(x)",
        ],
        9,
    ),
    "a decorator that patches the class of the first parameter": (
        [
            "def patch(g):\n    setattr(g.__annotations__['self'], g.__name__, g)\n    return g",
            "class V: pass",
            "@patch\ndef triple(self: V, x):\n    return 3 * x",
            "def f(x):\n    return V().triple(x)",
        ],
        9,
    ),
    "a decorator that patches several classes": (
        [
            (
                "from typing import get_args, get_type_hints\ndef patch(*, name=None):\n    def put(g):\n"
                "        for c in get_args(get_type_hints(g, globals())['self']):\n"
                "            setattr(c, name or g.__name__, g)\n        return g\n    return put"
            ),
            "class V: pass\nclass W: pass",
            "@patch(name='one')\ndef three(self: 'V | W', x):\n    return 3 * x",
            "def f(x):\n    return W().one(x)",
        ],
        9,
    ),
    "subclasses that register themselves": (
        [
            (
                "class Base:\n    known = {}\n    def __init_subclass__(cls):\n"
                "        Base.known[cls.__name__] = cls"
            ),
            "class Square(Base):\n    def __call__(self, x):\n        return x * x",
            "def f(x):\n    return Base.known['Square']()(x)",
        ],
        9,
    ),
    "inheritance over cells": (
        ["class A:\n    k = 2", "class B(A):\n    pass", "def f(x):\n    return B.k * x"],
        6,
    ),
    "with": (
        ["import contextlib\nwith contextlib.nullcontext(4) as K:\n    J = K", "def f(x):\n    return J + x"],
        7,
    ),
    "while": (["n = 0\nwhile n < 4:\n    n += 1", "def f(x):\n    return n + x"], 7),
    "try": (
        ["try:\n    K = 1 // 0\nexcept ZeroDivisionError as e:\n    K = 5", "def f(x):\n    return K"],
        5,
    ),
    "match": (["match (1, 2):\n    case (a, b):\n        K = a + b", "def f(x):\n    return K * x"], 9),
    "a captured name": (
        ["match {'k': 2}:\n    case {'k': K, **rest}:\n        pass", "def f(x):\n    return K * x"],
        6,
    ),
    "the walrus": (["if (K := 2) > 1:\n    pass", "def f(x):\n    return K * x"], 6),
    "the walrus in a comprehension": (["L = [(K := i) for i in range(3)]", "def f(x):\n    return K * x"], 6),
    "a star import": (["from math import *", "def f(x):\n    return floor(sqrt(x * 3))"], 3),
    "an import inside": (["def f(x):\n    import math\n    return math.floor(x + 0.5)"], 3),
    "a default argument": (["K = 2", "def f(x, k=K):\n    return k * x"], 6),
    "a keyword-only default": (["K = 2", "def f(x, *, k=K):\n    return k * x"], 6),
    "type hints": (
        [
            "from typing import Optional\nPair = tuple[int, int]",
            "def f(x: Optional[Pair]) -> 'Later':\n    return x",
        ],
        3,
    ),
    "postponed annotations": (
        ["from __future__ import annotations", "def f(x: Nowhere) -> Nothing:\n    return x"],
        3,
    ),
    "letters beyond ASCII": (["β1 = 2\nσ = lambda x: β1 * x", "def f(x):\n    return σ(x)"], 6),
    "globals() by name": (
        ["def relu_3(x):\n    return x + 1", "def f(x):\n    return globals()[f'relu_{x}'](x)"],
        4,
    ),
    "a name bound by its text": (["globals()['K'] = 2", "def f(x):\n    return K * x"], 6),
    "names bound in a loop by their texts": (
        ["for k in ('a', 'b'):\n    exec(f'{k} = 3')", "def f(x):\n    return a + b + x"],
        9,
    ),
    "a name set on the module": (
        ["import sys\nsetattr(sys.modules[__name__], 'K', 2)", "def f(x):\n    return K * x"],
        6,
    ),
    "eval of a name": (["K = 2", "def f(x):\n    return eval('K') * x"], 6),
    "a later definition counts": (["def f(x):\n    return 0", "def f(x):\n    return x"], 3),
    "an earlier value at its own place": (["K = 1", "J = K", "K = 2", "def f(x):\n    return J * x"], 3),
    "wrapping itself": (["def f(x):\n    return x", "f_plain = f\ndef f(x):\n    return 2 * f_plain(x)"], 6),
    "del of something else": (["K = 2\nz = 1", "del z", "def f(x):\n    return K * x"], 6),
    "below if __name__": (
        ["if __name__ == '__main__':\n    K = 2\n    print('hello')", "def f(x):\n    return K * x"],
        6,
    ),
    "a nested function": (
        ["K = 2", "def f(x):\n    def inner():\n        return K * x\n    return inner()"],
        6,
    ),
    "a class body that uses a global": (
        [
            "K = 2",
            "class C:\n    k = K\n    t = [K]",
            "def f(x):\n    return C.k * x",
        ],
        6,
    ),
    "a generator": (["def count(n):\n    yield from range(n)", "def f(x):\n    return sum(count(x))"], 3),
    "numpy's old names": (["import numpy as np\nnp.float = float", "def f(x):\n    return np.float(x)"], 3.0),
    "numpy imported again after it was changed": (
        ["import numpy as np\nnp.int = int", "import numpy as np\ndef f(x):\n    return np.int(x)"],
        3,
    ),
    "await": (["async def get():\n    return 2", "K = await get()", "def f(x):\n    return K * x"], 6),
    "await of what another cell started": (
        [
            "import asyncio\nasync def get():\n    await asyncio.sleep(0)\n    return 2",
            "task = asyncio.create_task(get())",
            "K = await task",
            "def f(x):\n    return K * x",
        ],
        6,
    ),
    "async for and async with": (
        [
            (
                "import contextlib\nasync def count():\n    yield 1\n    yield 2\n"
                "@contextlib.asynccontextmanager\nasync def around():\n    yield 3"
            ),
            "K = 0\nasync for k in count():\n    K += k",
            "async with around() as J:\n    L = [i async for i in count()]",
            "def f(x):\n    return K + J + len(L) + x",
        ],
        11,
    ),
    "asyncio.run in a function": (
        ["import asyncio\nasync def get(x):\n    return x", "def f(x):\n    return asyncio.run(get(x))"],
        3,
    ),
    "tabs": (["def f(x):\n\tif x:\n\t\treturn x"], 3),
    "a form feed": (["\f\ndef f(x):\n    return x\n\f"], 3),
    "indented as a whole": (["    K = 2\n    def f(x):\n        return K * x"], 6),
    "pasted prompts": ([">>> def f(x):\n...     return x"], 3),
    "semicolons": (["K = 2; J = 1; print(J);", "def f(x): return K * x"], 6),
}


@pytest.mark.parametrize("what", WORKS)
def test_what_the_task_needs_is_there(what: str) -> None:
    """Whatever the task needs is executed, wherever it stands in the notebook."""
    cells, expected = WORKS[what]
    assert load(*cells)["f"](3) == expected


@pytest.mark.parametrize("what", WORKS)
def test_a_slice_gives_what_a_whole_run_gives(what: str) -> None:
    """Leaving statements out changes nothing for the task."""
    cells, expected = WORKS[what]
    namespace, report = program(*cells).execute("whole")
    assert report["ok"], report["error"]
    assert namespace["f"](3) == expected


# Each entry: a cell that must not run, beside a task that does not need it.
STAYS_OUT = {
    "prints": "print(f(1)); " + BOOM,
    "an assertion": "assert f(1) == 7",
    "training": "class Opt:\n    def step(self): 1 / 0\nopt = Opt()\nfor i in range(10**9):\n    opt.step()",
    "training that uses the same loop variable": "losses = []\nfor i in range(9):\n    losses += [f(i)]\n    "
    + BOOM,
    "a result": "result = f(3)\n" + BOOM,
    "an endless loop": "while True:\n    y = f(3)",
    "a function that nobody calls": "@nonsense\ndef unused():\n    pass",
    "a class that nobody uses": f"class Unused(Nowhere):\n    {BOOM}",
    "below if __name__": "if __name__ == '__main__':\n    y = f(1)\n    " + BOOM,
    "reading a table": "total = 0\nfor i in T.values():\n    total += T.get(i, 0) + f(i)\n    " + BOOM,
    "sampling": "for _ in range(10**9):\n    x = rng.normal(size=3)\n    " + BOOM,
}


@pytest.mark.parametrize("what", STAYS_OUT)
def test_what_the_task_does_not_need_does_not_run(what: str) -> None:
    """Training, plots, prints and broken leftovers are not executed."""
    before = "import numpy as np\nT = {}\nfor i in range(3):\n    T[i] = i\nrng = np.random.default_rng(0)"
    task = "def f(x):\n    return T.get(x, 0) + 0 * rng.random()"
    assert load(before, task, STAYS_OUT[what])["f"](2) == 2


def test_a_dead_value_is_not_computed() -> None:
    """A value that a later line replaces for good is not computed."""
    assert load("K = undefined_name", "K = 2", "def f(x):\n    return K * x")["f"](3) == 6


def test_a_plot_over_zip_does_not_bind_zip() -> None:
    """A plotting function that loops over ``zip(axes, ...)`` leaves the builtin to the task."""
    show = "def show(axes, rows):\n    for axis, row in zip(axes, rows):\n        axis.imshow(row)"
    plots = "_, axes = plt.subplots(2)\nfor axis, title in zip(axes, 'ab'):\n    axis.set_title(title)"
    task = "def f(x):\n    return sum(a * b for a, b in zip([x], [2]))"
    assert load("import matplotlib.pyplot as plt", show, plots, "show(axes, [1])", task)["f"](3) == 6


def test_set_up_calls_stay() -> None:
    """Seeds and error settings are kept, with what their arguments need."""
    namespace = load("import random", "S = 5", "random.seed(S)", "def f(x):\n    return random.random()")
    import random

    assert namespace["f"](0) == random.Random(5).random()


def test_a_slice_says_when_it_does_not_load() -> None:
    """The report names the class, the message, the student's own line and what it would have bound."""
    _, report = program("K = 1", "\n\nJ = K / 0  # here", "def f(x):\n    return J").execute("slice")
    assert not report["ok"]
    assert report["error"] == {
        "class": "ZeroDivisionError",
        "message": "division by zero",
        "cell": 2,
        "line": 3,
        "text": "J = K / 0  # here",
        "names": ["J"],
    }


def test_after_an_error_the_rest_of_the_slice_is_there() -> None:
    """One statement that fails does not take the other tasks with it."""
    namespace, report = program(
        "J = 1 / 0\ndef f(x):\n    return J", "def g(x):\n    return x", names=("f", "g")
    ).execute("slice")
    assert not report["ok"]
    assert namespace["g"](3) == 3


HOSTILE = {
    "a long chain of changes": "x = 0\n" + "x += 1\n" * 8000 + "def f(x_):\n    return x",
    "a long chain of calls": "".join(f"def g{i}(t): g{i + 1}(t)\n" for i in range(3000))
    + "T = {}\ng0(T)\nf = T",
    "a long chain of names": "".join(f"a{i + 1} = a{i}\n" for i in range(8000)) + "f = a8000",
    "functions that call one another": "".join(f"def g{i}(): g{i * 7 % 5000}()\n" for i in range(5000))
    + "f = g0",
    "more statements than anybody writes": "x = 1\n" * 200_000,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_slicing_ends_in_time(what: str) -> None:
    """A notebook that is made to be slow to read is read in a few seconds, or refused."""
    begun = time.process_time()
    program(HOSTILE[what])
    assert time.process_time() - begun < 15  # about 1 s; without care these take minutes


# Cells with [G] are given by the release: demonstrations below the tasks that they show.
USES = "def f(x):\n    return helper(x)"
HELPER = "def helper(x):\n    return x + 1"
DEMONSTRATIONS = {
    "a value": ([HELPER, USES, "[G]helper = [1, 2]"], 4),
    "several names": ([HELPER, USES, "[G]helper, other = 1, 2"], 4),
    "a loop": ([HELPER, USES, "[G]for helper in range(3):\n    pass"], 4),
    "what is done to it then": ([HELPER, USES, "[G]helper = []", "[G]helper.append(1)", "helper += [2]"], 4),
    "a call that sets a global": (
        ["K = 1\ndef put(k):\n    global K\n    K = k\ndef f(x):\n    return K", "[G]K = 9", "[G]put(5)"],
        1,
    ),
    "and the student's own below": ([HELPER, USES, "[G]helper = 1", "helper = lambda x: x + 7"], 10),
    # and what counts as it did
    "a given value above": (["[G]T = [1]", "T += [2]", "def f(x):\n    return sum(T) + x"], 6),
    "a given definition": ([HELPER, USES, "[G]def helper(x):\n    return x + 5"], 8),
    "a table that a given cell fills": (["T = {}\ndef f(x):\n    return T[x]", "[G]T[3] = 8"], 8),
    "what a given function uses": (
        ["T = 1", "[G]T = 5", "[G]def look():\n    return T", "def f(x):\n    return look()"],
        5,
    ),
    "a value in between": (
        ["x = [1]", "[G]x = [1, 2, 3]", "N = len(x)", "def f(_):\n    return N"],
        3,
    ),
}


@pytest.mark.parametrize("what", DEMONSTRATIONS)
def test_a_demonstration_takes_no_name_away(what: str) -> None:
    """What a released cell binds to a name of the student's is not what the student's functions use."""
    cells, expected = DEMONSTRATIONS[what]
    listed = [
        {
            "id": None,
            "task": None,
            "source": text.removeprefix("[G]"),
            "index": at,
            "given": text[:3] == "[G]",
        }
        for at, text in enumerate(cells)
    ]
    compiled = compile_program({"cells": listed, "names": ["f"], "libraries": []})
    namespace, report = compiled.execute("slice")
    assert report["ok"], report["error"]
    assert namespace["f"](3) == expected


def test_gradients_switched_off_at_the_end_are_not() -> None:
    """``torch.set_grad_enabled(False)`` before an evaluation is no set-up of the tasks."""
    calls = "calls = []\nclass torch:\n    set_grad_enabled = calls.append"
    assert load(calls, "def f(x):\n    return calls", "torch.set_grad_enabled(False)")["f"](3) == []
