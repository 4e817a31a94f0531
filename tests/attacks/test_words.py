"""Whatever student code makes of its inputs as words reaches neither the student nor a log.

Exceptions and their classes, names and lines, warnings, what is printed: a result says which line raised
what, and what that means, in sentences of ours.
"""

from __future__ import annotations

import json
import re
from textwrap import indent

import numpy as np
import pytest

from autograder.pages.feedback import feedback_page
from autograder.results.disclosure import Shown
from autograder.results.result import Verdict
from tests.little_course import grade, here, judge, little, solved

__all__ = ["grade", "here", "judge", "little", "solved"]
pytestmark = pytest.mark.sandbox

DIGITS = "digits = ''.join(c for c in repr(abs(x)) if c.isdigit())\nname = 'a' + x.tobytes().hex()\n"
# Each is what a forward pass does with its input x.
WAYS = {
    "message": "raise ValueError(digits)",
    "class": "raise type(name, (ValueError,), {})()",
    "class of a warning": "import warnings\nwarnings.warn('w', type(name, (UserWarning,), {}))\n1 / 0",
    "warning": "import warnings\nwarnings.warn(digits)\nwarnings.warn(repr(x))\n1 / 0",
    "warning as error": "import warnings\nwarnings.simplefilter('error')\nwarnings.warn(digits)",
    "message of NumPy's, with other shapes": (
        "told = 'operands could not be broadcast together with shapes (%s)' % digits[:12]\n"
        "exec('ra' 'ise ValueError(told)')"
    ),
    "message of Python's, with another number": (
        "told = 'index %s is out of bounds for axis 0 with size %s' % (digits[:9], digits[9:18])\n"
        "exec('ra' 'ise IndexError(told)')"
    ),
    "message of torch's": "exec('ra' 'ise RuntimeError(f\"Target {digits[:9]} is out of bounds.\")')",
    "size": "np.zeros(3).reshape(int(digits[:6]))",
    "index": "[0, 1][int(digits[:6])]",
    "name": "eval(name)",
    "name that is claimed": "exec('ra' 'ise NameError(f\"name \\'{name}\\' is not defined\")')",
    "attribute": "getattr(np, name)",
    "attribute of digits": "getattr(x, 'T' + digits[:6])",
    "argument": "dense_forward(**{name: 1})",
    "key": "{}[digits]",
    "module": "__import__(name)",
    "file": "open(digits)",
    "library that is missing": (
        "raise type('Unavailable', (ImportError,), {})(digits + ' is not available while grading')"
    ),
    "name of the engine's": "raise type('NameMissing', (Exception,), {})(digits)",
    "group": "raise ExceptionGroup(digits, [ValueError(digits), type(name, (ValueError,), {})()])",
    "cause": "raise KeyError from ValueError(digits)",
    "note": "error = ValueError()\nerror.add_note(digits)\nraise error",
    "number of a line": "exec(compile('\\n' * int(digits[:4]) + '1 / 0', 'cell 5', 'exec'))",
    "number of a cell": "exec(compile('1 / 0', 'cell ' + digits[:4], 'exec'))",
    "text of a line": (
        "import linecache\n"
        "for each in list(linecache.cache):\n"
        "    if each.startswith('cell '):\n"
        "        linecache.cache[each] = (1, None, [digits + '\\n'] * 99, each)\n"
        "1 / 0"
    ),
    "name of a function": (
        "def raises():\n"
        "    raise NotImplementedError\n"
        "raises.__code__ = raises.__code__.replace(co_name=name, co_qualname=name)\n"
        "raises()"
    ),
    "type that is returned": "return type(name, (), {})(), 1",
    "keys that are returned": "return {digits: x}",
    "names of fields": "return np.zeros(2, dtype=[(name, float)]), 1",
    "length": "return np.zeros(int(digits[:6])), 1",
    "number of values": "return (1,) * int(digits[:5])",
    "printed": "import sys\nprint(digits)\nprint(digits, file=sys.stderr)\n1 / 0",
    "written to descriptors": "import os\nos.write(1, digits.encode())\nos.write(2, digits.encode())\n1 / 0",
    "logged": "import logging\nlogging.error(digits)\nlogging.getLogger('course').critical(name)\n1 / 0",
    "exit": "import sys\nsys.exit(digits)",
    "status": "import os\nos._exit(int(digits[:2]))",
    "hook": "import sys\nsys.excepthook = lambda *error: print(digits, file=sys.stderr)\n1 / 0",
}


def hidden(judge, paper):
    """The digits and bytes of all arrays that the checks of a paper give to student code."""
    plans = [judge.suite.plan(check, case, paper) for check, case in judge.suite.cases]
    arrays = [arg for plan in plans for step in plan.notes.steps for arg in step.args]
    found = set()
    for array in (each for each in arrays if isinstance(each, np.ndarray) and each.ndim == 2):
        found |= set(re.findall(r"[0-9]{6}", "".join(c for c in repr(abs(array)) if c.isdigit())))
        found |= set(re.findall(r"[0-9a-f]{8}", array.tobytes().hex()))
        for number in array.ravel():
            found |= set(re.findall(r"[0-9]{6}", repr(abs(float(number)))))
    return {digits for digits in found if len(set(digits)) > 2}


@pytest.mark.parametrize("way", WAYS)
def test_words_made_of_inputs_stay_in_the_sandbox(way, little, judge, solved, grade, capfd, caplog, recwarn):
    """No text of a result, of its page or of the judge's output holds six digits in a row of an input."""
    body = f"import re\n{DIGITS}{WAYS[way]}"
    solved.cell("dense_forward")["source"] = (
        f"import numpy as np\n\ndef dense_forward(x, w, b=None):\n{indent(body, '    ')}"
    )
    result = grade(solved)
    mine = [check for check in result.checks if check.task == "dense_forward"]
    assert all(check.verdict is not Verdict.PASSED for check in mine)
    assert not result.broken
    secret = hidden(judge, judge.suite.papers.of("student-001", judge.read(solved.path).digest))
    assert len(secret) > 100
    told = json.dumps([[c.title, c.reason, c.hint, c.mistake, c.notes] for c in result.checks])
    page = feedback_page(little, little.unit("little"), result, Shown(True, True, True))
    printed = "".join(capfd.readouterr()) + caplog.text + "".join(str(each.message) for each in recwarn)
    for text in (told, str(result.flags), page.replace(result.digest[:16], ""), printed):
        assert not [digits for digits in secret if digits in text], text


def test_the_ways_are_alive(solved, grade):
    """What the code above makes of its inputs is there to be carried out."""
    body = (
        f"{DIGITS}assert len(digits) > 20 and len(name) > 50\nreturn x @ w + (0 if b is None else b), (x, w)"
    )
    solved.cell("dense_forward")["source"] = (
        f"import numpy as np\n\ndef dense_forward(x, w, b=None):\n{indent(body, '    ')}"
    )
    passed = {check.id for check in grade(solved).checks if check.verdict is Verdict.PASSED}
    assert {"test_forward", "test_forward_without_bias"} <= passed
