"""Where a mark goes: the row that the platform's own ids say, the column with the whole title."""

import unicodedata

import pytest

from autograder.base.errors import UsageError
from autograder.course import Unit
from tests.export.marked import CONV, DUE, GAN, cells, column, course_at, download, exported, give, written
from tests.gradescope import METADATA

TITLE = "Convolution layer"
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Convolution layer (4711)\n"
    "    Points Possible,,,,,100\n"
    '"One, Student",101,S1,sone01,Sec 1,\n'
    '"Two, Student",102,S2,stwo02,Sec 1,\n'
)
MOODLE = (
    "First name,Surname,ID number,Institution,Department,Email address,"
    '"Assignment: Convolution layer (Real)"\n'
    "Student,One,0012,,,one@students.example,-\n"
    "Student,Two,0013,,,two@students.example,-\n"
)


def test_canvas_download_and_back(tmp_path):
    """Canvas' number in the file's name is the roster's ID, whatever the name before it is."""
    course = course_at(tmp_path)
    download(course, CONV, "onestudent_101_9001_conv_layer.ipynb", "stwo02_LATE_103_9002_conv_layer-1.ipynb")
    give(course, CONV, {"onestudent": 80.0, "stwo02": 70.0})
    table = exported(course, written(tmp_path, CANVAS))
    assert column(table, f"{TITLE} (4711)") == {
        "    Points Possible": "100",
        "One, Student": "80",
        "Two, Student": "",  # whose login is another's short name
    }
    assert table.missing == ("stwo02",)
    assert cells(exported(course))[2] == ["onestudent", "101", "", "", "", "80"]


def test_moodle_download_and_back(tmp_path):
    """The name in the folder is first name and surname; two of one name get nothing."""
    course = course_at(tmp_path)
    download(
        course,
        CONV,
        *(f"Student {n}_{i}_assignsubmission_file_/x.ipynb" for n, i in (("One", 11), ("Two", 12))),
    )
    give(course, CONV, {"Student One": 80.0, "Student Two": 70.0})
    title = "Assignment: Convolution layer (Real)"
    header, one, two = cells(exported(course, written(tmp_path, MOODLE)))
    assert header[-1] == title and (one[-1], two[-1]) == ("80", "70")
    twice = MOODLE + "Student,Two,0014,,,other@students.example,-\n"
    table = exported(course, written(tmp_path, twice))
    assert [row[-1] for row in cells(table)[1:]] == ["80", "", ""]
    assert table.remarks == (f"{TITLE}: Student Two fits 2 rows of the roster, so nobody got the mark",)


def test_moodle_s_own_grading_sheet(tmp_path):
    """Its Identifier holds the number of the folder, which tells namesakes apart, also without names."""
    course = course_at(tmp_path)
    names = ["Student One_11", "Student One_12", "Participant_13"]
    download(course, CONV, *(f"{name}_assignsubmission_file_/x.ipynb" for name in names))
    give(course, CONV, {"Student One": 11.0, "Student One_12": 12.0, "Participant_13": 13.0})
    sheet = "Identifier,Full name,Grade\n" + "".join(
        f"Participant {number},Student One,\n" for number in (12, 11, 13, 14)
    )
    assert list(column(exported(course, written(tmp_path, sheet)), TITLE).values()) == ["12", "11", "13", ""]


def test_namesakes_of_one_download_and_one_row(tmp_path):
    """Of two students with the name of one row nobody can say whose it is: it stays empty, and is told."""
    course = course_at(tmp_path)
    download(course, CONV, *(f"Student One_{n}_assignsubmission_file_/x.ipynb" for n in (11, 12)))
    give(course, CONV, {"Student One": 11.0, "Student One_12": 12.0})
    table = exported(course, written(tmp_path, MOODLE))
    assert [row[-1] for row in cells(table)[1:]] == ["", ""]
    assert "Student One and Student One_12 fit the same row" in table.remarks[0]


def test_gradescope_download_and_back(tmp_path):
    """Submitters are found by SID and e-mail; each member of a group gets its mark."""
    course = course_at(tmp_path)
    found = download(
        course,
        CONV,
        "submission_111/x.ipynb",
        "submission_112/conv_layer.ipynb",
        submission_metadata=METADATA,
    )
    assert found == ["submission_111", "submission_112"]
    give(course, CONV, {"submission_111": 80.0, "submission_112": 70.0, "elsewhere": 60.0})
    table = exported(course, style="gradescope")
    assert cells(table) == [
        ["Name", "SID", "Email", TITLE],
        ["Student One", "0012", "one@students.example", "80"],
        ["Student Two", "0013", "two@students.example", "70"],
        ["Student Three", "", "Three@students.example", "70"],
    ]
    assert table.missing == ("elsewhere",) and table.remarks == ()
    table = exported(course, written(tmp_path, MOODLE))
    assert [row[-1] for row in cells(table)[1:]] == ["80", "70"]
    assert table.remarks == (f"{TITLE}: not in the roster: Student Three of the group submission_112",)


def test_a_resubmission_on_gradescope_is_the_same_student(tmp_path):
    """Its number is new, its submitter is not; of other submitters each is a student."""
    course = course_at(tmp_path)
    download(course, CONV, "submission_111/x.ipynb", submission_metadata=METADATA)
    later = METADATA.replace("submission_111", "submission_211").replace("submission_112", "submission_212")
    names = ("submission_211/x.ipynb", "submission_212/x.ipynb")
    found = download(course, CONV, *names, folder="later", submission_metadata=later)
    assert found == ["submission_111", "submission_212"]


def test_two_titles_that_begin_alike(tmp_path):
    """The whole title and Canvas' number, never up to the first bracket."""
    course = course_at(tmp_path)
    give(course, CONV, {"sone01": 80.0})
    two = CANVAS.replace(f"{TITLE} (4711)", f"{TITLE} (late) (4712),{TITLE} (4711)").replace(
        ",100", ",100,100"
    )
    table = exported(course, written(tmp_path, two))
    assert cells(table)[0][-1] == f"{TITLE} (4711)" and table.remarks == ()
    assert column(table, f"{TITLE} (4711)")["One, Student"] == "80"


@pytest.mark.parametrize(
    ("title", "header", "found"),
    [
        ("Convolution layer (part 1)", "Convolution layer (part 1) (4711)", True),
        ("Convolution layer (part 1)", "Assignment: Convolution layer (part 1) (Real)", True),
        ("Convolution layer (part 1)", "Convolution layer (4711)", False),
        ("Convolution layer", "Convolution layer (part 1) (4711)", False),
        ("Convolution layer", "Assignment: Convolution layer (late) (Real)", False),
        ("Convolution layer", "Assignment: Convolution layer (late)", False),
        ("Convolution layer", "Assignment: Convolution layer (Percentage)", False),
        ("Convolution layer", "Quiz: Convolution layer (Real)", False),
        ("Convolution layer", "Aufgabe: Convolution layer (Punkte)", True),
        ("Convolution layer", "convolution  LAYER (4711)", True),
        ("Lab 1: Convolution", "Lab 1: Convolution (4711)", True),
        ("Lab 1: Convolution", "Assignment: Lab 1: Convolution (Real)", True),
        ("Faltung für alle", unicodedata.normalize("NFD", "Faltung für alle (4711)"), True),
    ],
)
def test_a_title_and_a_header(tmp_path, title, header, found):
    """A mark goes under the platform's own column; where there is none a new one is made, and told."""
    unit = Unit("conv_layer", title, due=DUE, hours=9)
    course = course_at(tmp_path, unit)
    give(course, unit, {"student-001": 80.0})
    table = exported(course, written(tmp_path, f'Username,"{header}"\nstudent-001,5\n'))
    assert cells(table) == [["Username", header if found else title], ["student-001", "80"]]
    assert bool(table.remarks) == (not found)


def test_one_title_twice(tmp_path):
    """Two columns of the same title are not guessed between, and two units have no column in common."""
    course = course_at(tmp_path)
    give(course, CONV, {"student-001": 80.0})
    roster = written(tmp_path, f"Username,{TITLE} (1),{TITLE} (2)\nstudent-001,,\n")
    table = exported(course, roster)
    assert cells(table) == [["Username"], ["student-001"]]
    assert "fits the columns Convolution layer (1), Convolution layer (2)" in table.remarks[0]
    same = Unit("gan", TITLE, due=DUE, hours=9)
    course = course_at(tmp_path / "two", CONV, same)
    for unit in (CONV, same):
        give(course, unit, {"student-001": 80.0})
    table = exported(course, written(tmp_path, f"Username,{TITLE}\nstudent-001,\n"))
    assert cells(table) == [["Username"], ["student-001"]]


def test_the_local_part_of_an_address_is_nobody(tmp_path):
    """The same may stand before two domains; a whole address is somebody."""
    roster = "First name,Surname,ID number,Email address\n"
    roster += "A,One,1,one@students.example\nB,Two,2,one@staff.example\n"
    course = course_at(tmp_path)
    give(course, CONV, {"one": 80.0})
    table = exported(course, written(tmp_path, roster))
    assert [row[-1] for row in cells(table)[1:]] == ["", ""] and table.missing == ("one",)
    known = {"one": ("", "one@students.example")}
    table = exported(course, written(tmp_path, roster), enrolled=known)
    assert [row[-1] for row in cells(table)[1:]] == ["80", ""] and not table.missing


def test_one_identifier_in_two_columns(tmp_path):
    """A login comes before a platform's number, so that only its owner has the mark."""
    roster = CANVAS.replace("sone01", "102")
    course = course_at(tmp_path)
    give(course, CONV, {"102": 80.0})
    assert column(exported(course, written(tmp_path, roster)), f"{TITLE} (4711)") == {
        "    Points Possible": "100",
        "One, Student": "80",
        "Two, Student": "",
    }


@pytest.mark.parametrize("name", ["SOne01", "sone01"])
def test_capitals_of_a_login_match(tmp_path, name):
    """What a student typed at the hub is one login on the platform; two that differ in capitals are two."""
    course = course_at(tmp_path)
    give(course, CONV, {name: 80.0})
    table = exported(course, written(tmp_path, CANVAS.replace("sone01", "SONE01")))
    assert column(table, f"{TITLE} (4711)")["One, Student"] == "80"
    both = CANVAS.replace("stwo02", "SOne01")
    marks = column(exported(course, written(tmp_path, both)), f"{TITLE} (4711)")
    assert (marks["One, Student"], marks["Two, Student"]) == (("", "80") if name == "SOne01" else ("80", ""))


def test_two_forms_of_unicode_match(tmp_path):
    """A Mac's folder has letters and accents apart, the roster has them composed."""
    course = course_at(tmp_path)
    folder = unicodedata.normalize("NFD", "Zoë Müller_11_assignsubmission_file_")
    assert download(course, CONV, f"{folder}/x.ipynb") == [unicodedata.normalize("NFC", "Zoë Müller")]
    give(course, CONV, {unicodedata.normalize("NFD", "zoë"): 1.0, "Zoë Müller": 80.0})
    roster = written(tmp_path, "First name,Surname,Username\nZoë,Müller,zm\nZ,M,zoë\n")
    assert list(column(exported(course, roster), TITLE).values()) == ["80", "1"]


def test_a_login_on_a_platform_s_table_of_another_kind(tmp_path):
    """Canvas' short name is no Moodle login, even where it is spelled alike."""
    course = course_at(tmp_path)
    download(course, CONV, "onestudent_101_9001_conv_layer.ipynb")
    give(course, CONV, {"onestudent": 80.0})
    table = exported(course, written(tmp_path, "Username,Email address\nonestudent,x@students.example\n"))
    assert table.missing == ("onestudent",)
    assert [row[-1] for row in cells(table)[1:]] == [""]


def test_a_total_of_one_row_under_two_names(tmp_path):
    """Who was graded from Moodle's files in one unit and on the hub in another is one row, with one total."""
    course = course_at(tmp_path, CONV, GAN)
    download(course, CONV, "Student One_11_assignsubmission_file_/x.ipynb")
    give(course, CONV, {"Student One": 80.0})
    give(course, GAN, {"sone01": 40.0})
    roster = written(tmp_path, "First name,Surname,Username\nStudent,One,sone01\n")
    assert cells(exported(course, roster, total=True))[1] == ["Student", "One", "sone01", "80", "40", "60"]


def test_a_column_that_somebody_names(tmp_path):
    """Where no header is known here, --id-column says which one identifies; a wrong one is refused."""
    course = course_at(tmp_path)
    give(course, CONV, {"student-001": 80.0})
    roster = written(tmp_path, f"Kennung,Bemerkung,{TITLE}\nSTUDENT-001,student-002,\n")
    assert cells(exported(course, roster, id_column="kennung")) == [["Kennung", TITLE], ["STUDENT-001", "80"]]
    with pytest.raises(UsageError, match="has no column 'Name'; its columns are Kennung, Bemerkung"):
        exported(course, roster, id_column="Name")


def test_a_name_in_the_other_order(tmp_path):
    """Moodle may show the surname first, where its language does."""
    course = course_at(tmp_path)
    download(course, CONV, "One Student_11_assignsubmission_file_/x.ipynb")
    give(course, CONV, {"One Student": 80.0})
    assert [row[-1] for row in cells(exported(course, written(tmp_path, MOODLE)))[1:]] == ["80", ""]


@pytest.mark.parametrize("style", ["canvas", "moodle"])
def test_without_a_roster_nobody_is_given_a_login(tmp_path, style):
    """What another platform calls somebody may be another's login: such a mark is listed instead."""
    course = course_at(tmp_path)
    download(course, CONV, "submission_111/x.ipynb")
    give(course, CONV, {"submission_111": 80.0, "student-001": 70.0})
    table = exported(course, style=style)
    assert table.missing == ("submission_111",)
    assert cells(table)[-1][0] == "student-001" and "80" not in table.text
    assert "80" in exported(course, style=style, enrolled={"submission_111": ("", "")}).text


def test_canvas_rows_that_are_nobody_stay(tmp_path):
    """How marks are posted, and the points possible in another language, are the platform's."""
    course = course_at(tmp_path)
    give(course, CONV, {"sone01": 80.0, "Manual Posting": 3.0})
    rows = "    Points Possible,,,,,100\n"
    text = CANVAS.replace(rows, ",,,,,Manual Posting\n    Punkte,,,,,50\n")
    _, manual, possible, one, _ = cells(exported(course, written(tmp_path, text)))
    assert (manual[-1], possible[-1], one[-1]) == ("Manual Posting", "50", "80")
