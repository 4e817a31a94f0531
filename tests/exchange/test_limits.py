"""How fast one person may ask, and what the command says."""

import pytest
from click.testing import CliRunner

from autograder.base.errors import UsageError
from autograder.commands.exchange import command
from autograder.exchange.service.settings import ServiceLimits
from autograder.exchange.store.desk import open_desk
from autograder.exchange.store.receipts import ForgedReceipt

from .stage import files, in_this_process, notebook, release


@pytest.fixture
def strict(course, hub, monkeypatch):
    """An exchange that takes three uploads, then one an hour."""
    desk = open_desk(course, ServiceLimits(uploads_per_minute=1 / 60, upload_burst=3, request_burst=40))
    with in_this_process(course, hub, desk, monkeypatch) as found:
        release(found)
        yield found
    desk.database.close()


def test_uploads_have_a_rate(strict):
    """The fourth upload in a row is refused with the time to come back; refused files count, too."""
    student, body = strict.student(), files(softmax_ipynb=notebook(strict.course))
    assert student.post("api/units/softmax/attempts", json=body).status_code == 201
    for _ in range(2):
        assert student.post("api/units/softmax/attempts", content=b"nonsense").status_code == 400
    answer = student.post("api/units/softmax/attempts", json=body)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 3000
    assert "Too many uploads" in answer.json()["error"]
    assert strict.student("student-002").post("api/units/softmax/attempts", json=body).status_code == 201
    assert len(student.get("api/units/softmax/attempts").json()["attempts"]) == 1


def test_requests_have_a_rate(strict):
    """A client that asks without a pause is slowed down; others are not."""
    student = strict.student()
    answers = [student.get("api/me").status_code for _ in range(200)]
    assert answers[:40] == [200] * 40
    assert 429 in answers
    assert strict.student("student-002").get("api/me").status_code == 200


def test_staff_can_check_a_receipt(strict, monkeypatch, tmp_path):
    """``course exchange verify`` says who handed in what, or that the receipt is forged."""
    monkeypatch.setenv("COURSE_ROOT", str(strict.course.root))
    body = files(softmax_ipynb=notebook(strict.course))
    made = strict.student().post("api/units/softmax/attempts", json=body).json()
    receipt = tmp_path / "receipt.txt"
    receipt.write_text(made["receipt"] + "\n")
    done = CliRunner().invoke(command, ["verify", str(receipt)], catch_exceptions=False)
    assert f"student-001 handed in softmax (attempt 1) at {made['received']}" in done.output
    receipt.write_text(made["receipt"][:-4] + "AAAA")
    with pytest.raises(ForgedReceipt):
        CliRunner().invoke(command, ["verify", str(receipt)], catch_exceptions=False)


def test_without_a_hub_the_command_says_so(monkeypatch):
    """The exchange cannot know who asks without a hub."""
    for name in ("JUPYTERHUB_API_URL", "JUPYTERHUB_SERVICE_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match="course hub"):
        CliRunner().invoke(command, [], catch_exceptions=False)
