"""The JSON interface against its own document: whatever schemathesis sends is answered as documented."""

from __future__ import annotations

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks

from autograder.exchange.service.app import make_app
from autograder.exchange.service.document import PUBLIC
from autograder.exchange.service.settings import groups
from autograder.exchange.store.attempts import accept
from autograder.exchange.store.releases import release
from autograder.exchange.store.uploads import File, Upload
from autograder.marks.attempts import of_student

from .stage import PREFIX, notebook

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "40")) // 10  # of each operation and caller
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
few = settings(
    max_examples=max(EXAMPLES, 2),
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


class Tokens:
    """Who two tokens belong to."""

    def __init__(self, course) -> None:
        staff, students = groups(course)
        self._models = {
            "student": {"kind": "user", "name": "student-001", "groups": [students]},
            "staff": {"kind": "user", "name": "ta-1", "groups": [staff]},
        }

    async def model(self, token):
        """As the hub says it."""
        return self._models.get(token)


@pytest.fixture
def document(desk):
    """The application with a released unit and an attempt of another student."""
    unit = desk.course.units[0]
    paths = sorted(path for path in unit.release.rglob("*") if path.is_file())
    files = tuple(File(path.relative_to(unit.release).as_posix(), path.read_bytes()) for path in paths)
    release(desk, unit, Upload(files), "ta-1", False)
    for student in ("student-001", "student-002"):
        accept(desk, unit, student, Upload((File(f"{unit.name}.ipynb", notebook(desk.course)),)))
    return schemathesis.openapi.from_asgi(
        f"{PREFIX}api/openapi.json", make_app(desk, Tokens(desk.course), None, PREFIX)
    )


def each_case(document, desk, token, look):
    """Send a few cases of each operation, half of them with a unit and an attempt that exist."""
    known = {"unit": desk.course.units[0].name, "attempt": attempt_of(desk, "student-002")}
    headers = {"Authorization": f"token {token}"} if token else {}
    for found in document.get_all_operations():
        operation = found.ok()

        @few
        @given(case=operation.as_strategy())
        def send(case):
            for name, value in (case.path_parameters or {}).items():
                if name in known and len(str(value)) % 2:
                    case.path_parameters[name] = known[name]
            look(case, case.call_and_validate(headers=headers, checks=CHECKS))

        send()


def attempt_of(desk, student):
    """The student's first attempt."""
    with desk.database.read() as connection:
        return of_student(connection, desk.course.units[0].name, student)[0].id


def test_a_student_is_answered_as_documented(document, desk):
    """And reads nothing of another's attempt."""

    def look(case, answer):
        assert attempt_of(desk, "student-002") not in answer.text

    each_case(document, desk, "student", look)


def test_staff_are_answered_as_documented(document, desk):
    """Whatever they send."""
    each_case(document, desk, "staff", lambda case, answer: None)


@pytest.mark.parametrize("token", ["", "made-up"])
def test_nobody_is_told_anything(document, desk, token):
    """Without a token, or with a made-up one, there is the clock and the key of receipts."""

    def look(case, answer):
        public = case.operation.path.endswith(PUBLIC)
        assert answer.status_code == (200 if public else 401), answer.text

    each_case(document, desk, token, look)
