"""Behind a real JupyterHub: its proxy, its tokens, its OAuth."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from autograder.hub.install_proxy import node, program

from .stage import ENGINE, children, files, free_port, notebook, packed, settle

pytestmark = [pytest.mark.slow, pytest.mark.sandbox, pytest.mark.xdist_group("exchange-service")]

CONFIG = """
import sys
c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy}"
c.ConfigurableHTTPProxy.command = {command!r}
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = "on loopback only"
c.Authenticator.allowed_users = {{"student-001", "student-002", "ta-1", "guest-1"}}
c.JupyterHub.load_groups = {{
    "nbgrader-course": {{"users": ["student-001", "student-002"]}},
    "formgrade-course": {{"users": ["ta-1"]}},
    "instructor-course": {{"users": ["ta-1"]}},
}}
c.JupyterHub.load_roles = [
    {{"name": "members", "groups": ["nbgrader-course", "formgrade-course"],
      "scopes": ["access:services!service=exchange"]}},
    {{"name": "maker", "services": ["maker"], "scopes": ["tokens", "list:users", "admin:users"]}},
]
c.JupyterHub.services = [
    {{"name": "maker", "api_token": "maker-of-tokens-0123456789"}},
    {{"name": "exchange", "url": "http://127.0.0.1:{service}", "oauth_no_confirm": True,
      "command": [sys.executable, "-P", "-c", "from autograder.cli import main; main()", "exchange",
                  "--workers", "1"],
      "cwd": {root!r},
      "environment": {{"PYTHONPATH": {engine!r}, "COURSE_ROOT": {root!r}, "PATH": {path!r}}}}},
]
"""


class Hub:
    """A JupyterHub with the exchange as its service."""

    def __init__(self, course, folder: Path) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        beside = str(Path(sys.executable).parent)
        path = f"{beside}:{os.environ['PATH']}"
        words = {"port": self.port, "hub": free_port(), "proxy": free_port(), "service": free_port()}
        command = [str(node()), str(program())]
        config = CONFIG.format(root=str(course.root), engine=str(ENGINE), path=path, command=command, **words)
        (folder / "jupyterhub_config.py").write_text(config)
        environment = {**os.environ, "PATH": path, "CONFIGPROXY_AUTH_TOKEN": "proxy-token"}
        self.log = folder / "hub.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "jupyterhub"],
                cwd=folder,
                env=environment,
                stdout=log,
                stderr=log,
            )

    def token(self, name: str) -> str:
        """A token that a user has made at the hub."""
        answer = self.api("POST", f"users/{name}/tokens")
        return answer.json()["token"]

    def api(self, method: str, path: str) -> httpx.Response:
        """Ask the hub as its maker of tokens."""
        headers = {"Authorization": "token maker-of-tokens-0123456789"}
        return httpx.request(method, f"{self.address}/hub/api/{path}", headers=headers, timeout=30)

    def wait(self, seconds: float = 120) -> None:
        """Until the exchange answers through the proxy."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            try:
                if httpx.get(f"{self.address}/services/exchange/api/health").status_code == 200:
                    return
            except httpx.TransportError:
                pass  # not up yet
            time.sleep(0.2)
        raise AssertionError(f"hub and exchange do not answer:\n{self.log.read_text()[-4000:]}")

    def stop(self) -> None:
        """End it with its services."""
        self.process.terminate()
        self.process.wait(timeout=30)


@pytest.fixture
def real_hub(course, tmp_path):
    """A hub of this test's own."""
    hub = Hub(course, tmp_path)
    try:
        hub.wait()
        yield hub
    finally:
        hub.stop()


def test_the_exchange_behind_a_real_hub(course, real_hub):
    """Release, submit and mark with real tokens; the pages with the hub's login; strangers get nothing."""
    for name in ("student-001", "student-002", "ta-1", "guest-1"):
        real_hub.api("POST", f"users/{name}")
    base = f"{real_hub.address}/services/exchange/"

    def client(name):
        return httpx.Client(
            base_url=base, headers={"Authorization": f"token {real_hub.token(name)}"}, timeout=30
        )

    with client("ta-1") as ta, client("student-001") as student, client("student-002") as other:
        assert ta.get("api/me").json()["staff"] is True
        unit = course.units[0]
        body = {"files": [packed("softmax.ipynb", unit.released_notebook.read_bytes())]}
        assert student.put("api/units/softmax/release", json=body).status_code == 403
        ta.put("api/units/softmax/release", json=body).raise_for_status()
        made = student.post("api/units/softmax/attempts", json=files(softmax_ipynb=notebook(course))).json()
        assert settle(student, made["id"])["score"] == 100.0
        assert other.get(f"api/attempts/{made['id']}").status_code == 404
        for pid in children(real_hub.process.pid, "exchange"):
            os.kill(pid, signal.SIGKILL)
        real_hub.wait()  # the hub starts its services again
        assert student.get(f"api/attempts/{made['id']}").json()["score"] == 100.0
    with client("guest-1") as guest:
        assert guest.get("api/units").status_code in (401, 403)
    with httpx.Client(base_url=base, headers={"Authorization": "token forged"}) as stranger:
        assert stranger.get("api/units").status_code == 401

    with httpx.Client(follow_redirects=True, timeout=30) as browser:
        page = browser.get(base)
        assert "/hub/login" in str(page.url)
        xsrf = re.search(r'name="_xsrf"\s+value="([^"]+)"', page.text)[1]
        form = {"username": "student-001", "password": "on loopback only", "_xsrf": xsrf}
        page = browser.post(str(page.url), data=form)
        assert str(page.url) == base
        assert "Your units" in page.text
        assert "100" in browser.get(f"{base}attempts/{made['id']}").text
