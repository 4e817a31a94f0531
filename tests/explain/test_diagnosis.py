"""What a student is told: the mistake by name, else what was seen, and the smallest case."""

import time

import numpy as np
import pytest

from autograder.explain import Explainer, diagnosis, explanation_digest
from autograder.explain.alike import same_answers
from autograder.explain.cases import Cases
from autograder.explain.naming import Namer
from autograder.inside.wire import NameRef
from autograder.judge.grader import judge
from autograder.judge.suite import Outcome, Suite
from autograder.results.result import Verdict
from autograder.student import Answer, Call, Step
from autograder.student.subjects import LocalSubject
from autograder.unit.mistakes.catalogue import tasks_of_names
from autograder.unit.mistakes.edits import module_namespace

RIGHT = """
import numpy as np

def scale(x, factor=2.0):
    if factor < 0:
        raise ValueError
    return x * factor

def total(x):
    return x.sum(axis=0), None

class Counter:
    def __init__(self, params, lr=1.0):
        self.params, self.lr, self.n = params, lr, 0

    def step(self, grads):
        self.n += 1
        for p, g in zip(self.params, grads):
            p += self.lr * self.n * g
"""


@pytest.fixture
def explained(tiny):
    """A function that judges and explains a submission that differs from the right one in one place."""
    course = tiny()
    suite = Suite(course, course.units[0], tasks_of_names(course.units[0]))
    told_by = diagnosis(suite)

    def explain(old="", new="", paper=1):
        assert old in RIGHT
        subject = LocalSubject(module_namespace(RIGHT.replace(old, new), "student"))
        checks, outcomes = judge(suite, subject, paper)
        told = told_by.explain(checks, outcomes, paper, subject)
        assert [(c.verdict, c.earned) for c in told] == [(c.verdict, c.earned) for c in checks]
        return {check.id: check for check in told}

    return explain


def test_right_code_is_told_nothing(explained):
    """Passed checks stay as they are."""
    assert all(check.verdict is Verdict.PASSED and check.case is None for check in explained().values())


def test_named_from_the_output(explained):
    """Other code with the same wrong output gets the mistake's name, sentence and hint; points stay."""
    check = explained("return x * factor", "return np.add(factor, x)")["test_double"]
    assert (check.mistake, check.reason, check.hint) == ("adds", "You add.", "*")


def test_not_named_when_another_check_disagrees(explained):
    """A name needs all checks of the task to fit."""
    checks = explained("return x * factor", "return x + factor if factor == 2.0 else x * factor")
    assert checks["test_double"].mistake is None
    assert checks["test_double"].verdict is Verdict.FAILED


def test_not_named_when_it_is_wrong_elsewhere(explained):
    """Failing the same checks is not enough: the answers must be the mistake's."""
    checks = explained("return x * factor", "return x * (factor + 1)")
    assert checks["test_double"].mistake is None
    assert checks["test_factor"].mistake is None


def test_class_with_arrays_in_place(explained):
    """The state that a class leaves in shared arrays is its answer."""
    check = explained("self.lr * self.n * g", "self.lr * g")["test_steps"]
    assert check.mistake == "stays"


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("return -x * factor", "right apart from its sign"),
        ("return x * factor * 3", "times 3, the length of axis 0 of x (the batch)"),
        ("return (x * factor)[::-1]", "flipped along axis 0"),
        ("return x * 2.0 if factor == 2.0 else x * factor + 1", "by the same amount everywhere"),
    ],
)
def test_seen_relations(explained, new, words):
    """Without a name, what was seen is added to the check's own sentence."""
    found = explained("return x * factor", new)
    reasons = " ".join(check.reason for check in found.values() if check.verdict is Verdict.FAILED)
    assert words in reasons
    assert "differs in" in reasons


def test_smallest_case_runs(explained):
    """The cell can be copied, shows what the student got and what is expected, and uses no hidden input."""
    case = explained("return x * factor", "return x * (factor + 1)")["test_double"].case
    student, right = {}, {}
    exec(RIGHT.replace("return x * factor", "return x * (factor + 1)"), student)
    exec(RIGHT, right)
    *body, look = case["calls"].splitlines()
    for namespace, shown in ((student, case["got"]), (right, case["expected"])):
        exec("\n".join(body), namespace)
        value = eval(look, namespace)
        assert repr(value) == shown
        assert value.size <= 2


def test_smallest_case_is_the_same_for_everyone(explained):
    """It does not depend on the student's hidden inputs."""
    cases = [explained("axis=0", "axis=1", paper)["test_total"].case for paper in range(3)]
    assert cases[0] is not None
    assert cases.count(cases[0]) == 3
    assert "total(x)" in cases[0]["calls"]


def test_case_of_a_class_is_a_short_program(explained):
    """Constructed, stepped as often as it takes, and then looked at."""
    case = explained("self.lr * self.n * g", "self.lr * g")["test_steps"].case
    assert case["calls"].count(".step(") == 2
    assert case["calls"].splitlines()[-1] == "param"
    assert "lr=0.37" not in case["calls"]


def test_an_exception_has_a_case(explained):
    """Code that raises on some inputs is shown the smallest of them."""
    check = explained("return x * factor", "return [v * factor for v in x][3]")["test_double"]
    assert check.verdict is Verdict.ERROR
    assert "IndexError" in check.case["got"]
    assert "array" in check.case["expected"]


def test_slow_code_ends_the_search(explained):
    """Explaining must not take longer than grading: after one slow run there are no others."""
    begun = time.perf_counter()
    check = explained("return x * factor", "__import__('time').sleep(0.3)\n    return x")["test_double"]
    assert check.verdict is Verdict.FAILED
    assert time.perf_counter() - begun < 6


def test_answers_of_another_kind(explained):
    """Whatever a constructor or a function returns, the search only finds that it is wrong."""
    checks = explained("class Counter:", "def Counter(params, lr):\n    return 3\n\nclass Other:")
    assert checks["test_steps"].verdict is not Verdict.PASSED
    checks = explained("return x.sum(axis=0), None", "return {1: 'a'}")
    assert checks["test_total"].verdict is Verdict.FAILED


def test_missing_names_have_no_explanation(explained):
    """A stub has nothing to be explained."""
    check = explained("return x * factor", "raise NotImplementedError")["test_double"]
    assert check.verdict is Verdict.MISSING
    assert (check.case, check.mistake) == (None, None)


def test_chance_has_no_smallest_case(explained):
    """An answer that differs from run to run of the reference cannot be compared; ours does not."""
    check = explained("return x * factor", "return x * np.random.default_rng().random()")["test_double"]
    assert check.case is not None


def test_explanations_have_a_digest_of_their_own(tiny):
    """A better hint changes it; a new check does not."""
    course = tiny()
    unit = course.units[0]
    before = explanation_digest(course, unit)
    unit.grader.write_text(unit.grader.read_text() + "\n")
    assert explanation_digest(course, unit) == before
    unit.mistakes.write_text(unit.mistakes.read_text().replace('hint="*"', 'hint="times"'))
    assert explanation_digest(course, "numbers") != before


def test_a_fault_of_ours_costs_nothing(tiny):
    """Where explaining itself fails, the marks stay and staff get a note."""
    course = tiny()
    unit = course.units[0]
    suite = Suite(course, unit)
    subject = LocalSubject({"scale": lambda x, factor=1.0: np.zeros(3)})
    checks, outcomes = judge(suite, subject, 0)
    unit.mistakes.write_text("1 / 0\n")

    class Trialled:
        pass

    trialled = Trialled()
    vars(trialled).update(suite=suite, subject=subject, checks=checks, outcomes=outcomes, paper=0)
    told = Explainer()(trialled)
    assert [check.earned for check in told] == [check.earned for check in checks]
    assert "diagnosis failed: ConfigError" in told[0].notes[0]


def test_known_mistakes_are_tried_once(tiny, monkeypatch):
    """How they fare, and their smallest cases, are kept for all other judges of this version."""
    course = tiny()

    def explained_anew():
        suite = Suite(course, course.units[0], tasks_of_names(course.units[0]))
        told_by = diagnosis(suite)
        subject = LocalSubject(module_namespace(RIGHT.replace("x * factor", "x + factor"), "student"))
        return told_by.explain(*judge(suite, subject, 1), 1, subject)

    first = explained_anew()
    assert (first[0].mistake, first[0].case["got"]) == ("adds", "array([[3.]])")
    names = {path.name for path in (course.data_folder / "known" / "numbers").rglob("*")}
    assert {"adds.json", "adds-scale.json", "ignores_factor.json"} <= names
    assert "ignores_factor-scale.json" not in names  # nobody made it

    def never(*args):
        raise AssertionError("tried again")

    monkeypatch.setattr(Namer, "_tried", never)
    monkeypatch.setattr(Cases, "_find", never)
    assert explained_anew() == first


def test_what_is_kept_decides_no_mark(tiny):
    """Whoever could write there could take a name away, and nothing else."""
    course = tiny()
    suite = Suite(course, course.units[0], tasks_of_names(course.units[0]))
    told_by = diagnosis(suite)
    told_by.namer.learn(told_by.namer.catalogue.mistakes["adds"], dict.fromkeys(suite.marks, Verdict.PASSED))
    subject = LocalSubject(module_namespace(RIGHT.replace("x * factor", "x + factor"), "student"))
    checks, outcomes = judge(suite, subject, 1)
    told = told_by.explain(checks, outcomes, 1, subject)
    assert [(c.verdict, c.earned) for c in told] == [(c.verdict, c.earned) for c in checks]
    assert told[0].mistake is None


def test_named_where_the_shape_ends_the_check(tiny):
    """A reply of the wrong shape ends a check before its values are compared; the name is found."""
    course = tiny(grader=[("draw.normal(5, 5)", "draw.normal(5, 4)")])
    suite = Suite(course, course.units[0], tasks_of_names(course.units[0]))
    subject = LocalSubject(module_namespace(RIGHT.replace("axis=0), None", "axis=1), x.shape"), "student"))
    checks, outcomes = judge(suite, subject, 1)
    assert "wrong shape" in outcomes["test_total"].reason
    told = {c.id: c for c in diagnosis(suite).explain(checks, outcomes, 1, subject)}
    assert told["test_total"].mistake == "columns"


def test_not_named_when_an_earlier_case_is_right(explained):
    """A mistake that fails a check's first case is not that of code which fails only its second."""
    checks = explained("return x * factor", "return x * (2.0 if factor < 1 else factor)")
    assert checks["test_double"].verdict is Verdict.PASSED
    assert checks["test_factor"].verdict is Verdict.FAILED
    assert checks["test_factor"].mistake is None


def test_only_a_new_process_is_asked_for_what_is_shown(tiny):
    """A process that has seen hidden inputs and gives them back to public ones is not believed."""
    course = tiny()
    suite = Suite(course, course.units[0], tasks_of_names(course.units[0]))
    told_by = diagnosis(suite)
    remembers = RIGHT.replace("x * factor", "(seen.append(x), x + factor if x.size > 2 else seen[0])[1]")
    for code, renewed in ((RIGHT.replace("x * factor", "factor + x"), 0), ("seen = []\n" + remembers, 1)):
        namespace = module_namespace(code, "student")
        subject, ended = LocalSubject(namespace), []
        checks, outcomes = judge(suite, subject, 1)

        def renew(namespace=namespace, ended=ended):
            namespace.get("seen", []).clear()
            ended.append(True)

        told = {c.id: c for c in told_by.explain(checks, outcomes, 1, subject, renew)}
        assert told["test_double"].mistake == "adds"
        assert told["test_double"].case is not None
        assert len(ended) == renewed
        hidden = {f"{value:.4f}" for value in outcomes["test_double"].transcript[0].args[0].ravel()}
        assert not [number for number in hidden if number in str(told["test_double"].case)]


def test_a_verdict_of_the_machine_is_not_kept(tiny, monkeypatch):
    """A known mistake whose check was stopped on a busy machine is tried again by the next judge."""
    course = tiny()
    suite = Suite(course, course.units[0], tasks_of_names(course.units[0]))
    namer = diagnosis(suite).namer
    adds, columns = namer.catalogue.mistakes["adds"], namer.catalogue.mistakes["columns"]
    with monkeypatch.context() as busy:
        busy.setattr(suite, "run", lambda *args, **options: Outcome(Verdict.TIMEOUT))
        assert set(namer.verdicts(adds).values()) == {Verdict.TIMEOUT}
    assert namer.verdicts(columns) == {"test_total": Verdict.FAILED}
    assert [path.name for path in namer.keep.folder.iterdir()] == ["columns.json"]


@pytest.mark.parametrize(
    ("heard", "same"),
    [
        ([1.0, 2.0], True),
        ([2.0, 1.0], True),
        ([1.0, 2.0, 2.0], True),
        ([1.0], False),
        ([1.0, 3.0], False),
        ([np.ones(2)], False),
    ],
)
def test_what_lent_functions_are_given_is_an_answer(heard, same):
    """A name needs that, too: some checks look at nothing else. The order of a loop is nobody's mistake."""
    left, right = (
        Call(
            Step("call", NameRef("total"), label="total"), Answer(7.0, heard=tuple((each,) for each in given))
        )
        for given in (heard, [1.0, 2.0])
    )
    assert same_answers((left,), (right,), "total", {}) is same
