"""What comes in: every strange upload ends in a sentence, and leaves nothing behind."""

import io
import json
import stat
import zipfile

import pytest

from autograder.exchange.service.refusals import Refused
from autograder.exchange.service.settings import ServiceLimits
from autograder.exchange.store.uploads import File, checked, clean_path, from_form, notebook_of, parse_json

from .stage import files, notebook, packed

LIMITS = ServiceLimits(unpacked_mib=1, files=5)


@pytest.mark.parametrize(
    "path",
    [
        *("../x.ipynb", "/etc/passwd", "a/../../x", "a//b", "./x", "a/./b", "C:x", "a\\b", "..", "", " x"),
        *("x\0", "x\n.ipynb", "x\u202e.ipynb", "a/b/c/d/e/f/g", "CON", "aux.ipynb", "x.", "y" * 300),
    ],
)
def test_paths_that_lead_astray_are_refused(path):
    """Nothing above the folder, nothing absolute, nothing invisible, nothing that a system cannot store."""
    with pytest.raises(Refused):
        clean_path(path, LIMITS)


@pytest.mark.parametrize(
    "path", ["conv_layer.ipynb", "data/x y.csv", "Übung.ipynb", "a-b_c.1.txt", ".hidden"]
)
def test_plain_paths_are_taken(path):
    """Letters of any language, spaces inside, folders."""
    assert clean_path(path, LIMITS) == path


def test_two_names_that_meet_are_refused():
    """On some systems these are one file."""
    with pytest.raises(Refused, match="same name"):
        checked([File("a.ipynb", b""), File("A.ipynb", b"")], LIMITS)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[1, 2", b"null", b"[]", b'{"files": 3}', b'{"files": [1]}', b'{"files": [{"path": "x"}]}'),
        *(b'{"files": [{"path": 1, "content": ""}]}', b'{"files": [{"path": "x", "content": "%%%"}]}'),
        *(
            b"[" * 100_000,
            b"\xff\xfe",
            b'{"files": [], "key": 7}',
            b'{"files": [{"path": "x", "content": "\xc3\xa4"}]}',
        ),
    ],
)
def test_wrong_json_is_refused(body):
    """Whatever is no upload is said to be none."""
    with pytest.raises(Refused):
        parse_json(body, LIMITS)


def _zip(*members):
    packed_ = io.BytesIO()
    with zipfile.ZipFile(packed_, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return packed_.getvalue()


def test_an_archive_is_unpacked():
    """A browser may send one ZIP; what programs leave in it is ignored."""
    content = _zip(("u.ipynb", b"{}"), ("__MACOSX/._u.ipynb", b"x"), ("data/a.csv", b"1"))
    assert [file.path for file in from_form([("my.zip", content)], LIMITS).files] == ["data/a.csv", "u.ipynb"]


def test_a_zip_bomb_is_stopped_while_it_unpacks():
    """The archive's own word for its size is not believed: unpacking ends at the limit."""
    content = _zip(("u.ipynb", b"0" * (64 << 20)))
    assert len(content) < 100_000
    with pytest.raises(Refused, match="unpacks to more") as refused:
        from_form([("bomb.zip", content)], LIMITS)
    assert refused.value.status == 413


@pytest.mark.parametrize("name", ["../../evil.ipynb", "/abs.ipynb"])
def test_an_archive_cannot_lead_out(name):
    """Zip slip."""
    with pytest.raises(Refused):
        from_form([("a.zip", _zip((name, b"{}")))], LIMITS)


def test_links_encryption_and_damage_in_archives_are_said():
    """Only plain files that can be read are taken from an archive."""
    link = zipfile.ZipInfo("u.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(Refused, match="link"):
        from_form([("a.zip", _zip((link, "/etc/passwd")))], LIMITS)
    whole = _zip(("u.ipynb", b"0123456789" * 50))
    for broken in (whole[:-30], b"PK\x03\x04 nonsense", whole[:40] + b"\xff\xff\xff" + whole[43:]):
        with pytest.raises(Refused):
            from_form([("a.zip", broken)], LIMITS)
    locked = bytearray(whole)
    locked[6] |= 1
    locked[whole.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(Refused, match="encrypted"):
        from_form([("a.zip", bytes(locked))], LIMITS)


def test_too_many_files_are_refused():
    """A folder of thousands is a mistake, or worse."""
    many = [(f"f{i}.txt", b"") for i in range(6)]
    with pytest.raises(Refused, match="6 files; at most 5 files"):
        from_form(many, LIMITS)
    with pytest.raises(Refused, match="6 files; at most 5 files"):
        from_form([("a.zip", _zip(*many))], LIMITS)


def test_the_notebook_is_found_by_name_or_alone():
    """A renamed notebook is found where it is the only one."""
    assert notebook_of(["a.ipynb", "u.ipynb"], "u") == "u.ipynb"
    assert notebook_of(["u (1).ipynb", "x.csv"], "u") == "u (1).ipynb"
    for paths in ([], ["x.py"], ["a.ipynb", "b.ipynb"]):
        with pytest.raises(Refused, match=r"Expected u\.ipynb"):
            notebook_of(paths, "u")


def test_refusals_are_sentences_over_http(stage):
    """Wrong JSON, no notebook and an unknown unit are answered with a status and a sentence."""
    student = stage.student()
    for path, content, status in [
        ("softmax", b"not json", 400),
        ("softmax", json.dumps({"files": []}).encode(), 422),
        ("softmax", json.dumps({"files": [packed("x.py", b"")]}).encode(), 422),
        ("softmx", json.dumps(files(softmax_ipynb=b"{}")).encode(), 404),
    ]:
        answer = student.post(f"api/units/{path}/attempts", content=content)
        assert (answer.status_code, bool(answer.json()["error"])) == (status, True)
    assert student.get("api/units/softmax/attempts").json()["attempts"] == []
    assert "did you mean softmax" in answer.json()["error"]


def test_a_file_that_is_no_notebook_is_still_an_attempt(stage):
    """What cannot be read is accepted and graded as such, so that nothing a student sends is lost."""
    answer = stage.student().post("api/units/softmax/attempts", json=files(softmax_ipynb=b"\x89PNG"))
    assert answer.status_code == 201


@pytest.mark.parametrize("said", [True, False], ids=["content-length", "chunked"])
def test_a_huge_upload_is_refused(stage, said):
    """A body over the limit is answered by 413, whether or not it says how large it is."""
    most = int(stage.desk.limits.body_mib * 2**20)
    chunk = b" " * (1 << 20)

    def body():
        for _ in range(most // len(chunk) + 2):
            yield chunk

    content = b" " * (most + 1) if said else body()
    answer = stage.student().post("api/units/softmax/attempts", content=content)
    assert answer.status_code == 413
    assert "larger than 48 MiB" in answer.json()["error"]


def test_the_same_request_twice_is_one_attempt(stage):
    """A client that got no answer may ask again."""
    body = files(softmax_ipynb=notebook(stage.course)) | {"key": "k1"}
    student = stage.student()
    first, second = (student.post("api/units/softmax/attempts", json=body).json() for _ in range(2))
    assert first["id"] == second["id"]
    assert len(student.get("api/units/softmax/attempts").json()["attempts"]) == 1
    other = stage.student("student-002").post("api/units/softmax/attempts", json=body).json()
    assert other["id"] != first["id"]


@pytest.mark.parametrize(
    ("clock", "words"),
    [
        ("2001-01-01T00:00:00+00:00", "behind"),
        ("2999-01-01T00:00:00+00:00", "ahead"),
        ("0001-01-01T00:00:00+14:00", ""),
        ("yesterday", ""),
    ],
)
def test_a_wrong_clock_is_said_and_changes_nothing(stage, clock, words):
    """The server's time counts, whatever the client's computer thinks."""
    body = files(softmax_ipynb=notebook(stage.course)) | {"client_time": clock}
    made = stage.student().post("api/units/softmax/attempts", json=body).json()
    assert words in made["note"]
    assert made["received"] > "2020"
    assert made["late_percent"] == 0.0
