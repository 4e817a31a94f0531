"""Names of students: the same for one file, a student's folder and all, whoever else is there, for ever."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.base.errors import UsageError
from autograder.course import Unit
from autograder.export.on_gradescope import find_notebook
from autograder.notebook.finding import Found, find_submissions
from autograder.notebook.left_out import left_out, remarks
from autograder.notebook.naming import Identities
from autograder.notebook.platforms import PlatformName
from tests.gradescope import METADATA

UNIT = Unit("conv_layer", "Convolution layer", due="2027-01-24T23:59+01:00", hours=9)


@pytest.fixture
def place(tmp_path: Path) -> Callable[..., Path]:
    """A function that makes files below a folder and gives the folder."""

    def make(*names: str, **texts: str) -> Path:
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("{}")
        for name, text in texts.items():
            (tmp_path / f"{name}.yml").write_text(text)
        return tmp_path

    return make


def found(*paths: Path, identities: Identities | None = None) -> list[Found]:
    return find_submissions(paths, UNIT, None, identities)


def students(*paths: Path, identities: Identities | None = None) -> list[str]:
    return [item.student for item in found(*paths, identities=identities)]


@pytest.mark.parametrize(
    ("path", "student"),
    [
        ("canvas/onestudent_101_9001_conv_layer.ipynb", "onestudent"),
        ("canvas/onestudent_LATE_101_9001_conv_layer-1.ipynb", "onestudent"),
        ("canvas/conv_layer/onestudent_101_9001_my work.ipynb", "onestudent"),
        ("canvas/team_a_202_9002_conv_layer.ipynb", "team_a"),
        ("canvas/group_7_202_9002_conv_layer.ipynb", "group_7"),
        ("canvas/group_7_LATE_202_9002_final.ipynb", "group_7"),
        ("canvas/anon_12345_9002_conv_layer.ipynb", "anon_12345"),
        ("canvas/LATE_anon_aB3dE_9002_conv_layer.ipynb", "anon_aB3dE"),
        ("moodle/Student One_11_assignsubmission_file_/mine.ipynb", "Student One"),
        ("moodle/Student One_11_assignsubmission_file_/conv_layer/conv_layer.ipynb", "Student One"),
        ("moodle/Student One_11_assignsubmission_file_mine.ipynb", "Student One"),
        ("moodle/Participant_77_assignsubmission_file_/conv_layer.ipynb", "Participant_77"),
        ("moodle/Teilnehmerin_77_assignsubmission_file_/conv_layer.ipynb", "Teilnehmerin_77"),
        ("gradescope/submission_111/hw3/conv_layer.ipynb", "submission_111"),
        ("submitted/student-001/conv_layer/conv_layer.ipynb", "student-001"),
        ("submitted/student-001/conv_layer/conv_layer (1).ipynb", "student-001"),
        ("submitted/student-001/conv_layer/conv_layer/conv_layer.ipynb", "student-001"),
        ("flat/student-001.ipynb", "student-001"),
    ],
)
def test_a_file_its_folder_and_the_download(place, path, student):
    """All three give the same student; another student beside it changes nothing."""
    root = place(path)
    top, *below = path.split("/")
    paths = [root / top / "/".join(below[:count]) for count in range(len(below) + 1)]
    for each in paths:
        assert students(each) == [student], each
    if not below[0].startswith("conv_layer"):
        place(f"{top}/zz_999_9999_x.ipynb", f"{top}/Zz_999_assignsubmission_file_/x.ipynb", f"{top}/z.ipynb")
        assert [students(each) for each in paths[1:]] == [[student]] * len(below)


@pytest.mark.parametrize("name", ["conv_layer", "conv_layer (1)", "conv_layer-1", "conv_layer-Copy1"])
def test_a_notebook_that_says_only_its_unit(place, name):
    """It is nobody's: --student says whose it is."""
    path = place(f"work/{name}.ipynb") / "work" / f"{name}.ipynb"
    for each in (path, path.parent):
        with pytest.raises(UsageError, match=r"whose is .*--student NAME, or put it into NAME/conv_layer/"):
            found(each)
        assert find_submissions([each], UNIT, "student-001")[0].student == "student-001"


def test_a_renamed_notebook_alone_in_a_unit_s_folder(place):
    """It may be its student's or the first of a class: nobody guesses; with nbgrader's time it is clear."""
    folder = place("student-001/conv_layer/mine.ipynb") / "student-001" / "conv_layer"
    for each in (folder, folder / "mine.ipynb"):
        with pytest.raises(UsageError, match="--student NAME"):
            found(each)
    (folder / "timestamp.txt").write_text("2027-01-20 10:00:00 UTC")
    assert students(folder) == students(folder / "mine.ipynb") == ["student-001"]


def test_a_class_in_a_folder_that_is_called_as_the_unit(place):
    """A download that was unpacked there is a class, not one student."""
    place("conv_layer/one_1_2_conv_layer.ipynb", "conv_layer/two_3_4_conv_layer.ipynb")
    place("flat/conv_layer/student-001.ipynb", "flat/conv_layer/student-002.ipynb")
    root = place()
    assert students(root / "conv_layer") == ["one", "two"]
    assert students(root / "flat" / "conv_layer") == ["student-001", "student-002"]
    assert students(root / "flat" / "conv_layer" / "student-001.ipynb") == ["student-001"]


NUMBERS = st.tuples(st.sampled_from(["One", "Two"]), st.integers(1, 5).map(str))


@given(st.lists(st.lists(NUMBERS, unique_by=lambda each: each[1], min_size=1), min_size=1, max_size=5))
def test_a_number_keeps_its_name_in_any_history(downloads):
    """Whatever is downloaded in which order: one number one name, and no name twice."""
    identities, names = Identities(), {}
    for download in downloads:
        listed = [
            Found("", Path(f"{who}_{number}"), named=PlatformName("moodle", who, number, "conv_layer"))
            for who, number in download
        ]
        for item in identities.all_named(listed):
            assert names.setdefault(item.platform_id, item.student) == item.student
    assert len(set(names.values())) == len(names)
    again = Identities(identities.new)
    assert [again.all_named([item])[0].student for item in listed] == [
        names[item.platform_id] for item in listed
    ]


@pytest.mark.parametrize("first", [11, 12])
def test_a_namesake_who_comes_later(place, first):
    """Who had the name first keeps it, whichever number is lower; so it stays in every later download."""
    identities = Identities()
    name = "in/Student One_{}_assignsubmission_file_/x.ipynb"
    folder = place(name.format(first)) / "in"
    assert students(folder, identities=identities) == ["Student One"]
    place(name.format(11), name.format(12))
    named = {item.platform_id: item.student for item in found(folder, identities=identities)}
    second = 23 - first
    assert named == {str(first): "Student One", str(second): f"Student One_{second}"}
    alone = folder / f"Student One_{second}_assignsubmission_file_"
    assert students(alone, identities=identities) == [f"Student One_{second}"]
    again = Identities([*identities.new])
    assert students(alone, identities=again) == [f"Student One_{second}"] and again.new == []


def test_the_names_of_an_older_release_stay(place):
    """Where it put the number behind both namesakes, their marks stand under these names."""
    folder = place("in/one_1_9_x.ipynb", "in/one_2_9_x.ipynb") / "in"
    assert students(folder, identities=Identities([], ["one_1", "one_2"])) == ["one_1", "one_2"]


def test_numbers_of_canvas_hold_in_all_units_and_moodle_s_in_one(place):
    """Moodle counts anew in each assignment: 11 there is somebody else here."""
    identities = Identities()
    other = Unit("gan", "GAN", due=UNIT.due, hours=1)
    root = place(
        "c/one_1_9_x.ipynb",
        "m/Student One_11_assignsubmission_file_/x.ipynb",
        "d/married_1_9_x.ipynb",
        "n/Student Two_11_assignsubmission_file_/x.ipynb",
    )
    assert students(root / "c", root / "m", identities=identities) == ["Student One", "one"]
    later = find_submissions([root / "d", root / "n"], other, None, identities)
    assert [item.student for item in later] == ["Student Two", "one"]


def test_what_gradescope_states(place):
    """Who handed it in, and when; a group and a time that cannot be read are told."""
    metadata = METADATA.replace("2027-01-20 11:00:00.000000000 Z", "2027-01-20 11:00:00 NOWHERE")
    folder = place("submission_111/x.ipynb", "submission_112/x.ipynb", submission_metadata=metadata)
    one, two = found(folder)
    assert one.submitted == "2027-01-20T10:00:00+00:00" and two.submitted is None
    assert [person.sid for person in (*one.people, *two.people)] == ["0012", "0013", ""]
    assert found(folder / "submission_111" / "x.ipynb")[0] == one
    assert "cannot be read" in two.note
    assert remarks([folder], UNIT, [one, two]) == [
        "1 time of handing in cannot be read: submission_112 (2027-01-20 11:00:00 NOWHERE). "
        "Nothing is taken for lateness there: write it as 2027-01-17 12:00:00 UTC.",
        "1 submission is a group's: submission_112 (Student Two, Student Three). "
        "'course export grades' gives each member its mark.",
    ]


@pytest.mark.parametrize("text", ["- a", "a: [", "\x00"])
def test_metadata_that_cannot_be_read(place, text):
    """The file is named, nothing is graded as if nobody had been late."""
    folder = place("submission_111/x.ipynb", submission_metadata=text)
    with pytest.raises(UsageError, match=r"submission_metadata.yml cannot be read"):
        found(folder)


def test_canvas_states_lateness_without_a_time(place):
    """LATE in the name is known, when is not."""
    folder = place("a_LATE_1_2_x.ipynb", "b_3_4_x.ipynb", "LATE_anon_aB3dE_5_x.ipynb")
    assert {item.student: item.stated_late for item in found(folder)} == {
        "a": True,
        "b": False,
        "anon_aB3dE": True,
    }


@pytest.mark.parametrize(
    "names",
    [
        ["hw3/conv_layer.ipynb"],
        ["my.ipynb", "._my.ipynb"],
        ["conv_layer/conv_layer.ipynb", "__MACOSX/._x.ipynb"],
    ],
)
def test_gradescope_itself_finds_what_course_grade_finds(place, names):
    """A folder in the upload, and what a Mac leaves beside a notebook."""
    folder = place(*(f"submission_1/{name}" for name in names)) / "submission_1"
    assert find_notebook(folder, UNIT).path == folder / names[0] == found(folder)[0].path


def told(folder: Path) -> list[str]:
    return left_out([folder], UNIT, found(folder))


@pytest.mark.parametrize(
    "name",
    ["b/conv_layer.ipynb.txt", "b/x.py", "b/report.pdf", "b/deep/er/x.pdf", "b/gan/gan.py", "b/x.zip"],
)
def test_any_file_in_a_folder_of_no_layout_is_told(place, name):
    """Nothing that was handed in vanishes without a word."""
    sentence = (
        "1 folder matches no layout and was not graded: b. Expected <student>/conv_layer/conv_layer.ipynb."
    )
    assert told(place("a/conv_layer/conv_layer.ipynb", name)) == [sentence]


def test_what_else_is_told(place):
    """A link to a folder, a notebook beside the unit's folder, one without a name; not what a system left."""
    folder = place("a/conv_layer/conv_layer.ipynb", "a/mine.ipynb", ".ipynb", "._a.ipynb", "c/.DS_Store")
    (folder / "b").symlink_to("/nowhere")
    (folder / "d").symlink_to(folder / "c")
    first, second, third = told(folder)
    assert "graded: d." in first and "graded: .ipynb, a/mine.ipynb." in second and "graded: b." in third


def test_a_class_below_a_folder_is_told_of_as_well(place):
    """A download that was unpacked into a folder with the unit's name hides nothing."""
    folder = place("in/conv_layer/one_1_2_x.ipynb", "in/conv_layer/two_3_4_x.zip", "in/three.pdf") / "in"
    assert told(folder) == [
        "2 files are no notebooks and were not graded: three.pdf, two_3_4_x.zip. Ask for the .ipynb."
    ]


def test_moodle_s_online_text_is_told(place):
    """It was handed in, and is no notebook."""
    folder = place("S One_1_assignsubmission_file_/x.ipynb", "S Two_2_assignsubmission_onlinetext_/o.html")
    (sentence,) = told(folder)
    assert "S Two_2_assignsubmission_onlinetext_" in sentence


def test_one_student_s_folder_tells_nothing_of_helpers(place):
    """What lies beside the notebook in the folder of one submission is no other hand-in."""
    folder = place("student-001/conv_layer/conv_layer.ipynb", "student-001/conv_layer/data.csv")
    assert told(folder / "student-001" / "conv_layer") == []


def test_a_file_that_is_named_twice(place):
    """With its folder and alone it is one submission."""
    folder = place("in/one_1_2_x.ipynb", "in/two_3_4_x.ipynb") / "in"
    assert students(folder, folder / "one_1_2_x.ipynb") == ["one", "two"]
