"""The course's values in nbgrader's words, for its own commands and for formgrader."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from ..course import Course
from .folders import Folders

_STEPS = ("LockCells", "ClearOutput", "CheckCellMetadata", "ComputeChecksums", "SaveCells")
TEMPLATES = Path(__file__).with_name("templates")
FEEDBACK_TEMPLATE = "course_feedback"


def configure(config: Any, course: Course) -> None:
    """Fill nbgrader's configuration object ``config`` from the course.

    Most of it closes a way in which nbgrader by itself would give marks, follow a
    student's links or run a student's text.
    """
    folders = Folders(course)
    config.CourseDirectory.course_id = course.name
    config.CourseDirectory.root = str(folders.root)
    config.CourseDirectory.db_url = folders.database
    config.CourseDirectory.ignore = [
        ".ipynb_checkpoints",
        "*.pyc",
        "__pycache__",
        "feedback",
        ".OTTER_LOG",
        ".made-from",
        ".*.part",  # what a killed projection leaves
    ]
    # copying follows links, and autograde needs nothing but the notebook and its time
    config.AutogradeApp.CourseDirectory.ignore = ["*"]
    # without ClearSolutions, which would empty the stub's docstring
    config.GenerateAssignment.preprocessors = [f"nbgrader.preprocessors.{step}" for step in _STEPS]
    config.Autograde.exporter_class = "autograder.gradebook.autograde.HealingExporter"
    config.Autograde.sanitize_preprocessors = []
    config.Autograde.autograde_preprocessors = ["autograder.gradebook.autograde.ProjectResult"]
    for name in ("HealingExporter", "ProjectResult"):
        config[name].course_root = str(course.root)
    _configure_pages(config)


def _configure_pages(config: Any) -> None:
    """Formgrader and nbgrader's feedback show what students wrote: nothing of it may run."""
    config.HTMLExporter.sanitize_html = True
    config.HTMLExporter.filters = {"markdown2html": "autograder.base.text.notebook_markdown"}
    spec = importlib.util.find_spec("nbgrader")
    assert spec is not None and spec.submodule_search_locations is not None
    formgrader = Path(spec.submodule_search_locations[0]) / "server_extensions" / "formgrader"
    bootstrap = formgrader / "static" / "node_modules" / "bootstrap" / "dist" / "css"
    page = config.GenerateFeedback.HTMLExporter  # for that command only: formgrader has pages of its own
    page.template_name = FEEDBACK_TEMPLATE
    page.extra_template_basedirs = [str(TEMPLATES), str(formgrader / "templates")]
    page.extra_template_paths = [str(formgrader / "templates"), str(bootstrap)]


def nbgrader_config(course: Course) -> Any:
    """The same as a ``traitlets`` configuration of its own."""
    from traitlets.config import Config

    config = Config()
    configure(config, course)
    return config
