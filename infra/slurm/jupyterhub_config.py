"""Servers as Slurm jobs: ``course hub --spawner slurm --config infra/slurm/jupyterhub_config.py``."""

import os
import shlex
import sys
from pathlib import Path

from autograder.course import load_course
from autograder.hub.options import options_from_json
from autograder.hub.settings import configure

c = get_config()  # noqa: F821 - JupyterHub provides it
configure(
    c, load_course(Path(os.environ["COURSE_ROOT"])), options_from_json(os.environ["COURSE_HUB_OPTIONS"])
)

c.SlurmSpawner.req_partition = os.environ.get("COURSE_PARTITION", "course")
c.SlurmSpawner.batch_script = """#!/bin/bash
#SBATCH --job-name=jupyter-{{username}}
#SBATCH --comment={{comment}}
#SBATCH --chdir={{homedir}}
#SBATCH --output={{homedir}}/.jupyter-server.log
#SBATCH --export={{keepvars}}
#SBATCH --partition={{partition}}
#SBATCH --cpus-per-task={{nprocs}}
#SBATCH --mem={{memory}}
#SBATCH --time={{runtime}}
#SBATCH --no-requeue
{% if gres %}#SBATCH --gres={{gres}}{% endif %}
{% if account %}#SBATCH --account={{account}}{% endif %}
set -euo pipefail
{{prologue}}
srun {{cmd}}
"""
# sudo has a PATH of its own; nbgrader and course lie beside the hub's Python
c.SlurmSpawner.req_prologue = f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH"
c.SlurmSpawner.batchspawner_singleuser_cmd = ""  # the server's own module reports its port
c.Spawner.ip = "0.0.0.0"  # a node is reached from the hub's machine
c.Spawner.http_timeout = 300
