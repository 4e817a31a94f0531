"""The documentation is true: its commands run, its reference is complete, its links resolve."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.unit.release import build, publish
from autograder.unit.scaffold import new_course
from tests.support import place

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(
    path for path in DOCS.rglob("*.md") if not {"_build", "screenshots"} & set(path.relative_to(DOCS).parts)
)
BLOCK = re.compile(
    r"(?:<!-- not run: (?P<reason>[^\n]+?) -->\n)?^```(?:sh|console)\n(?P<text>.*?)^```$", re.M | re.S
)


def blocks(path):
    """``(commands, why they are not run)`` of a page, outside of examples of Markdown."""
    text = re.sub(r"^````.*?^````$", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    return [(match["text"], match["reason"]) for match in BLOCK.finditer(text)]


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A private course with three graded submissions: right, a known mistake, one task unwritten."""
    paths = list(sys.path)
    course = new_course(tmp_path_factory.mktemp("docs") / "my-course")[0]
    sys.path[:] = paths
    unit = course.unit("softmax")
    publish(course, unit, build(course, unit))
    tree = ast.parse(unit.reference.read_text())
    right = {node.name: ast.unparse(node) for node in tree.body if isinstance(node, ast.FunctionDef)}
    flawed = right["softmax_forward"].replace("z - z.max(axis=1, keepdims=True)", "z")
    for student, changed in (
        ("student-001", {}),
        ("student-002", {"softmax_forward": flawed}),
        ("student-003", {"softmax_backward": None}),
    ):
        content = json.loads(unit.released_notebook.read_text())
        for name, source in {**right, **changed}.items():
            if source is not None:
                content["cells"][place(content, name)]["source"] = source
        path = course.data_folder / "submitted" / student / "softmax" / "softmax.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(content))
    _run("course grade softmax data/submitted", course.root)
    return course.root


@pytest.mark.slow
@pytest.mark.sandbox
@pytest.mark.parametrize(
    "page", [p for p in PAGES if any(reason is None for _, reason in blocks(p))], ids=lambda p: p.stem
)
def test_the_commands_of_a_page_run(page, template, tmp_path):
    """In order, in a private course of their own; each block ends with exit code 0."""
    root = tmp_path / "my-course"
    shutil.copytree(template, root)
    for commands, reason in blocks(page):
        if reason is None:
            _run(commands, root)


def test_every_shell_block_is_run_or_says_why_not():
    """No block escapes the test by another word for shell."""
    for page in PAGES:
        text = re.sub(r"^````.*?^````$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
        assert not re.search(r"^```(bash|shell|zsh|shell-session)\s*$", text, re.M), page
        assert len(blocks(page)) == len(re.findall(r"^```(?:sh|console)$", text, re.M)), page
    assert sum(reason is None for page in PAGES for _, reason in blocks(page)) >= 15


def test_the_reference_shows_every_command_and_field(monkeypatch):
    """What the pages are made of has all commands, and every field has a meaning or a plain name."""
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    import from_source

    from autograder.cli import course as cli

    names = {name.split()[-1] for name, _ in from_source.help_texts()}
    assert set(cli.list_commands(None)) <= names
    texts = dict(from_source.help_texts())
    assert "--isolation" in texts["course grade"] and "gradescope" in texts["course export"]
    fields = {
        field: (default, meaning) for field, default, meaning in from_source.fields_of("course.py", "Limits")
    }
    assert fields["call_seconds"] == ("`5.0`", "one call of student code")
    assert dict.fromkeys(["PASSED", "BROKEN"]).keys() <= {
        field for field, *_ in from_source.fields_of("results/result.py", "Verdict")
    }


def test_the_site_builds_without_a_warning(tmp_path):
    """A broken link or a page in no list stops ``make docs``."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "sphinx",
            "-q",
            "-W",
            "-b",
            "html",
            "-d",
            tmp_path / "trees",
            DOCS,
            tmp_path / "html",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "html" / "index.html").is_file()


def test_files_named_in_the_pages_exist():
    """Paths of this repository in the text, such as ``tests/attacks/``, are there."""
    missing = []
    for page in PAGES:
        for name in re.findall(r"`((?:tests|autograder|infra)/[\w/.-]+)`", page.read_text(encoding="utf-8")):
            if not (DOCS.parent / name).exists():
                missing.append(f"{page.name}: {name}")
    assert missing == []


def _run(commands, root):
    """Run shell commands in a course's folder, with this environment's programs."""
    environment = {
        **{name: value for name, value in os.environ.items() if name != "COURSE_DATA"},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    lines = "\n".join(line.removeprefix("$ ") for line in commands.splitlines())
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", lines],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{commands}\nended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
