"""A JupyterHub configuration for one machine, to be extended.

``python -m autograder.hub.process.serve -f infra/jupyterhub_config.py`` runs it; plain ``jupyterhub -f``
refuses, since it knows no services on Unix sockets and would not lead people to change a first password.
``course hub`` needs no such file. Use one where a site wants settings of its own.
"""

import os
from pathlib import Path

from autograder.course import load_course
from autograder.hub.options import Options, check
from autograder.hub.settings import configure

c = get_config()  # noqa: F821 - JupyterHub provides it
options = Options(
    port=int(os.environ.get("HUB_PORT", "8000")),
    public_url=os.environ.get("HUB_URL", ""),
    spawner=os.environ.get("HUB_SPAWNER", "simple"),  # which isolates nobody, so never with a HUB_URL
)
check(options)
configure(c, load_course(Path(__file__).parent), options)

# What is special to this place goes below, in JupyterHub's own words.
