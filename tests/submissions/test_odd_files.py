"""Files that are not what they should be: each has a clear message and stops nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.base.errors import (ConfigError, Unreadable)
from autograder.notebook import Release, read_release, read_submission, to_program
from tests.support import notebook, small_release, solved_small, write

AGAIN = "Open it in Jupyter, save it and submit it again."


@pytest.fixture
def release(tmp_path: Path) -> Release:
    folder = tmp_path / "release"
    folder.mkdir()
    return read_release(write(folder, small_release(), "small.ipynb"))


def _text() -> str:
    return json.dumps(solved_small(), indent=1)


def _deep() -> bytes:
    return b'{"cells": ' + b"[" * 200_000


def _truncated(at: float) -> bytes:
    return _text()[: int(len(_text()) * at)].encode()


# Each entry: the content of the file, and what the student reads.
CONTENTS: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "The file is empty (0 bytes, no text)."),
    "blank": (lambda: b" \n\n", "The file is empty (3 bytes, no text)."),
    "zeros": (lambda: b"\0" * 4096, "The file is empty (4096 bytes, no text)."),
    "truncated in the middle": (
        lambda: _truncated(0.5),
        "The file is cut off: it ends inside the notebook, at line",
    ),
    "truncated in the last line": (
        lambda: _truncated(0.999),
        "The file is cut off: it ends inside the notebook",
    ),
    "a ZIP archive": (lambda: b"PK\x03\x04\xff\xfe" + b"\xf0" * 50, "found a ZIP archive"),
    "a PDF": (lambda: b"%PDF-1.7 \xff", "found a PDF"),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n\0", "found byte 0x89 at position 0"),
    "broken UTF-16": (lambda: b"\xff\xfe\x00", "found byte 0x00 at position 2"),
    "a Python file": (
        lambda: b"import numpy as np\n",
        "found a file that starts with 'import numpy as np\\n'",
    ),
    "a web page": (lambda: b"<!doctype html><html>", "found a file that starts with '<!doctype html><html"),
    "a list": (lambda: b"[1, 2]", "found JSON of another kind (a list)"),
    "a number": (lambda: b"7", "found JSON of another kind (a number)"),
    "null": (lambda: b"null", "found JSON of another kind (null)"),
    "JSON that is no notebook": (lambda: b'{"name": "x"}', "it has no list of cells"),
    "cells that are no list": (lambda: b'{"cells": {"a": 1}}', "it has no list of cells"),
    "cells that are no cells": (lambda: b'{"cells": [1]}', "Cell 1 is no cell but a number"),
    "a source of lists": (
        lambda: json.dumps(notebook([{"cell_type": "code", "source": [["x"]]}])).encode(),
        "Cell 1 has a source that is no text (a list)",
    ),
    "a comma too many": (lambda: b'{"cells": [],, "x": 1}   ', "The file is no valid notebook"),
    "deep nesting": (_deep, "The file is nested too deeply to be a notebook."),
    "a number of a million digits": (lambda: b'{"cells": ' + b"9" * 10**6 + b"}", "The file holds a number"),
    "no cells": (lambda: json.dumps(notebook([])).encode(), "The notebook has 0 cells and no code in them."),
    "no code": (
        lambda: json.dumps(notebook([{"cell_type": "markdown", "source": "hello"}])).encode(),
        "The notebook has 1 cells and no code in them. Is it the right file?",
    ),
    "too many cells": (
        lambda: json.dumps(notebook([{"cell_type": "code", "source": "1"}] * 100_000)).encode(),
        "The notebook has 100000 cells; at most 5000 are read.",
    ),
    "too much code": (
        lambda: json.dumps(notebook([{"cell_type": "code", "source": "x = 1\n" * 10**6}])).encode(),
        "The cells hold 6 MiB of code; at most 2 are read.",
    ),
}


@pytest.mark.parametrize("what", CONTENTS)
def test_a_file_that_is_no_notebook_says_what_it_is(what: str, tmp_path: Path, release: Release) -> None:
    """The student reads what was expected, what came and what to do."""
    content, message = CONTENTS[what]
    path = tmp_path / "student-001.ipynb"
    path.write_bytes(content())
    with pytest.raises(Unreadable) as caught:
        read_submission(path, release)
    assert message in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_file_of_200_mb_is_not_read(tmp_path: Path, release: Release) -> None:
    """A huge file is refused by its size, with the way to make it small."""
    path = tmp_path / "student-001.ipynb"
    with path.open("wb") as file:
        file.write(b"{")
        file.truncate(200 * 2**20)  # sparse: takes no room on the disk
    with pytest.raises(Unreadable, match=r"The file has 200 MiB; at most 20 are read\. Clear the outputs"):
        read_submission(path, release)


def _link(path: Path) -> None:
    write(path.parent, solved_small(), "target.ipynb")
    path.symlink_to(path.parent / "target.ipynb")


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


PLACES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a folder": (Path.mkdir, "found a folder. Submit the .ipynb file itself."),
    "a link": (_link, "found a symbolic link. Submit the file itself."),
    "a link to itself": (_loop, "found a symbolic link."),
    "a link to a device": (_device, "found a symbolic link."),
    "a pipe": (os.mkfifo, "found a pipe or device."),
    "nothing": (lambda path: None, "There is no such file."),
}


@pytest.mark.parametrize("what", PLACES)
def test_only_regular_files_are_read(what: str, tmp_path: Path, release: Release) -> None:
    """Links are not followed and pipes are not waited for."""
    make, message = PLACES[what]
    path = tmp_path / "student-001.ipynb"
    make(path)
    with pytest.raises(Unreadable) as caught:
        read_submission(path, release)
    assert message in str(caught.value)


READABLE = {
    "utf-8 with a mark": lambda text: text.encode("utf-8-sig"),
    "utf-16": lambda text: text.encode("utf-16"),
    "windows line ends": lambda text: text.replace("\n", "\r\n").encode(),
    "blank lines around it": lambda text: ("\n\n" + text + "\n\n").encode(),
}


@pytest.mark.parametrize("how", READABLE)
def test_other_ways_of_writing_text_are_read(how: str, tmp_path: Path, release: Release) -> None:
    """What an editor does to a file costs nothing."""
    path = tmp_path / "student-001.ipynb"
    path.write_bytes(READABLE[how](_text()))
    assert read_submission(path, release).healed == ()


def test_latin_1_is_read_and_said(tmp_path: Path, release: Release) -> None:
    """A notebook that an editor saved as Latin-1 is read; the result says so."""
    content = solved_small()
    content["cells"][0]["source"] = "# Größe"
    path = tmp_path / "student-001.ipynb"
    path.write_bytes(json.dumps(content, ensure_ascii=False).encode("latin-1"))
    (sentence,) = read_submission(path, release).healed
    assert sentence.startswith("the file is not UTF-8 (byte 0xf6 at position")


def test_format_3_is_read_and_said(tmp_path: Path, release: Release) -> None:
    """The cells of an nbformat 3 file lie in worksheets and call their source input."""
    cells = [dict(cell) for cell in solved_small()["cells"]]
    for cell in cells:
        if cell["cell_type"] == "code":
            cell["input"] = cell.pop("source").splitlines(keepends=True)
    cells[0] = {"cell_type": "heading", "level": 1, "source": "Small"}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}
    submission = read_submission(write(tmp_path, old), release)
    assert submission.healed == ("the notebook has the old format 3 (or 2); it was read as format 4",)
    assert "FACTOR * x" in to_program(submission, release, ())["cells"][1]["source"]


def test_lines_are_joined_and_line_ends_are_plain(tmp_path: Path, release: Release) -> None:
    """A source may be a list of lines with any line ends."""
    content = solved_small()
    content["cells"][2]["source"] = ["def double(x):\r\n", "    return 2 * x\r", "\ud800"]
    program = to_program(read_submission(write(tmp_path, content), release), release, ())
    assert program["cells"][1]["source"] == "def double(x):\n    return 2 * x\n?"


@pytest.mark.parametrize(
    "name", ["ä ö 💾.ipynb", "-rf.ipynb", "a\nb.ipynb", "x" * 240 + ".ipynb", "notebook (1).ipynb", ".ipynb"]
)
def test_strange_names_are_read(name: str, tmp_path: Path, release: Release) -> None:
    """What a file is called does not matter."""
    assert read_submission(write(tmp_path, solved_small(), name), release).healed == ()


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_impossible_names_are_not_found(name: str, tmp_path: Path, release: Release) -> None:
    """A name that no file can have is no such file."""
    with pytest.raises(Unreadable, match="There is no such file"):
        read_submission(tmp_path / name, release)


def test_no_task_cells(tmp_path: Path, release: Release) -> None:
    """A notebook without the cells of the unit is a submission in which everything is missing."""
    content = notebook([{"cell_type": "code", "source": "x = 1", "metadata": {}}])
    submission = read_submission(write(tmp_path, content), release)
    assert "the cell of double was deleted, and no other cell defines what it asks for" in submission.healed
    assert to_program(submission, release, ())["names"] == ["double", "Layer"]


FORGED = [
    {"metadata": 7},
    {"metadata": {"nbgrader": [1]}},
    {"metadata": {"nbgrader": {"grade_id": ["double"]}}},
    {"metadata": {"nbgrader": {"grade_id": "x" * 10**6}}},
    {"metadata": {"nbgrader": {"grade_id": "double", "locked": "yes", "points": 1e308}}},
    {"metadata": {"nbgrader": {"grade_id": "points-double", "locked": True}}},
    {"cell_type": ["code"]},
    {"cell_type": "video"},
]


@pytest.mark.parametrize("forged", FORGED, ids=str)
def test_forged_metadata_changes_nothing(forged: dict[str, object], tmp_path: Path, release: Release) -> None:
    """Metadata of any kind is read as none, and the released text of locked cells wins."""
    content = solved_small()
    content["metadata"]["course"]["version"] = ["v1"]
    cell = {"cell_type": "code", "source": "100.0", "metadata": {}, **forged}
    content["cells"].append(cell)
    submission = read_submission(write(tmp_path, content), release)
    points = [cell.source for cell in submission.cells if cell.grade_id == "points-double"]
    assert points == ["# the points of double\n0.0"]


def test_many_copies_of_one_cell_are_read_in_time(tmp_path: Path, release: Release) -> None:
    """Thousands of copies of stubs and locked cells are healed, and the report stays short."""
    content = solved_small()
    content["cells"] += (small_release()["cells"][1:3]) * 2000
    submission = read_submission(write(tmp_path, content), release)
    assert len(submission.cells) == 7
    assert len(submission.healed) <= 41


def test_a_missing_release_names_the_next_step(tmp_path: Path) -> None:
    """Grading before building says what to run."""
    with pytest.raises(ConfigError, match="run 'course build conv_layer'"):
        read_release(tmp_path / "conv_layer.ipynb")


def test_a_release_without_tasks_is_refused(tmp_path: Path) -> None:
    """Any notebook is not a release."""
    path = write(tmp_path, notebook([{"cell_type": "code", "source": "x"}]), "conv_layer.ipynb")
    with pytest.raises(ConfigError, match="is no released notebook"):
        read_release(path)
