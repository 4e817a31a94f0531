"""What makes the hub and its servers start soon, without a hub."""

import asyncio
import random
import subprocess
import sys
from pathlib import Path

import jinja2
import pytest
from jupyterhub import spawner, utils
from jupyterhub._data import DATA_FILES_PATH
from jupyterhub.httpclient import JupyterHubHTTPClient

from autograder.gradebook import Folders
from autograder.hub.process import app
from autograder.hub.process.settings import TEMPLATES
from autograder.hub.servers.formgrader import build_missing
from tests.hub.support import copy_course, free_port


def _python(code: str) -> str:
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_grammar_is_built_at_each_start():
    """jsonschema from 4.25 on builds 38 of them when it is imported, which Jupyter's every process does."""
    assert _python("import sys, jsonschema; print('lark' in sys.modules)").strip() == "False"


def test_jupyterlab_starts_no_node():
    """With the server's own program; the control: without it, importing JupyterLab asks for yarn."""
    watch = (
        "import subprocess, sys\n"
        "from jupyterlab import commands\n"
        "commands.which = lambda *_: 'node'\n"
        "commands.subprocess.check_output = lambda *_, **__: print('asked') or b''\n"
    )
    late = "from autograder.hub.servers.singleuser import leave_out_yarn; leave_out_yarn()\n"
    assert "asked" in _python(watch + "import jupyterlab.labapp")
    assert _python(watch + late + "import jupyterlab.labapp") == ""


async def _noticed(after: float) -> float:
    """Seconds from the moment when a server is up, about so long from now, until the hub notices."""
    loop = asyncio.get_running_loop()

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async def serve() -> tuple[asyncio.Server, float]:
        await asyncio.sleep(after)
        return await asyncio.start_server(answer, "127.0.0.1", port), loop.time()

    port = free_port()
    starting = asyncio.create_task(serve())
    await utils.wait_for_http_server(f"http://127.0.0.1:{port}", timeout=20)
    noticed = loop.time()
    server, up = await starting
    server.close()
    await JupyterHubHTTPClient.instance().close()
    return noticed - up


@pytest.mark.parametrize("often", [True, False])
def test_a_server_is_noticed_soon(monkeypatch, often):
    """Within the longest wait, at worst; the control: JupyterHub's own waits grow."""
    monkeypatch.setattr(random, "uniform", lambda low, high: high)
    for module in (utils, spawner):
        monkeypatch.setattr(module, "exponential_backoff", utils.exponential_backoff)
    if often:
        app.look_often()
    late = asyncio.run(_noticed(1.6))  # JupyterHub looks after 1.4 and after 3.0 seconds
    assert (late < app.LONGEST_WAIT + 0.4) == often, late


def test_a_unit_that_cannot_be_built_keeps_no_hub_from_starting(tmp_path, capsys):
    """Formgrader names it in the log and shows the others."""
    course = copy_course(tmp_path / "course")
    broken, *others = course.units
    broken.reference.unlink()
    build_missing(course)
    said = capsys.readouterr().err
    assert f"formgrader lacks {broken.name}" in said and said.count("lacks") == 1
    assert not Folders(course).source(broken.name).exists()
    assert all(Folders(course).source(unit.name).exists() for unit in others)


@pytest.mark.parametrize("own", [True, False])
def test_any_failure_names_its_reason(own):
    """Such as Docker's without NVIDIA's runtime, as text; the control: JupyterHub's page does not."""
    theirs = Path(DATA_FILES_PATH) / "templates"
    folders = [str(TEMPLATES)] * own + [str(theirs)]
    loaders = [
        jinja2.PrefixLoader({"templates": jinja2.FileSystemLoader(theirs)}),
        jinja2.FileSystemLoader(folders),
    ]
    pages = jinja2.Environment(loader=jinja2.ChoiceLoader(loaders), autoescape=True)
    reason = RuntimeError('could not select device driver "nvidia" <b>')
    page = pages.get_template("not_running.html").render(
        failed=True, exception=reason, static_url=lambda *_, **__: "", parsed_scopes=(), base_url="/hub/"
    )
    assert ("could not select device driver &#34;nvidia&#34; &lt;b&gt;" in page) == own
