"""How long people wait: ``python -m benchmarks.hub`` writes ``benchmarks/hub.json``.

``first_login_page``  from the very first ``course hub`` of a course to a usable login page
``login_page``        the same for a course that was started before
``hub_notebook``      from a filled login form to a running kernel of one's own server
``bare_notebook``     from ``jupyter lab`` to a running kernel: same environment, no hub
``lean_notebook``     the same with no server extension but JupyterLab's own

Seconds of the wall clock, medians. The three notebooks take turns, so that whatever else
the machine does meets all of them; ``..._cpu`` is the processor time of all processes that
take part, which other work changes less. ``ratio`` is hub to bare, ``lean_ratio`` hub to lean.
The hub's services are up before the first login, as for all but the first minute of a hub.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from autograder.marks.roster import Member
from tests.hub.support import RunningHub, free_port, processes_below

TARGET = Path(__file__).with_name("hub.json")
TICKS = os.sysconf("SC_CLK_TCK")
OTHERS = (
    "jupyter_lsp", "jupyterlab_jupytext", "notebook", "notebook_shim",
    *(f"nbgrader.server_extensions.{name}" for name in
      ("assignment_list", "course_list", "formgrader", "validate_assignment")),
)  # fmt: skip


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--starts", type=int, default=3, help="hubs, each started twice")
    parser.add_argument("--logins", type=int, default=3, help="turns of hub, bare and lean per hub")
    asked = parser.parse_args()
    load = os.getloadavg()[0]
    rows: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(asked.starts):
            for name, seconds in measure(Path(folder) / str(number), asked.logins):
                rows.setdefault(name, []).append(round(seconds, 2))
    result = summary(rows) | {
        "runs": rows,
        "cores": os.cpu_count(),
        "load_before": round(load, 2),
        "load_after": round(os.getloadavg()[0], 2),
    }
    TARGET.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def summary(rows: dict[str, list[float]]) -> dict[str, float]:
    """Medians, and the ratios of each turn's neighbours."""
    medians = {name: round(statistics.median(values), 2) for name, values in rows.items()}

    def ratio(other: str) -> float:
        pairs = zip(rows["hub_notebook"], rows[other], strict=True)
        return round(statistics.median(hub / bare for hub, bare in pairs), 2)

    return medians | {"ratio": ratio("bare_notebook"), "lean_ratio": ratio("lean_notebook")}


def measure(folder: Path, logins: int) -> list[tuple[str, float]]:
    """One hub: its first and its second start, and some turns of notebooks."""
    students = [f"student-{number:03}" for number in range(1, logins + 1)]
    hub = RunningHub(folder / "course", members=tuple(Member(name, "student") for name in students))
    found = [("first_login_page", hub.start())]
    hub.stop()
    found.append(("login_page", hub.start()))
    try:
        settle(lambda: processor_time(processes_below(hub.course.data_folder)))
        for student in students:
            wall, cpu = through_hub(hub, student)
            found += [("hub_notebook", wall), ("hub_notebook_cpu", cpu)]
            for name, off in (("bare", ()), ("lean", OTHERS)):
                wall, cpu = bare(folder / f"{name}-{student}", off)
                found += [(f"{name}_notebook", wall), (f"{name}_notebook_cpu", cpu)]
    finally:
        hub.stop()
    return found


def through_hub(hub: RunningHub, student: str) -> tuple[float, float]:
    """From the login form to a running kernel, by the addresses that a browser asks for."""
    before = processor_time(processes_below(hub.course.data_folder))
    begin = time.monotonic()
    with httpx.Client(base_url=hub.url, follow_redirects=True, timeout=60) as client:
        hub.log_in(client, student, hub.passwords[student])
        page = client.get("/hub/spawn")
        progress = re.search(r'EventSource\("([^"]+)"', page.text)
        if progress:  # else it started while the page was asked for
            with client.stream("GET", json.loads(f'"{progress.group(1)}"')) as events:
                assert any('"ready": true' in line for line in events.iter_lines()), "no server started"
        assert "jupyter-config-data" in client.get(f"/user/{student}/lab").text
        word = next(
            cookie.value for cookie in client.cookies.jar if cookie.name == "_xsrf" and "user" in cookie.path
        )
        kernels = f"/user/{student}/api/kernels"
        client.post(kernels, json={}, headers={"X-XSRFToken": word or ""}).raise_for_status()
        wall = time.monotonic() - begin
        cpu = processor_time(processes_below(hub.course.data_folder)) - before
        _stop(hub, client, student)
    return wall, cpu


def bare(home: Path, off: tuple[str, ...]) -> tuple[float, float]:
    """``jupyter lab`` by itself, with some extensions turned off."""
    port, token = free_port(), secrets.token_hex(8)
    config = home / "config"
    config.mkdir(parents=True)
    extensions = {"ServerApp": {"jpserver_extensions": dict.fromkeys(off, False)}}
    (config / "jupyter_server_config.json").write_text(json.dumps(extensions))
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={port}", "--allow-root"]
    environment = {**os.environ, "HOME": str(home), "JUPYTER_CONFIG_PATH": str(config)}
    begin = time.monotonic()
    process = subprocess.Popen(
        [*command, f"--IdentityProvider.token={token}"], cwd=home, stderr=subprocess.DEVNULL,
        env=environment,
    )  # fmt: skip
    try:
        headers = {"Authorization": f"token {token}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as client:
            while not _is_up(client):
                time.sleep(0.05)
            assert "jupyter-config-data" in client.get("/lab").text
            client.post("/api/kernels", json={}).raise_for_status()
        return time.monotonic() - begin, processor_time(processes_below(home))
    finally:
        process.terminate()
        process.wait()


def processor_time(processes: list[int]) -> float:
    """Seconds of these processes, and of children of theirs that have ended."""
    ticks = 0
    for pid in processes:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(int(value) for value in fields[11:15])
    return ticks / TICKS


def _is_up(client: httpx.Client) -> bool:
    try:
        return client.get("/api").status_code == 200
    except httpx.TransportError:
        return False


def _stop(hub: RunningHub, client: httpx.Client, student: str) -> None:
    """Stop the server, as the button on the hub's page does."""
    word = re.search(r'xsrf_token"?\s*[:=]\s*"([^"]+)"', client.get("/hub/home").text)
    address = f"/hub/api/users/{student}/server?_xsrf={word.group(1) if word else ''}"
    client.delete(address, headers={"Referer": f"{hub.url}/hub/home"}).raise_for_status()


def settle(used: Callable[[], float], least: float = 0.1) -> None:
    """Wait until services have warmed up: less than a tenth of a core, half a minute at most."""
    for _ in range(30):
        before = used()
        time.sleep(1)
        if used() - before < least:
            return


if __name__ == "__main__":
    main()
