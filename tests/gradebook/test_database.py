"""Opening the gradebook."""

import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Barrier, get_context
from pathlib import Path

from sqlalchemy import text

from autograder.course import load_course
from autograder.gradebook.database import open_gradebook

from .conftest import CONFIG

AT_ONCE = 4


def test_several_processes_make_it_at_once(tmp_path):
    """Such as the publisher, a page of staff and a command, right after the first hand-in of a course."""
    (tmp_path / "course_config.py").write_text(CONFIG)
    context = get_context("forkserver")
    together = context.Barrier(AT_ONCE)
    with ProcessPoolExecutor(AT_ONCE, context, _meet, (together,)) as pool:
        opened = list(pool.map(_open, [tmp_path] * AT_ONCE))
    assert opened == [0] * AT_ONCE


def _meet(together: Barrier) -> None:
    from nbgrader import api  # noqa: F401  (what takes longest)

    together.wait(120)


def _open(root):
    with open_gradebook(load_course(root)) as gradebook:
        return len(gradebook.assignments)


def test_a_new_one_has_the_version_that_nbgraders_program_tells(tmp_path):
    """It is not started for that; a later nbgrader may know another version."""
    from nbgrader.dbutil import _temp_alembic_ini

    (tmp_path / "course_config.py").write_text(CONFIG)
    with open_gradebook(load_course(tmp_path)) as gradebook:
        version = gradebook.db.execute(text("select version_num from alembic_version")).scalar()
    with _temp_alembic_ini("sqlite://") as settings:
        command = [Path(sys.executable).with_name("alembic"), "-c", settings, "heads"]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.split()[0] == version
