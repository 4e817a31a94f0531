"""The roster file: what is accepted, what is refused, and with which line."""

import pytest

from autograder.base.errors import ConfigError, UsageError
from autograder.marks.roster import Member, add, drop, parse, read_roster

HEADER = "username,role,name,email\n"


def test_roles_and_order_are_read():
    """Members come in the file's order, each with a role."""
    roster = parse(HEADER + "instructor,instructor,,\nta-001,TA,,\nstudent-001,student,,\n", "roster.csv")
    assert [(m.username, m.role) for m in roster] == [
        ("instructor", "instructor"),
        ("ta-001", "ta"),
        ("student-001", "student"),
    ]


@pytest.mark.parametrize("text", ["\ufeff" + HEADER + "s1,student,,\n", "username;role\ns1;student\n"])
def test_what_spreadsheets_write_is_read(tmp_path, text):
    """A byte order mark and semicolons are what spreadsheets make of a CSV file."""
    (tmp_path / "roster.csv").write_text(text, encoding="utf-8")
    assert read_roster(tmp_path / "roster.csv").names("student") == ["s1"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("s1,studnet,,", "line 3: role 'studnet' of s1: .* did you mean student"),
        ("S 1,student,,", "line 3: username 'S 1'"),
        ("../x,student,,", "line 3: username '../x'"),
        (",student,,", "line 3: username ''"),
        ("a,student,,,,", "line 3: has 6 values"),
        ("first,student,,", "line 3: username 'first' is already on line 2"),
        ("s1,student,a\x07b,", "line 3: name or email of s1"),
    ],
)
def test_a_wrong_line_is_named_by_its_number(line, says):
    """The error tells the line, what was expected and what came."""
    with pytest.raises(ConfigError, match=says):
        parse(HEADER + "first,student,,\n" + line + "\n", "roster.csv")


def test_all_wrong_lines_are_told_at_once():
    """Nobody has to correct a class list one line at a time."""
    with pytest.raises(ConfigError) as told:
        parse(HEADER + "a,x,,\nb,student,,\nc,y,,\n", "roster.csv")
    assert "line 2" in str(told.value) and "line 4" in str(told.value) and "line 3" not in str(told.value)


@pytest.mark.parametrize("text", ["", "name,email\n", "student-001,student\n"])
def test_a_file_without_header_is_refused(text):
    """The header is expected on line 1."""
    with pytest.raises(ConfigError, match="line 1: expected the header username,role"):
        parse(text, "roster.csv")


def test_another_encoding_is_refused_with_advice(tmp_path):
    """Latin-1 is not guessed."""
    (tmp_path / "roster.csv").write_bytes(HEADER.encode() + "s1,student,J\u00fcrgen,\n".encode("latin-1"))
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_roster(tmp_path / "roster.csv")


def test_members_are_added_and_dropped(tmp_path):
    """The file can be read by its owner only."""
    path = tmp_path / "roster.csv"
    add(path, [Member("a", "student"), Member("b", "ta")])
    assert drop(path, "a").names("student", "ta") == ["b"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_clash_adds_nobody(tmp_path):
    """All or nobody."""
    path = tmp_path / "roster.csv"
    add(path, [Member("a", "student")])
    with pytest.raises(ConfigError, match="'a' is already on line 2"):
        add(path, [Member("b", "student"), Member("a", "student")])
    assert read_roster(path).names("student") == ["a"]


def test_dropping_a_stranger_offers_the_nearest(tmp_path):
    """A slip of the keyboard drops nobody."""
    path = tmp_path / "roster.csv"
    add(path, [Member("student-001", "student")])
    with pytest.raises(UsageError, match="did you mean student-001"):
        drop(path, "student-01")
