"""What nbgrader's buttons and commands need on a person's own server."""

import os

from autograder.hub.process.services import use_exchange
from autograder.hub.servers.validation import follow_public_checks

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - nbgrader provides it
c.CourseDirectory.course_id = os.environ.get("COURSE_NAME", "")
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", ".OTTER_LOG"]
c.Exchange.path_includes_course = True
c.Authenticator.plugin_class = "nbgrader.auth.JupyterHubAuthPlugin"
use_exchange(c, os.environ)
follow_public_checks(c)
