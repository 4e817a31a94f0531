"""Servers as Slurm jobs: ``course hub --spawner slurm --config infra/slurm/jupyterhub_config.py``."""

import os
from pathlib import Path

import batchspawner  # noqa: F401 - registers the address to which a job reports its port

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
#SBATCH --chdir={{homedir}}
#SBATCH --output={{homedir}}/.jupyter-server.log
#SBATCH --export={{keepvars}}
#SBATCH --partition={{partition}}
#SBATCH --cpus-per-task={{nprocs}}
#SBATCH --mem={{memory}}
#SBATCH --time={{runtime}}
{% if gres %}#SBATCH --gres={{gres}}{% endif %}
set -euo pipefail
srun {{cmd}}
"""
c.Spawner.ip = "0.0.0.0"  # a node is reached from the hub's machine
c.Spawner.http_timeout = 300
