"""A node of Slurm's that dies: whoever starts there reads it, whoever worked there can start again."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import httpx
import pytest

from tests.hub.accounts import NEEDS_ROOT, accounts
from tests.hub.slurm_hub import answers, heard, jobs_hub, ready, start, token_of
from tests.slurm import running_slurm
from tests.waiting import until

NAME = f"slm-{os.getpid()}-8"
TIMEOUT = "SlurmdTimeout=10\n"  # seconds until Slurm believes that a node is dead; its own are 300
SLOW = "import time\ntime.sleep(300)\n"
TOLD = 10.0  # seconds after Slurm's word
POLL = 45.0  # the hub looks every 30 seconds at servers that are up
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("slurm"), NEEDS_ROOT]


@pytest.fixture(scope="module")
def slurm():
    with accounts((NAME,)), running_slurm(more=TIMEOUT) as slurm:
        yield slurm


@pytest.fixture(scope="module")
def hub(slurm, tmp_path_factory):
    with jobs_hub(slurm, tmp_path_factory.mktemp("node"), (NAME,)) as hub:
        yield hub


def _state(slurm):
    return slurm.ask("squeue", "-h", "-t", "all", f"-u{NAME}", "-S", "-i", "-o", "%T").split("\n")[0]


def test_a_node_that_dies_while_a_server_starts_there(hub, slurm):
    """The page's stream says so within ten seconds of Slurm's own word, and nothing is requeued."""
    settings = Path(f"~{NAME}").expanduser() / ".jupyter" / "jupyter_server_config.py"
    settings.parent.mkdir()
    shutil.chown(settings.parent, NAME, NAME)
    settings.write_text(SLOW)
    token = token_of(hub, NAME)
    start(hub, NAME, token)
    heard(hub, NAME, token, 60, until="JupyterLab starts")
    slurm.kill_node()
    until(lambda: _state(slurm) == "NODE_FAIL", "word of Slurm's", 90)
    noticed = time.monotonic()
    (*_, last) = heard(hub, NAME, token, 60, until="failed")
    assert time.monotonic() - noticed < TOLD
    assert last["failed"] and "its machine failed" in last["message"]
    settings.unlink()
    slurm.start_node()
    assert not slurm.ask("squeue", "-h")


def test_a_node_that_dies_under_a_server(hub, slurm):
    """The hub notices, its page offers another start instead of 503, and that one is let in."""
    token = token_of(hub, NAME)
    start(hub, NAME, token)
    until(lambda: answers(hub, NAME, token), "server")
    slurm.kill_node()
    until(lambda: _state(slurm) == "NODE_FAIL", "word of Slurm's", 90)
    until(lambda: not ready(hub, NAME, token), "end of the server for the hub", POLL)
    page = httpx.get(f"{hub.url}/user/{NAME}/lab", headers={**token, "Accept": "text/html"}, timeout=30,
                     follow_redirects=True)  # fmt: skip
    assert page.status_code != 503, page.text[-2000:]
    slurm.start_node()
    start(hub, NAME, token)
    until(lambda: answers(hub, NAME, token), "server on the node that is back", 120)
    httpx.delete(f"{hub.url}/hub/api/users/{NAME}/server", headers=token, timeout=60)
