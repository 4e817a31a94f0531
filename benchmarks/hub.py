"""How long people wait: ``python -m benchmarks.hub`` writes ``benchmarks/hub.json``.

``login_page``      from ``course hub`` to a usable login page, a started course
``hub_notebook``    from a filled login form to a running kernel of one's own server
``bare_notebook``   from ``jupyter lab`` to a running kernel, same environment, no hub
"""

from __future__ import annotations

import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from tests.hub.support import RunningHub, free_port

RUNS = 3
TARGET = Path(__file__).with_name("hub.json")


def main() -> None:
    """Measure and write."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [measure(Path(folder) / str(number)) for number in range(RUNS)]
    median = {name: round(statistics.median(row[name] for row in rows), 2) for name in rows[0]}
    ratio = round(median["hub_notebook"] / median["bare_notebook"], 2)
    result = {**median, "ratio": ratio, "runs": RUNS, "cores": os.cpu_count(), "load": os.getloadavg()[0]}
    TARGET.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def measure(folder: Path) -> dict[str, float]:
    """One run of each; the hub's second start counts, since the first builds the units."""
    hub = RunningHub(folder / "course")
    hub.start()
    hub.stop()
    login_page = hub.start()
    try:
        hub_notebook = through_hub(hub)
    finally:
        hub.stop()
    return {
        "login_page": login_page,
        "hub_notebook": hub_notebook,
        "bare_notebook": bare(folder),
    }


def through_hub(hub: RunningHub) -> float:
    """From the login form to a running kernel."""
    client = httpx.Client(base_url=hub.url, follow_redirects=True, timeout=60)
    begin = time.monotonic()
    hub.log_in(client, "student-001", hub.passwords["student-001"])
    client.get("/hub/spawn")
    while "jupyter-config-data" not in client.get("/user/student-001/lab").text:
        time.sleep(0.1)
    word = next(
        cookie.value for cookie in client.cookies.jar if cookie.name == "_xsrf" and "user" in cookie.path
    )
    answer = client.post("/user/student-001/api/kernels", json={}, headers={"X-XSRFToken": word or ""})
    answer.raise_for_status()
    client.close()
    return time.monotonic() - begin


def bare(folder: Path) -> float:
    """``jupyter lab`` by itself."""
    port, token = free_port(), secrets.token_hex(8)
    home = folder / "bare"
    home.mkdir(parents=True)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={port}", "--allow-root"]
    begin = time.monotonic()
    process = subprocess.Popen(
        [*command, f"--IdentityProvider.token={token}"], cwd=home, stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(home)},
    )  # fmt: skip
    try:
        headers = {"Authorization": f"token {token}"}
        while True:
            try:
                page = httpx.get(f"http://127.0.0.1:{port}/lab", headers=headers)
                if "jupyter-config-data" in page.text:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        httpx.post(f"http://127.0.0.1:{port}/api/kernels", json={}, headers=headers).raise_for_status()
        return time.monotonic() - begin
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
