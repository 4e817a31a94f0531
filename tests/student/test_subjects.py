"""Code in this process on trial: what one check puts in its way, the next does not find."""

import time

import pytest

from autograder.inside.wire import NameRef
from autograder.student.session import Budget, Session
from autograder.student.steps import Step
from autograder.student.subjects import LocalSubject

PROGRAM = """
def below(x):
    return x

def above(x):
    return 10 * below(x)
"""


def asked(subject, **stand_ins):
    """What ``above(3)`` gives, with other functions in the place of some."""
    session = Session(subject.connect(), Budget(10, time.monotonic() + 10.0), 1.0, stand_ins)
    (answer,) = session.ask(0, [Step("call", NameRef("above"), (3,))])
    return answer.value


@pytest.mark.parametrize("ended", ["renewed", "asked again"])
def test_a_stand_in_is_gone_when_its_check_is_over(ended):
    """Code that is tried in this process has its own functions back, and loses those it never had."""
    namespace = {}
    exec(PROGRAM, namespace)
    below, subject = namespace["below"], LocalSubject(namespace)
    assert asked(subject, below=lambda x: x + 1, beside=abs) == 40
    if ended == "renewed":
        subject.renew()
    else:
        assert asked(subject) == 30
    assert namespace["below"] is below
    assert "beside" not in namespace
