"""The whole course for formgrader: grading, gradebook, exchange."""

import os
from pathlib import Path

from autograder.course import load_course
from autograder.gradebook import configure
from autograder.hub.process.services import use_exchange

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - nbgrader provides it
configure(c, load_course(Path(os.environ["COURSE_ROOT"])))
use_exchange(c, os.environ)
c.Authenticator.plugin_class = "nbgrader.auth.JupyterHubAuthPlugin"
