"""Handing in from a person's own server: nbgrader's own class, with what comes of it in words."""

import pytest

from autograder.exchange.client import service as client
from autograder.hub.servers.spawners import SETTINGS
from autograder.hub.servers.submitting import NotSubmitted, looked, released_units, stands, submitted

from .stage import notebook


@pytest.fixture
def server(stage, tmp_path, monkeypatch):
    """The environment of a student's server, with the unit in its folder."""
    home = tmp_path / "home"
    folder = home / stage.course.name / "softmax"
    folder.mkdir(parents=True)
    (folder / "softmax.ipynb").write_bytes(notebook(stage.course, "softmax_forward"))
    for name, value in {
        "HOME": str(home),
        "COURSE_NAME": stage.course.name,
        "COURSE_EXCHANGE_URL": stage.url,
        "JUPYTERHUB_API_TOKEN": stage.hub.token("student-001", f"nbgrader-{stage.course.name}"),
        "JUPYTERHUB_USER": "student-001",
        "JUPYTERHUB_HOST": "https://hub.example.org",
        "JUPYTERHUB_BASE_URL": "/",
        "JUPYTER_CONFIG_PATH": str(SETTINGS / "everyone"),
        "JUPYTER_DATA_DIR": str(home / "data"),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(home)
    return home


def test_a_look_hands_nothing_in(stage, server):
    """It says what the page would, of the files as they are saved, without what nbgrader leaves out."""
    (server / "course" / "softmax" / "notes.pyc").write_bytes(b"x")
    (server / "course" / "softmax" / "plan.txt").write_text("x")
    found = looked("softmax")
    assert found["parts"][0]["title"] == "Not written yet"
    assert found["parts"][-1]["lines"] == ["plan.txt"]
    assert stage.student().get("api/units/softmax/attempts").json()["attempts"] == []
    assert released_units() == [{"unit": "softmax", "title": "Softmax"}]


def test_hand_in_answers_receipt_page_and_place(stage, server):
    """The same file of the receipt as from nbgrader's button, and the attempt's page for the browser."""
    made = submitted("softmax")
    assert (made["number"], made["says"], made["settled"]) == (1, "Next in line.", False)
    assert made["page"] == f"https://hub.example.org/services/exchange/attempts/{made['id']}"
    receipt = server / made["receipt"].removeprefix("~/")
    assert (
        receipt.read_text().strip()
        == stage.student().get(f"api/attempts/{made['id']}/receipt").json()["receipt"]
    )
    assert stands(made["id"]) == {"says": "Next in line.", "settled": False}


def test_a_home_without_room_for_the_receipt_has_handed_in(stage, server):
    """What the exchange has is not called lost."""
    (server / "data").write_text("no folder")
    made = submitted("softmax")
    assert made["receipt"] == "" and made["number"] == 1
    assert len(stage.student().get("api/units/softmax/attempts").json()["attempts"]) == 1


def test_a_refusal_is_a_sentence_and_sure(server):
    """Nothing is there to hand in."""
    with pytest.raises(NotSubmitted, match="not found") as refused:
        submitted("other")
    assert refused.value.sure


def test_without_an_answer_nobody_knows(server, monkeypatch):
    """The exchange may have it, so that nobody is told it has not."""
    monkeypatch.setenv("COURSE_EXCHANGE_URL", "http://127.0.0.1:9/services/exchange/")
    monkeypatch.setattr(client, "TRIES", 1)
    with pytest.raises(NotSubmitted, match="does not answer") as unanswered:
        submitted("softmax")
    assert not unanswered.value.sure


def test_another_exchange_is_not_asked(server, monkeypatch):
    """A student's own settings may hand in elsewhere; then nbgrader's button does it, not ours."""
    monkeypatch.setenv("COURSE_EXCHANGE_URL", "")
    with pytest.raises(NotSubmitted, match="list of assignments"):
        looked("softmax")
