"""nbgrader's own exchange, a folder that everybody can write to, where a course has chosen it."""

from __future__ import annotations

import subprocess
import sys

from ...base.errors import UsageError
from ...course import Course

SCHEME = "nbgrader:"  # COURSE_EXCHANGE_URL=nbgrader:/srv/nbgrader/exchange


def run_stock(course: Course, url: str, command: str, unit: str, *flags: str) -> None:
    """Run nbgrader's command with its own exchange.

    Raises:
        UsageError: it failed; nbgrader has said why.
    """
    program = "from nbgrader.apps import NbGraderApp; NbGraderApp.launch_instance()"
    root = f"--Exchange.root={url.removeprefix(SCHEME)}"
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, command, unit, f"--course={course.name}", root, *flags],
        cwd=course.root,
        check=False,
    )
    if done.returncode:
        raise UsageError(f"nbgrader {command} {unit} ended with {done.returncode}; see its messages above")
