"""New units and new courses, from the templates beside this file.

A template is the file itself with ``UNIT``, ``TITLE`` and ``NAME`` where names stand, so
that it reads like what it becomes. Nothing that exists is overwritten.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..base.errors import UsageError, naming
from ..course import CONFIG_NAME, Course, load_course
from .requirements import ALWAYS

TEMPLATES = Path(__file__).parent / "templates"
EXAMPLE = "softmax"  # the unit that a new course begins with
PINNED = (*ALWAYS, "torch")
PARTS = ("notebook", "grader", "mistakes")


@dataclass(frozen=True)
class Made:
    """What was written, and the line of ``course_config.py`` that lists the unit."""

    files: tuple[Path, ...]
    line: str
    listed: bool  # False: the line has to be added by hand


def new_unit(course: Course, name: str, title: str | None = None) -> Made:
    """Write a unit with a tiny worked example and list it in the course's configuration.

    Raises:
        UsageError: the name is no unit name or is taken, or the title cannot be written.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", name):
        raise UsageError(
            f"{name!r} is no name for a unit: lower-case letters, digits and underscores, such as my_unit"
        )
    title = _checked(title or name.replace("_", " ").capitalize())
    words = {"UNIT": name, "TITLE": title}
    files = {
        course.root / "assignments" / name / f"{part}.py": _filled(f"unit/{part}.py.tmpl", words)
        for part in PARTS
    }
    files[course.root / "solutions" / f"{name}.py"] = _filled("unit/solution.py.tmpl", words)
    _refuse_existing(files)
    for path, text in files.items():
        _write(path, text)
    line = f'Unit("{name}", "{title}", due="{_due(course)}", hours=1),'
    return Made(
        tuple(files), line, any(u.name == name for u in course.units) or _list_unit(course.root, line)
    )


def new_course(folder: Path, title: str | None = None) -> tuple[Course, Made]:
    """Make a private course with one example unit in a new or empty folder.

    Raises:
        UsageError: the folder holds something already, or the title cannot be written.
    """
    folder = folder.resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"{folder} is not empty. 'course init' begins a new folder; 'course new' adds a unit."
        )
    name = re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-") or "course"
    words = {"NAME": name, "TITLE": _checked(title or name.replace("-", " ").title())}
    files = {
        folder / CONFIG_NAME: _filled("course/course_config.py.tmpl", words),
        folder / "nbgrader_config.py": _filled("course/nbgrader_config.py.tmpl", words),
        folder / "README.md": _filled("course/README.md.tmpl", words),
        folder / ".gitignore": _filled("course/gitignore.tmpl", words),
        folder / "constraints.txt": _constraints(),
        folder
        / "solutions"
        / "__init__.py": '"""Reference solutions; their docstrings are the assignments."""\n',
    }
    for path, text in files.items():
        _write(path, text)
    course = load_course(folder)
    made = new_unit(course, EXAMPLE)
    return load_course(folder), Made((*files, *made.files), made.line, made.listed)


def _checked(title: str) -> str:
    """A title that can stand in a Python text as it is.

    Raises:
        UsageError: it cannot.
    """
    if '"' in title or "\\" in title or not title.isprintable():
        raise UsageError(f"the title {title!r} may hold no double quotes, backslashes or line breaks")
    return title


def _filled(template: str, words: dict[str, str]) -> str:
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    return re.sub(r"\b(UNIT|TITLE|NAME)\b", lambda match: words.get(match[0], match[0]), text)


def _refuse_existing(files: dict[Path, str]) -> None:
    for path in files:
        if path.exists():
            raise UsageError(f"{path} exists already. Choose another name, or move it away first.")


def _write(path: Path, text: str) -> None:
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _due(course: Course) -> str:
    """A week after the last unit; a month from now where there is none. The instructor sets the real one."""
    if course.units:
        last = max(datetime.fromisoformat(unit.due) for unit in course.units)
        return (last + timedelta(days=7)).isoformat(timespec="minutes")
    month = datetime.now().astimezone() + timedelta(days=28)
    return month.replace(hour=23, minute=59).isoformat(timespec="minutes")


def _list_unit(root: Path, line: str) -> bool:
    """Add the line at the end of ``units=(...)``; False where the file has another shape."""
    path = root / CONFIG_NAME
    text = path.read_text(encoding="utf-8")
    units = _units_tuple(text)
    if units is None or units.end_lineno is None or units.end_col_offset is None:
        return False
    lines = text.split("\n")
    last = lines[units.end_lineno - 1].encode()[: units.end_col_offset - 1].decode()
    rest = lines[units.end_lineno - 1][len(last) :]  # from the closing bracket on
    if last.strip() and units.elts:
        return False  # the last unit and the bracket share a line
    if last.strip():  # units=()
        lines[units.end_lineno - 1 : units.end_lineno] = [last, f"        {line}", "    " + rest]
    else:
        lines.insert(units.end_lineno - 1, f"        {line}")
    changed = "\n".join(lines)
    if _units_tuple(changed) is None:
        return False
    path.write_text(changed, encoding="utf-8")
    return True


def _units_tuple(text: str) -> ast.Tuple | None:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Course":
            for keyword in node.keywords:
                if keyword.arg == "units" and isinstance(keyword.value, ast.Tuple):
                    return keyword.value
    return None


def _constraints() -> str:
    """What this engine runs on: students and the judge get the same."""
    lines = ["# What students work with and what grading runs on; change both at once."]
    for name in PINNED:
        try:
            lines.append(f"{name}=={version(name).split('+')[0]}")
        except PackageNotFoundError:
            continue  # the course does without it, until a unit asks for it by name
    return "\n".join([*lines, ""])
