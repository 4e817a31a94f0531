"""A receipt is read and checked: by ``course receipt``, and on a page."""

import json
from pathlib import Path

import pytest

from autograder.exchange.store.receipts import Signer, fingerprint
from tests.batch.small import in_process

from .stage import files, notebook
from .test_pages import logged_in, word_of


@pytest.fixture
def handed(stage, tmp_path, monkeypatch) -> Path:
    """The file of a receipt, beside what was handed in; nothing names an exchange."""
    monkeypatch.delenv("COURSE_EXCHANGE_URL", raising=False)
    content = notebook(stage.course)
    made = stage.student().post("api/units/softmax/attempts", json=files(softmax_ipynb=content)).json()
    (tmp_path / "softmax.ipynb").write_bytes(content)
    (tmp_path / "receipt.txt").write_text(made["receipt"] + "\n")
    return tmp_path / "receipt.txt"


def test_the_command_says_who_what_and_when(stage, desk, handed, tmp_path, capfd, monkeypatch):
    """In the course's folder by its own key, elsewhere by a file's or that of the exchange at an address."""
    (tmp_path / "key.pem").write_text(desk.signer.public_key())
    mine = fingerprint(desk.signer.public_key())
    for where, more, source in (
        (stage.course.root, [], "Small course"),
        (tmp_path, ["--key", "key.pem"], "key.pem"),
        (tmp_path, ["--url", stage.url], stage.url),
    ):
        assert in_process(["receipt", str(handed), *more], where, monkeypatch) == 0
        said = capfd.readouterr().out
        assert said.startswith(f"valid: held against the key of {source}, SHA-256 {mine}")
        for line in (
            "unit       softmax",
            "student    student-001",
            "attempt    1, ",
            " UTC, by the exchange",
        ):
            assert line in said


def test_a_changed_receipt_or_another_key_is_not_valid(stage, handed, tmp_path, capfd, monkeypatch):
    """Exit code 1 and what may have happened, as text and as JSON."""
    (tmp_path / "other.pem").write_text(Signer(tmp_path / "other").public_key())
    assert in_process(["receipt", str(handed), "--key", "other.pem"], tmp_path, monkeypatch) == 1
    assert "NOT VALID" in (said := capfd.readouterr().out)
    assert "changed or cut" in said
    handed.write_text(handed.read_text()[:-9])
    assert in_process(["receipt", str(handed), "--json"], stage.course.root, monkeypatch) == 1
    found = json.loads(capfd.readouterr().out)
    assert (found["valid"], found["receipt"]) == (False, None)
    assert "changed or cut" in found["trouble"]


def test_files_are_compared_with_what_was_handed_in(stage, handed, tmp_path, capfd, monkeypatch):
    """Who has the file can show that it is the one."""
    same, other = tmp_path / "softmax.ipynb", tmp_path / "other.ipynb"
    other.write_text("{}")
    compare = [word for path in (same, other) for word in ("--compare", str(path))]
    assert in_process(["receipt", str(handed), *compare[:2]], stage.course.root, monkeypatch) == 0
    capfd.readouterr()
    assert in_process(["receipt", str(handed), *compare, "--json"], stage.course.root, monkeypatch) == 1
    found = json.loads(capfd.readouterr().out)
    assert found["same"] == {str(same): True, str(other): False}
    assert (found["valid"], found["receipt"]["student"]) == (True, "student-001")


def test_what_cannot_be_read_is_exit_code_2(stage, handed, tmp_path, capfd, monkeypatch):
    """No receipt, no key, or no exchange; the sentence says what to do."""
    (tmp_path / "strange").write_bytes(b"\xff")
    (tmp_path / "huge").write_text("a" * (1 << 19))
    for words, said in (
        (["strange", "--key", "strange"], "is no receipt"),
        (["huge", "--key", "huge"], "larger than 256 KiB"),
        (["receipt.txt", "--key", "receipt.txt"], "expected a public key in PEM"),
        (["receipt.txt"], "name the exchange with --url"),
        (["missing.txt"], "does not exist"),
    ):
        assert in_process(["receipt", *words], tmp_path, monkeypatch) == 2
        printed = capfd.readouterr()
        assert (printed.out, said in printed.err) == ("", True), printed.err


def test_the_page_says_the_same(stage, handed):
    """Pasted with line breaks, or as a file; a forged one is told apart; a link only for its student."""
    text = handed.read_text()
    with logged_in(stage, "student-001", "nbgrader-course") as browser:
        word = word_of(browser.get("receipt"))
        assert browser.get("receipt-key.pem").text == stage.desk.signer.public_key()
        pasted = browser.post("receipt", data={"word": word, "text": f"{text[:40]}\n{text[40:]}"})
        sent = {"file": ("receipt-softmax-1.txt", text.encode(), "text/plain")}
        chosen = browser.post("receipt", data={"word": word, "text": ""}, files=sent)
        for page in (pasted, chosen):
            assert page.status_code == 200
            for part in (
                "valid</span> Signed by this exchange",
                "student-001",
                "softmax, attempt 1",
                "attempts/",
            ):
                assert part in page.text
        forged = browser.post("receipt", data={"word": word, "text": text[:-9] + "<b>"})
        assert forged.status_code == 422
        assert "not valid" in forged.text
        assert "&lt;b&gt;" in forged.text
        assert browser.post("receipt", data={"word": "", "text": text}).status_code == 403
    with logged_in(stage, "student-002", "nbgrader-course") as other:
        page = other.post("receipt", data={"word": word_of(other.get("receipt")), "text": text})
    assert "student-001" in page.text
    assert "its page" not in page.text
