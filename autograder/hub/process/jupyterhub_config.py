"""What ``course hub`` gives to JupyterHub; ``infra/`` has such files for other places."""

import os
from pathlib import Path

from autograder.course import load_course
from autograder.hub.process.options import options_from_json
from autograder.hub.process.settings import configure

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - JupyterHub provides it
configure(
    c, load_course(Path(os.environ["COURSE_ROOT"])), options_from_json(os.environ["COURSE_HUB_OPTIONS"])
)
