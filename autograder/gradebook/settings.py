"""The course's values in nbgrader's words, for its own commands and for formgrader."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from ..course import Course
from .folders import Folders
from .page_filters import FILTERS

_STEPS = ("LockCells", "ClearOutput", "CheckCellMetadata", "ComputeChecksums", "SaveCells")
TEMPLATES = Path(__file__).with_name("templates")
FEEDBACK_TEMPLATE = "course_feedback"
PAGE_TEMPLATE = "course_formgrade"


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
    """Formgrader and nbgrader's feedback show what students wrote: nothing of it may run, or take long."""
    config.HTMLExporter.sanitize_html = True
    config.HTMLExporter.filters = dict(FILTERS)
    bootstrap = _formgrader() / "static" / "node_modules" / "bootstrap" / "dist" / "css"
    _use_template(config.GenerateFeedback.HTMLExporter, FEEDBACK_TEMPLATE)  # for that command only
    config.GenerateFeedback.HTMLExporter.extra_template_paths += [str(bootstrap)]


def page_config() -> Any:
    """For the page of a submission in formgrader."""
    from traitlets.config import Config

    config = Config()
    config.HTMLExporter.sanitize_html = True
    config.HTMLExporter.filters = dict(FILTERS)
    _use_template(config.HTMLExporter, PAGE_TEMPLATE)
    return config


def _use_template(page: Any, name: str) -> None:
    """One of ours, which extends the one of nbgrader's."""
    theirs = str(_formgrader() / "templates")
    page.template_name = name
    page.extra_template_basedirs = [str(TEMPLATES), theirs]
    page.extra_template_paths = [theirs]


def _formgrader() -> Path:
    """The folder of nbgrader's formgrader, which need not be imported for that."""
    spec = importlib.util.find_spec("nbgrader")
    assert spec is not None and spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / "server_extensions" / "formgrader"


def nbgrader_config(course: Course) -> Any:
    """The same as a ``traitlets`` configuration of its own."""
    from traitlets.config import Config

    config = Config()
    configure(config, course)
    return config
