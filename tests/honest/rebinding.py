"""Notebooks that bind a name anew below the check of a task that uses it.

In Run All every public check passes, but those of the tasks in ``loses``; ``test_names`` holds that.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable

from tests.honest.cases import Case, Notebook, cell, change, place, put, take

REBINDING: list[Case] = []
ONE_OF_ITS_OWN = """
    def pad(x, amount):
        return np.pad(x, ((0, 0), (0, 0), (amount, amount), (amount, amount)))
"""


def case(
    loses: tuple[str, ...] = (), healed: int = 0
) -> Callable[[Callable[[Notebook], None]], Callable[[Notebook], None]]:
    """Register an edit as a case."""

    def register(edit: Callable[[Notebook], None]) -> Callable[[Notebook], None]:
        REBINDING.append(Case(edit, loses, healed=healed))
        return edit

    return register


def own_pad(content: Notebook) -> None:
    """The forward pass has a helper of its own, ``pad(x, amount)``."""
    take(content, "conv2d_forward", "_pad")
    change(content, "conv2d_forward", "_pad(x, padding, padding)", "pad(x, padding)")
    put(content, ONE_OF_ITS_OWN, before="conv2d_forward")


def own_constant(content: Notebook) -> None:
    """The first task uses a constant, ``ONE``."""
    put(content, "ONE = 1", before="conv_output_size")
    change(content, "conv_output_size", "return room // stride + 1", "return room // stride + ONE")


@case()
def a_builtin(content: Notebook) -> None:
    change(content, "conv_output_size", "return room // stride + 1", "return max(room // stride + 1, 1)")
    put(content, "max = 5\nfor i in range(3):\n    max += i\nprint(max)")


@case()
def a_helper_as_loop_variable(content: Notebook) -> None:
    own_pad(content)
    put(content, "for pad in (1, 2, 3):\n    print(pad)")


@case()
def the_task_itself(content: Notebook) -> None:
    put(content, "conv_output_size = conv_output_size(28, 5)\nprint(conv_output_size)")


@case(loses=("conv2d_backward", "conv2d_class"))
def a_helper_of_a_later_task(content: Notebook) -> None:
    """Where the later task is checked, the earlier one is broken in the student's notebook, too."""
    own_pad(content)
    later = """
        def pad(x, rows, columns):
            return np.pad(x, ((0, 0), (0, 0), (rows, rows), (columns, columns)))
    """
    put(content, later, before="conv2d_backward")


@case()
def a_module(content: Notebook) -> None:
    put(content, "np = 'no problem'")


@case()
def a_constant(content: Notebook) -> None:
    own_constant(content)
    put(content, "ONE = 2")


@case()
def a_class_and_its_instance(content: Notebook) -> None:
    put(content, "Conv2d = Conv2d(1, 2, 3, rng=np.random.default_rng(0))")


@case()
def a_loop_over_classes(content: Notebook) -> None:
    put(content, "for Conv2d in (Conv2d, object):\n    print(Conv2d)")


@case()
def a_file_with_the_name_of_a_helper(content: Notebook) -> None:
    own_pad(content)
    put(content, "import io\nwith io.StringIO() as pad:\n    pad.write('notes')")


@case()
def an_exception_with_the_name_of_a_helper(content: Notebook) -> None:
    own_pad(content)
    put(content, "try:\n    1 / 0\nexcept ZeroDivisionError as pad:\n    print(pad)")


@case()
def a_star_import(content: Notebook) -> None:
    """NumPy has a ``pad`` of its own."""
    own_pad(content)
    put(content, "from numpy import *")


@case()
def a_helper_that_is_deleted(content: Notebook) -> None:
    own_pad(content)
    put(content, "del pad")


@case()
def a_second_definition(content: Notebook) -> None:
    put(content, "def conv_output_size(size, kernel_size):\n    return size - kernel_size")


@case(loses=("conv2d_class",))
def a_helper_with_the_name_of_a_given_function(content: Notebook) -> None:
    """The release defines ``col2im`` further below, with other parameters."""
    take(content, "conv2d_forward", "_pad")
    change(content, "conv2d_forward", "_pad(x, padding, padding)", "col2im(x, padding)")
    put(content, ONE_OF_ITS_OWN.replace("pad(x, amount)", "col2im(x, amount)", 1), before="conv2d_forward")


@case()
def a_method_that_is_replaced(content: Notebook) -> None:
    put(content, "Conv2d.forward = lambda self, x: x")
    put(content, "setattr(Conv2d, 'backward', None)")


@case()
def a_table_that_is_changed(content: Notebook) -> None:
    put(content, "OFFSET = {'one': 1}", before="conv_output_size")
    change(content, "conv_output_size", "return room // stride + 1", "return room // stride + OFFSET['one']")
    put(content, "OFFSET['one'] = 7")


@case()
def a_setting(content: Notebook) -> None:
    """Small numbers underflow in a convolution, which is no error unless it is asked to be."""
    put(content, "np.seterr(all='raise')")


@case()
def between_two_tasks(content: Notebook) -> None:
    """Used by tasks above and below the cell that changes it back and forth."""
    own_constant(content)
    put(content, "ONE = 5", before="make_filter")
    put(content, "ONE = 1", before="conv2d_forward")
    put(content, "ONE = 6")


@case()
def a_check_that_was_moved(content: Notebook) -> None:
    """It stands where the release has it."""
    put(content, "conv_output_size = 3")
    check = content["cells"].pop(place(content, "check-conv_output_size"))
    content["cells"].append(check)


@case()
def a_check_that_was_deleted(content: Notebook) -> None:
    """It stands where the release has it."""
    own_constant(content)
    put(content, "ONE = 3")
    del content["cells"][place(content, "check-conv_output_size")]


@case(healed=1)
def a_stub_above_its_solution(content: Notebook) -> None:
    """The solution is in a cell of its own below the check, and its name is bound once more."""
    found = cell(content, "conv_output_size")
    put(content, found["source"], after="code-04")
    found["source"] = content["stubs"]["conv_output_size"]
    put(content, "conv_output_size = conv_output_size(28, 5)")


@case()
def a_stub_pasted_below(content: Notebook) -> None:
    """In a cell of the student's own; the finished definition above stays."""
    put(content, f"# the task was:\n{textwrap.dedent(content['stubs']['conv_output_size'])}")
