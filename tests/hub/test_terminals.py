"""The shell of a server's terminals keeps the PATH that the hub gave it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import autograder.hub

SETTINGS = (
    Path(autograder.hub.__file__).parent / "server_settings" / "everyone" / "jupyter_server_config.json"
)


def test_course_is_on_the_path_of_terminals():
    """A login shell would set another PATH, by /etc/profile; this one is none, and finds ``course``."""
    words = json.loads(SETTINGS.read_text())["ServerApp"]["terminado_settings"]["shell_command"]
    beside = Path(sys.executable).parent
    path = os.pathsep.join([str(beside), "/usr/bin", "/bin"])
    ran = subprocess.run(
        [*words, "-i"],
        input="command -v course\nexit\n",
        env={"PATH": path, "HOME": "/nonexistent", "TERM": "dumb"},
        capture_output=True,
        text=True,
        timeout=60,
        start_new_session=True,
    )
    assert str(beside / "course") in ran.stdout, ran.stderr
