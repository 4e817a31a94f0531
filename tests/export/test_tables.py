"""Tables as platforms and spreadsheets outside the US write them."""

import pytest

from autograder.base.errors import UsageError
from autograder.export.tables import read_table
from tests.export.marked import CONV, cells, course_at, exported, give, written

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Convolution layer (4711)\n"
    "    Points Possible,,,,,100\n"
    '"Önes, Student",101,S1,student-001,Sec 1,\n'
)


def separated(delimiter: str) -> str:
    """The table with another delimiter."""
    head, tail = CANVAS.split('"Önes, Student"')
    return '"Önes, Student"'.join(part.replace(",", delimiter) for part in (head, tail))


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-32"]
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_usual_encoding_and_delimiter(tmp_path, encoding, delimiter):
    """The table comes back with the same delimiters; where it was not UTF-8, with a byte order mark."""
    course = course_at(tmp_path)
    give(course, CONV, {"student-001": 80.0})
    table = exported(course, written(tmp_path, separated(delimiter), encoding))
    assert cells(table, delimiter)[2] == ["Önes, Student", "101", "S1", "student-001", "Sec 1", "80"]
    assert table.encoding == ("utf-8" if encoding == "utf-8" else "utf-8-sig")


def test_excel_names_its_delimiter(tmp_path):
    """A first line "sep=;" is no header."""
    table = read_table(written(tmp_path, "sep=;\r\nUsername;a,b,c,d\r\nx;1\r\n"))
    assert table.columns == ("Username", "a,b,c,d") and table.rows == (("x", "1"),)


@pytest.mark.parametrize(
    "header",
    [
        'Vorname,Nachname,ID-Nummer,E-Mail-Adresse,"Aufgabe: Convolution layer (Punkte)"',
        "Prénom,Nom de famille,Numéro d'identification,Adresse de courriel,Devoir: Convolution layer (Brute)",
        "Nombre,Apellido(s),Número de ID,Dirección de correo,Tarea: Convolution layer (Real)",
    ],
)
def test_headers_in_other_languages(tmp_path, header):
    """Moodle writes them in the language of whoever exports."""
    course = course_at(tmp_path)
    give(course, CONV, {"student-001": 80.0, "Student Two": 70.0})
    rows = "A,B,student-001,a@students.example,-\nStudent,Two,7,b@students.example,-\n"
    table = exported(course, written(tmp_path, f"{header}\n{rows}"))
    assert [row[-1] for row in cells(table)[1:]] == ["80", "70"] and table.remarks == ()


def test_a_guessed_encoding_is_told(tmp_path):
    """Windows-1252 says nothing of itself."""
    assert read_table(written(tmp_path, CANVAS, "cp1252")).guessed
    assert not read_table(written(tmp_path, CANVAS)).guessed


def test_what_cannot_be_read(tmp_path):
    """One sentence, with what to do."""
    (tmp_path / "x.csv").write_bytes(b"Username\nJ\x81rgen\n")
    with pytest.raises(UsageError, match="save it as CSV UTF-8"):
        read_table(tmp_path / "x.csv")
    (tmp_path / "x.csv").write_text(f'Username\n"{"x" * 200_000}"\n')
    with pytest.raises(UsageError, match="cannot be read as a table"):
        read_table(tmp_path / "x.csv")
    (tmp_path / "x.csv").write_bytes(b"PK\x03\x04 and so on")
    with pytest.raises(UsageError, match="is a workbook"):
        read_table(tmp_path / "x.csv")
    (tmp_path / "x.csv").write_text("")
    with pytest.raises(UsageError, match="has the columns none"):
        read_table(tmp_path / "x.csv")


def test_rows_of_other_lengths(tmp_path):
    """A short row has empty cells, and what is beyond the header is nobody's."""
    table = read_table(written(tmp_path, "Username,a\nx\ny,1,2\n\n"))
    assert table.rows == (("x", ""), ("y", "1"))
