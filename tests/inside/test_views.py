"""A name is what it was where the task's check stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograder.inside.program.loading import Compiled, compile_program

CHECK = "[check]"  # where the check of the task before it stands
GIVEN = "[G]"  # begins a cell of the release


def program(*cells: str, tasks: dict[str, list[str]] | None = None) -> Compiled:
    """Cells as a compiled program; the checks of ``tasks`` stand at ``[check]``, in their order."""
    tasks = tasks or {"f": ["f"]}
    code = [cell for cell in cells if cell != CHECK]
    places = [at - done for done, at in enumerate(at for at, cell in enumerate(cells) if cell == CHECK)]
    listed = [
        {
            "id": None,
            "task": None,
            "source": text.removeprefix(GIVEN),
            "index": at,
            "given": text[:3] == GIVEN,
        }
        for at, text in enumerate(code)
    ]
    names = [name for several in tasks.values() for name in several]
    checks = dict(zip(tasks, places, strict=True))
    return compile_program(
        {"cells": listed, "names": names, "tasks": tasks, "checks": checks, "libraries": []}
    )


def seen(compiled: Compiled, task: str = "f", mode: str = "slice") -> dict[str, Any]:
    """The namespace that the task's checks find."""
    namespace, report = compiled.execute(mode, view=compiled.report["views"][task])
    assert report["ok"], report["error"]
    return namespace


def run_all(*cells: str) -> dict[str, Any]:
    """The names after a run from top to bottom, up to the first check."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for cell in cells[: cells.index(CHECK)]:
        exec(cell.removeprefix(GIVEN), namespace)
    return namespace


@pytest.fixture(autouse=True)
def _settings_of_its_own() -> Iterator[None]:
    """What a notebook sets ends with the test."""
    with np.errstate(all="ignore"):
        yield


USES = "def f(x):\n    return helper(x)"
HELPER = "def helper(x):\n    return x + 1"
CLASS = "class V:\n    def one(self):\n        return 1\ndef f(x):\n    return V().one() + x"
TABLE = "T = {3: 4}\ndef f(x):\n    return T[x]"

# Each entry: the cells. f(3) is what it is at the check in a run from top to bottom.
BELOW = {
    "the task's own name": [USES, HELPER, CHECK, "f = f(3)"],
    "a helper": [HELPER, USES, CHECK, "helper = 5"],
    "a helper of a helper": ["K = 1\ndef g(x):\n    return x + K", HELPER, USES, CHECK, "helper = g\nK = 9"],
    "a builtin": ["def f(x):\n    return max(x, 1)", CHECK, "max = 5"],
    "a builtin in a loop": ["def f(x):\n    return sum([x, 1])", CHECK, "for sum in range(3):\n    pass"],
    "a constant": ["K = 1\ndef f(x):\n    return K * x", CHECK, "K = 2"],
    "a constant that grows": ["K = 1\ndef f(x):\n    return K * x", CHECK, "K += 1"],
    "an imported module": ["import math\ndef f(x):\n    return math.floor(x)", CHECK, "math = None"],
    "another module of the name": [
        "import math as m\ndef f(x):\n    return m.floor(x)",
        CHECK,
        "import cmath as m",
    ],
    "another thing of the name": [
        "from math import pi\ndef f(x):\n    return pi",
        CHECK,
        "from cmath import e as pi",
    ],
    "a star import": [
        "def pow(x, y):\n    return y\ndef f(x):\n    return pow(x, 1)",
        CHECK,
        "from math import *",
    ],
    "a star import over a builtin": ["def f(x):\n    return pow(x, 2, 5)", CHECK, "from math import *"],
    "a loop over classes": [CLASS, CHECK, "for V in (int, str):\n    pass"],
    "an instance in the place of its class": [CLASS, CHECK, "V = V()"],
    "with": ["import contextlib", HELPER, USES, CHECK, "with contextlib.nullcontext(2) as helper:\n    pass"],
    "except": [HELPER, USES, CHECK, "try:\n    1 / 0\nexcept ZeroDivisionError as helper:\n    pass"],
    "the walrus": [HELPER, USES, CHECK, "print(helper := 3)"],
    "del": [HELPER, USES, CHECK, "del helper"],
    "a function with global": [HELPER, USES, CHECK, "def go():\n    global helper\n    helper = 1", "go()"],
    "a second definition": [HELPER, USES, CHECK, "def helper(x, y):\n    return y"],
    "a second definition of the task": [HELPER, USES, CHECK, "def f(x):\n    return None"],
    "a given function of the name": [HELPER, USES, CHECK, f"{GIVEN}def helper(x, y):\n    return y"],
    "three meanings": [HELPER, USES, CHECK, "helper = 1", "helper = 2", "helper = str"],
    "setattr": [CLASS, CHECK, "setattr(V, 'one', None)"],
    "a patched method": [CLASS, CHECK, "V.one = lambda self: 7"],
    "a method patched by a function": [CLASS, CHECK, "def patch(c):\n    c.one = None", "patch(V)"],
    "a method patched by a decorator": [
        "def add_to(c):\n    def put(g):\n        setattr(c, g.__name__, g)\n    return put",
        CLASS,
        CHECK,
        "@add_to(V)\ndef one(self):\n    return 8",
    ],
    "a method patched by its annotation": [
        "def patch(g):\n    setattr(g.__annotations__['self'], g.__name__, g)",
        CLASS,
        CHECK,
        "@patch\ndef one(self: V):\n    return 8",
    ],
    "an entry of a table": [TABLE, CHECK, "T[3] = 9"],
    "an entry of a table in a loop": [TABLE, CHECK, "for k in T:\n    T[k] = 0"],
    "a table that is emptied": [TABLE, CHECK, "T.clear()"],
    "a table that is replaced": [TABLE, CHECK, "T = {}"],
    "a setting": [
        "import numpy as np\ndef f(x):\n    return np.float64(x) / 0",
        CHECK,
        "np.seterr(all='raise')",
    ],
    "in an if": [HELPER, USES, CHECK, "if True:\n    helper = None"],
    "a cell that fails": [HELPER, USES, CHECK, "helper = None\n1 / 0"],
}


@pytest.mark.parametrize("mode", ["slice", "whole"])
@pytest.mark.parametrize("what", BELOW)
def test_what_is_bound_below_the_check_does_not_count(what: str, mode: str) -> None:
    """The task's functions find what they found at the check, in a slice and in a run of everything."""
    cells = BELOW[what]
    compiled = program(*cells)
    namespace, _ = compiled.execute(mode, view=compiled.report["views"]["f"])
    assert namespace["f"](3) == run_all(*cells)["f"](3)


@pytest.mark.parametrize("what", BELOW)
def test_without_a_check_the_end_counts(what: str) -> None:
    """The same notebook read to its end gives something else: so each case stands for what it says."""
    expected = run_all(*BELOW[what])["f"](3)
    cells = [cell for cell in BELOW[what] if cell != CHECK]
    try:
        found = program(*cells, CHECK).execute("slice")[0]["f"](3)
    except Exception as error:
        found = error
    assert found != expected


# Each entry: the cells, and f(3). There is one load, as for any notebook.
UNCHANGED = {
    "the same helper again": ([HELPER, USES, CHECK, HELPER], 4),
    "the same constant again": (["K = 2\ndef f(x):\n    return K * x", CHECK, "K = 2"], 6),
    "the same import again": (["import math\ndef f(x):\n    return math.floor(x)", CHECK, "import math"], 3),
    "the same import in other words": (
        ["import os.path as p\ndef f(x):\n    return p.basename(str(x))", CHECK, "from os import path as p"],
        "3",
    ),
    "the same missing module": (
        ["import nowhere\ndef f(x):\n    return x or nowhere", CHECK, "import nowhere"],
        3,
    ),
    "a helper below": ([USES, CHECK, HELPER], 4),
    "a table below": (["def f(x):\n    return T[x]", CHECK, "T = {}", "T[3] = 8"], 8),
    "another helper's name": ([HELPER, USES, CHECK, "for other in range(3):\n    pass"], 4),
    "a seed": ([HELPER, USES, CHECK, "import random\nrandom.seed(0)"], 4),
    "a demonstration": ([HELPER, USES, CHECK, f"{GIVEN}helper = [1, 2]"], 4),
    "a name of the kernel": (["def f(x):\n    for _ in [1]:\n        return x", CHECK, "_ = 5"], 3),
    "a method that was not there": (
        [
            "class V: pass\ndef f(x):\n    return V().one()",
            CHECK,
            "def one(self):\n    return 1\nV.one = one",
        ],
        1,
    ),
    "a method that was not written": (
        [
            "class V:\n    def one(self):\n        raise NotImplementedError",
            "def f(x):\n    return V().one()",
            CHECK,
            "setattr(V, 'one', lambda self: 1)",
        ],
        1,
    ),
    "above the check": ([HELPER, USES, "def helper(x):\n    return x + 7", CHECK], 10),
}


@pytest.mark.parametrize("what", UNCHANGED)
def test_a_notebook_that_binds_nothing_anew_is_loaded_once(what: str) -> None:
    """Who only repeats, completes, or adds pays nothing; what is missing at the check comes from below."""
    cells, expected = UNCHANGED[what]
    compiled = program(*cells)
    assert len(compiled.views) == 1
    assert compiled.report["rebound"] == []
    assert seen(compiled)["f"](3) == expected


STUB = "def f(x):\n    '''Text.'''\n    raise NotImplementedError"
WRITTEN = "def f(x):\n    return x + 1"
STUBS = {
    "solved below": ["[]", STUB, CHECK, WRITTEN],
    "solved above": [WRITTEN, STUB, CHECK],
    "a stub pasted at the end": [WRITTEN, CHECK, STUB],
    "an empty body": ["def f(x):\n    '''Text.'''\n    pass", CHECK, WRITTEN],
    "solved by a name": [STUB, CHECK, "def mine(x):\n    return x + 1", "f = mine"],
    "a message": ["def f(x):\n    raise NotImplementedError('to do')", CHECK, WRITTEN],
    "a stub in a class": [
        "class V:\n    def one(self):\n        raise NotImplementedError",
        "def f(x):\n    return x + V().one()",
        CHECK,
        "class V:\n    def one(self):\n        return 1",
    ],
}


@pytest.mark.parametrize("mode", ["slice", "whole"])
@pytest.mark.parametrize("what", STUBS)
def test_a_stub_that_another_cell_replaces_stays_replaced(what: str, mode: str) -> None:
    """Wherever the finished definition stands, and whichever of the two is the last."""
    assert seen(program(*STUBS[what]), mode=mode)["f"](3) == 4


KEPT = {
    "nothing replaces it": STUB,
    "it is what is wrapped": f"{STUB}\n\ndef g(h):\n    return h\nf = g(f)",
    "the other is one, too": f"{STUB}\n\n{STUB}",
    "it is only deleted": f"{STUB}\n\ndel f\n\n{STUB}",
}


@pytest.mark.parametrize("what", KEPT)
def test_a_stub_stays_where_nothing_replaces_it(what: str) -> None:
    """An unwritten task is told as one."""
    with pytest.raises(NotImplementedError):
        seen(program(KEPT[what], CHECK))["f"](3)


def test_one_more_load_serves_all_tasks_whose_place_it_can_be() -> None:
    """A scratch cell at the end costs one load for all tasks that use its name; the others share another."""
    compiled = program(
        "def f(x):\n    return max(x, 1)",
        CHECK,
        "def g(x):\n    return max(x, 2)",
        CHECK,
        "max = 5",
        "def h(x):\n    return x",
        CHECK,
        tasks={"f": ["f"], "g": ["g"], "h": ["h"]},
    )
    assert [set(view.tasks) for view in compiled.views] == [{"h"}, {"f", "g"}]
    assert seen(compiled, "f")["f"](0) == 1
    assert seen(compiled, "g")["g"](0) == 2


def test_each_task_has_the_meaning_at_its_own_check() -> None:
    """Three helpers of one name, three tasks: three loads."""
    cells = [
        (f"def helper(x):\n    return {n}", f"def {t}(x):\n    return helper(x)", CHECK)
        for n, t in enumerate("fgh")
    ]
    tasks = {task: [task] for task in "fgh"}
    compiled = program(*(cell for several in cells for cell in several), tasks=tasks)
    assert len(compiled.views) == 3
    assert [seen(compiled, task)[task](9) for task in "fgh"] == [0, 1, 2]


def test_where_all_tasks_are_affected_the_end_is_not_loaded() -> None:
    """What nobody is asked about is not executed."""
    compiled = program(HELPER, USES, CHECK, "helper = 1")
    assert [view.end for view in compiled.views] == [2]


def test_a_task_uses_the_tasks_above_as_they_were_at_its_check() -> None:
    """The checks of a task may call the tasks above it, also where its own code does not."""
    compiled = program(
        WRITTEN, CHECK, "def g(x):\n    return x", CHECK, "f = 5", tasks={"f": ["f"], "g": ["g"]}
    )
    assert seen(compiled, "g")["f"](3) == 4


def test_what_is_missing_and_needed_below_finds_the_names_of_the_check() -> None:
    """A helper from below uses what its own names meant at the check."""
    compiled = program(
        "K = 1",
        USES,
        CHECK,
        "K = 7\nJ = K",
        "def helper(x):\n    return (K, J, x)",
    )
    assert seen(compiled)["f"](3) == (1, 7, 3)


def test_the_other_definition_is_named_with_its_line() -> None:
    """The report names what counts and what does not, each with cell and line."""
    compiled = program(HELPER, USES, CHECK, "\ndef helper(x, y):\n    return y", "len = 3")
    assert compiled.report["rebound"] == [
        {
            "name": "helper",
            "counts": {"cell": 1, "line": 1, "text": "def helper(x):"},
            "other": {"cell": 3, "line": 2, "text": "def helper(x, y):"},
            "tasks": ("f",),
        }
    ]
