"""Finding submissions: every layout that a teacher may have on disk, and what is odd in it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.base.errors import UsageError
from autograder.course import Unit
from autograder.notebook.finding import Found, find_submissions
from autograder.notebook.left_out import left_out

UNIT = Unit("relu", "ReLU", due="2027-01-17T12:00+00:00", hours=1)


@pytest.fixture
def place(tmp_path: Path) -> Callable[..., Path]:
    """A function that makes files below a folder and gives the folder."""

    def make(*names: str) -> Path:
        for name in names:
            path = tmp_path / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("{}")
        return tmp_path / "in"

    return make


def students(*paths: Path, student: str | None = None) -> list[str]:
    return [item.student for item in find_submissions(paths, UNIT, student)]


def one(path: Path) -> Found:
    (found,) = find_submissions([path], UNIT)
    return found


def test_nbgraders_layout(place):
    """A folder per student, a folder per unit in it; students without the unit have not submitted."""
    folder = place("b/relu/relu.ipynb", "a/relu/relu.ipynb", "c/other/other.ipynb", "b/other/other.ipynb")
    assert students(folder) == ["a", "b"]
    assert one(folder / "a" / "relu" / "..").student == "a"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2027-01-17 11:00:00.000001 UTC", "2027-01-17T11:00:00.000001+00:00"),
        ("2027-01-17T12:00+01:00\n", "2027-01-17T12:00:00+01:00"),
        ("yesterday", None),
        ("9" * 10_000, None),
    ],
)
def test_the_time_of_submission(place, text, moment):
    """nbgrader's timestamp.txt is read with its zone; what is no time is none."""
    folder = place("a/relu/relu.ipynb")
    (folder / "a" / "relu" / "timestamp.txt").write_text(text)
    assert one(folder).submitted == moment


def test_a_time_that_is_no_text(place):
    """Bytes in timestamp.txt stop nothing."""
    folder = place("a/relu/relu.ipynb")
    (folder / "a" / "relu" / "timestamp.txt").write_bytes(b"\xff\xfe\x00")
    assert one(folder).submitted is None


def test_canvas(place):
    """Canvas' flat names give the short name; LATE and the number of a resubmission do not matter."""
    folder = place(
        "doejane_1234_5678_relu.ipynb",
        "roerick_LATE_1235_5679_relu-1.ipynb",
        "müllerzoë_77_88_my relu_final (2).ipynb",
    )
    assert students(folder) == ["doejane", "müllerzoë", "roerick"]


def test_canvas_namesakes(place):
    """Of two students of one name the second gets Canvas' number for the student."""
    folder = place("doejane_1_10_relu.ipynb", "doejane_LATE_2_11_relu.ipynb", "roerick_3_12_relu.ipynb")
    assert students(folder) == ["doejane", "doejane_2", "roerick"]


def test_canvas_one_student_twice(place):
    """Two files of one student are not guessed between."""
    folder = place("doejane_1_10_relu.ipynb", "doejane_1_11_other.ipynb")
    with pytest.raises(UsageError, match=r"doejane has more than one submission: .*10.*11.*\nKeep one"):
        students(folder)


def test_moodle(place):
    """Moodle's folders give the full name, a namesake with Moodle's number; other folders do not count."""
    folder = place(
        "Jane Doe_11_assignsubmission_file_/relu.ipynb",
        "Jane Doe_12_assignsubmission_file_/my notebook.ipynb",
        "Rick Roe_13_assignsubmission_file_/relu.ipynb",
        "Rick Roe_13_assignsubmission_onlinetext_/onlinetext.html",
    )
    found = find_submissions([folder], UNIT)
    assert [item.student for item in found] == ["Jane Doe", "Jane Doe_12", "Rick Roe"]
    assert found[1].path.name == "my notebook.ipynb"


def test_moodle_flat(place):
    """Moodle without folders puts the name before the file."""
    folder = place(
        "Jane Doe_11_assignsubmission_file_relu.ipynb", "Rick Roe_12_assignsubmission_file_x_1_2_y.ipynb"
    )
    assert students(folder) == ["Jane Doe", "Rick Roe"]


def test_gradescope(place):
    """Gradescope's folders keep its number; its metadata file is no submission."""
    folder = place("submission_1/relu.ipynb", "submission_2/renamed.ipynb", "submission_metadata.yml")
    assert students(folder) == ["submission_1", "submission_2"]


def test_flat(place):
    """Any other notebook is a student of its file's name; other files are not looked at."""
    assert students(place("a.ipynb", "B.IPYNB", "notes.txt", "relu.py")) == ["B", "a"]


def test_a_bare_notebook(place):
    """Its student is its stem, or what --student says."""
    path = place("student-001.ipynb") / "student-001.ipynb"
    assert students(path) == ["student-001"]
    assert students(path, student="somebody else") == ["somebody else"]


def test_student_goes_with_one_notebook(place):
    """--student for several notebooks would give all marks to one."""
    with pytest.raises(UsageError, match="--student goes with one notebook; 2 were found"):
        students(place("a.ipynb", "b.ipynb"), student="a")


def told(*paths: Path) -> list[str]:
    return left_out(paths, UNIT, find_submissions(paths, UNIT))


@pytest.mark.parametrize("end", ["file", "file_"])
def test_moodle_with_and_without_the_last_underscore(place, end):
    """Older Moodles end the folder's name in "file"; both may lie side by side."""
    folder = place(
        "Jane Doe_11_assignsubmission_file/relu.ipynb", f"Rick Roe_12_assignsubmission_{end}/relu.ipynb"
    )
    assert students(folder) == ["Jane Doe", "Rick Roe"]
    assert told(folder) == []


def test_what_is_no_notebook_is_told(place):
    """A file in a flat folder that is no notebook is somebody's submission all the same."""
    folder = place("a.ipynb", "b_1_2_relu.zip", "c.html", "d.py", "e.pdf", ".DS_Store", "timestamp.txt")
    assert told(folder) == [
        "4 files are no notebooks and were not graded: b_1_2_relu.zip, c.html, d.py, e.pdf. "
        "Ask for the .ipynb."
    ]


def test_a_folder_of_no_layout_is_told(place):
    """A file in a folder that nothing explains is not passed over; other units' are."""
    folder = place(
        "a/relu/relu.ipynb",
        "b/other/other.ipynb",
        "c/relu.ipynb",
        "d/relu.zip",
        "e/.ipynb_checkpoints/relu-checkpoint.ipynb",
        "__MACOSX/relu.ipynb",
        "feedback/page.html",
        "f.ipynb",
    )
    assert told(folder) == [
        "3 folders match no layout and were not graded: c, d, feedback. Expected <student>/relu/relu.ipynb.",
        "1 notebook lies beside students' folders and was not graded: f.ipynb. "
        "Name it on the command line if it is a submission.",
    ]


def test_many_names_are_cut(place):
    """A hundred files make one line, whatever they are called."""
    names = [f"{n}\n.txt" for n in range(7)]
    (sentence,) = told(place("a.ipynb", *names))
    assert sentence.startswith("7 files are no notebooks and were not graded: 0?.txt, 1?.txt")
    assert "and 2 more. Ask" in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("folder", ["a", "."])
def test_the_units_of_one_student_are_not_told(place, folder):
    """Other units in nbgrader's layout are no submissions of this one."""
    root = place("a/relu/relu.ipynb", "a/other/other.ipynb", "b/other/other.ipynb")
    assert told(root / folder) == []


def test_nothing_but_what_is_no_notebook(place):
    """Where nothing is found, the error says what lies there."""
    with pytest.raises(UsageError, match=r"no submission of relu .* 1 file is no notebook .*: relu.zip. Ask"):
        students(place("relu.zip"))


HANDED_IN = {
    "two": (
        ["one.ipynb", "two.ipynb"],
        "The folder holds 2 notebooks (one.ipynb, two.ipynb) and none is called relu.ipynb: hand in one.",
    ),
    "a zip": (["x.zip"], "The folder holds no notebook, but x.zip: unpack it and hand in relu.ipynb."),
    "a page": (["x.html", "timestamp.txt"], "The folder holds no notebook, but x.html: hand in relu.ipynb."),
    "nothing": (["timestamp.txt"], "The folder is empty: hand in relu.ipynb."),
    "two below": (
        ["x/relu.ipynb", "y/relu.ipynb"],
        "The folder holds 2 notebooks (x/relu.ipynb, y/relu.ipynb) and it is not clear which one counts: "
        "hand in one.",
    ),
    "right": (["relu.ipynb", "old.ipynb"], ""),
    "one below": (["x/y/mine.ipynb", "x/.ipynb_checkpoints/mine.ipynb"], ""),
}


@pytest.mark.parametrize("what", HANDED_IN)
@pytest.mark.parametrize("layout", ["a/relu", "a_1_assignsubmission_file_", "submission_1"])
def test_what_a_folder_of_one_student_holds(place, what, layout):
    """The result says what was handed in, not that there is no such file."""
    names, wrong = HANDED_IN[what]
    found = one(place(*(f"{layout}/{name}" for name in names)))
    assert found.wrong == wrong
    assert found.path.is_file() == (not wrong)


def test_all_doubles_are_told_at_once(place):
    """Who puts the folder right needs to know of every student and file."""
    folder = place("a_1_2_x.ipynb", "a_1_3_x.ipynb", "b_2_4_x.ipynb", "c_3_5_x.ipynb", "c_3_6_x-1.ipynb")
    with pytest.raises(UsageError) as caught:
        students(folder)
    first, second, advice = str(caught.value).split("\n")
    assert first == f"a has more than one submission: {folder}/a_1_2_x.ipynb, {folder}/a_1_3_x.ipynb."
    assert second.startswith("c has more than one submission: ")
    assert advice == "Keep one of each."


STRANGE = [
    "Zoë Müller",
    "张伟",
    "100% done",
    "-rf",
    "a'b\"c",
    "$(id)",
    "x" * 200,
    "é",
    "e\u0301",
]


@pytest.mark.parametrize("name", STRANGE, ids=ascii)
def test_strange_names_stay_as_they_are(place, name):
    """A student's name is taken from the folder or the file as it is written."""
    assert students(place(f"{name}/relu/relu.ipynb")) == [name]
    assert find_submissions([place(f"{name}.ipynb") / f"{name}.ipynb"], UNIT)[0].student == name


def test_hidden_and_foreign_files_are_no_submissions(place):
    """What editors and archives leave behind is not looked at."""
    folder = place(
        "a/relu/relu.ipynb",
        "a/relu/.ipynb_checkpoints/relu-checkpoint.ipynb",
        "__MACOSX/relu/relu.ipynb",
        ".trash/relu/relu.ipynb",
        ".hidden.ipynb",
    )
    assert students(folder) == ["a"]


def test_a_renamed_notebook(place):
    """The only notebook of a folder counts, whatever a browser called it; of several, none is guessed."""
    folder = place("a/relu/relu (1).ipynb", "b/relu/one.ipynb", "b/relu/two.ipynb", "c/relu/relu.ipynb")
    place("c/relu/old.ipynb")
    paths = {item.student: item.path.name for item in find_submissions([folder], UNIT)}
    assert paths == {"a": "relu (1).ipynb", "b": "relu.ipynb", "c": "relu.ipynb"}
    assert not (folder / "b" / "relu" / "relu.ipynb").exists()


def test_an_empty_folder_of_a_student_is_a_submission(place):
    """Who handed in a folder without a notebook gets a result that says so."""
    folder = place("a/relu/notes.txt")
    assert one(folder).path.name == "relu.ipynb"


@pytest.mark.parametrize("link", ["b", "b/relu", "b/relu/relu.ipynb"])
def test_links_are_found_and_not_followed(place, link):
    """A link to another student's work is a submission whose path is the link."""
    folder = place("a/relu/relu.ipynb")
    path = folder / link
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(folder / link.replace("b", "a", 1))
    found = {item.student: item.path for item in find_submissions([folder], UNIT)}
    assert found["b"] == path
    assert found["b"].is_symlink()


def test_a_dangling_link_is_a_submission(place):
    """A link to nowhere is found, so that it gets a result."""
    folder = place("a.ipynb")
    (folder / "b.ipynb").symlink_to("/nowhere")
    assert students(folder) == ["a", "b"]
    assert students(folder / "b.ipynb") == ["b"]


def test_pipes_are_left_to_the_reader(place):
    """A pipe is found without waiting for somebody to write into it."""
    folder = place("a.ipynb")
    os.mkfifo(folder / "b.ipynb")
    assert students(folder) == ["a", "b"]


@pytest.mark.parametrize("names", [[], ["notes.txt"], ["a/other/other.ipynb"]])
def test_nothing_found(place, tmp_path, names):
    """The error says what was expected, and where nothing was found."""
    (tmp_path / "in").mkdir()
    with pytest.raises(
        UsageError, match=r"no submission of relu in .*in. Expected relu.ipynb, <student>/relu"
    ):
        students(place(*names))


@pytest.mark.parametrize("name", ["absent", "x" * 300, "a\0b"])
def test_a_path_that_is_not_there(tmp_path, name):
    """A path that does not or cannot exist is an error of the command line."""
    with pytest.raises(UsageError, match=r"does not exist|cannot be read"):
        students(tmp_path / name)


def test_one_student_in_two_places(place):
    """Two paths that claim one student are refused with both files named."""
    folder = place("a/x.ipynb", "b/x.ipynb")
    with pytest.raises(UsageError, match=r"x has more than one submission: .*a/x.ipynb, .*b/x.ipynb"):
        students(folder / "a", folder / "b")


def test_an_unpacked_release_among_the_folders_of_a_platform(place):
    """One student of many hands in the folder that he was given: all are found."""
    folder = place(
        "submission_1/relu.ipynb", "submission_2/relu/relu.ipynb", "Jane_3_assignsubmission_file_/x.ipynb"
    )
    assert students(folder) == ["Jane", "submission_1", "submission_2"]


def test_a_folder_that_is_named_by_a_link_is_followed(place, tmp_path):
    """Whoever grades says where submissions lie; only what students hand in must be no link."""
    place("a/relu/relu.ipynb", "b/relu/relu.ipynb")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    assert students(tmp_path / "link") == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "student"),
    [(b"bad\xff", "bad\\xff"), (b"\x1b]0;owned\x07", "\\x1b]0;owned\\x07"), (b"a\nb", "a\\nb")],
)
def test_a_name_is_printable(place, name, student):
    """Bytes that are no UTF-8, and what would move a terminal's cursor, are written out."""
    folder = place("x.txt")
    file = os.path.join(os.fsencode(folder), name, b"relu", b"relu.ipynb")
    os.makedirs(os.path.dirname(file))
    with open(file, "wb") as notebook:
        notebook.write(b"{}")
    assert students(folder) == [student]
