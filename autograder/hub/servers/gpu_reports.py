"""What a person's server does about its GPUs: reads how busy they are, and tells the hub.

Every few seconds it looks whether a cell runs in any kernel and whether a device computes. Either is use: a
cell that loads data for an hour, waits for input or trains on the CPU keeps its GPU, and so does a program in
a terminal that computes there. Memory alone is no use, since a notebook that is done keeps its arrays. The
hub answers when the server is going to end, which ``ending.py`` tells JupyterLab. Nothing of this is done
where a profile has no GPU or the machine no NVIDIA library.

A cell that runs is noted as activity, too: without it the hub's idle culler would stop a training that prints
nothing for an hour, with a GPU or without.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from datetime import UTC, datetime
from typing import Any

from jupyterhub.services.auth import HubAuth
from tornado.httpclient import AsyncHTTPClient, HTTPError
from traitlets import Float, Unicode
from traitlets.config import LoggingConfigurable

from ..gpus.nvml import LIBRARY, GpuReading, Nvml, NvmlSilent
from .ending import ends_of

GPUS = "COURSE_GPUS"  # how many the profile has
LEAST_PERCENT = 1  # of a device's time that is use; a context that computes nothing is at 0


class GpuReports(LoggingConfigurable):
    """Looks and reports, as long as the server runs."""

    look_seconds = Float(5.0, help="Between two looks.").tag(config=True)
    report_seconds = Float(30.0, help="Between two reports to the hub.").tag(config=True)
    library = Unicode(LIBRARY, help="NVIDIA's management library.").tag(config=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.app: Any = self.parent
        self._nvml: Nvml | None = None
        self._in_use = time.monotonic()  # when it was last
        self._readings: list[GpuReading] = []
        self._told = 0.0
        self._end: float | None = None  # that the hub named, on our clock

    async def run(self) -> None:
        """Until the server ends."""
        reports = int(os.environ.get(GPUS) or 0) > 0 and await self._opened()
        while True:
            await asyncio.sleep(self.look_seconds)
            cell_runs = self._cell_runs()
            if cell_runs:
                self.app.web_app.settings["last_activity_times"]["course_cells"] = datetime.now(UTC)
            if reports:
                await self._look(cell_runs)

    async def _look(self, cell_runs: bool) -> None:
        try:
            self._readings = await asyncio.to_thread(self._read)
        except NvmlSilent as problem:
            self.log.warning("The GPUs do not say how busy they are: %s", problem)
            self._readings = []
        # What does not say how busy it is counts as used: nobody is stopped for what is not known.
        unknown = not self._readings or any(each.busy is None for each in self._readings)
        if cell_runs or unknown or any((each.busy or 0) >= LEAST_PERCENT for each in self._readings):
            self._in_use = time.monotonic()
        now = time.monotonic()
        is_due = now - self._told >= self.report_seconds - self.look_seconds / 2
        # What was to end is told at once that it is used again, and ends on time.
        if is_due or (self._end is not None and (self._in_use == now or now >= self._end)):
            await self._report()

    async def _report(self) -> None:
        hub = HubAuth()
        headers = {"Authorization": f"token {hub.api_token}", "Content-Type": "application/json"}
        body = json.dumps(self._load())
        try:
            answer = await AsyncHTTPClient().fetch(
                f"{hub.api_url}/course/gpus", method="POST", headers=headers, body=body, request_timeout=10
            )
        except (HTTPError, OSError) as problem:  # the hub is being started again, or knows no such reports
            self.log.warning("The hub did not take the report of this server's GPUs: %s", problem)
            return
        finally:
            self._told = time.monotonic()
        said = json.loads(answer.body)
        ends_of(self.app.web_app.settings).expect("gpu", said["ends_at"], said["why"])
        self._end = None
        if said["ends_at"] is not None:
            left = datetime.fromisoformat(said["ends_at"]) - datetime.now(UTC)
            self._end = time.monotonic() + left.total_seconds()

    def _load(self) -> dict[str, Any]:
        """The hub's ``gpus/loads.py`` says what is what."""
        known = [each.busy for each in self._readings if each.busy is not None]
        all_say = bool(known) and len(known) == len(self._readings)
        return {
            "busy": max(known) if all_say else None,
            "used_mib": sum(each.used_mib for each in self._readings),
            "total_mib": sum(each.total_mib for each in self._readings),
            "idle_seconds": round(time.monotonic() - self._in_use, 1) if all_say else None,
        }

    def _cell_runs(self) -> bool:
        manager = self.app.kernel_manager
        kernels = [manager.get_kernel(name) for name in manager.list_kernel_ids()]
        return any(getattr(kernel, "execution_state", "") == "busy" for kernel in kernels)

    async def _opened(self) -> bool:
        try:
            self._nvml = await asyncio.to_thread(Nvml, self.library)
        except NvmlSilent as problem:
            self.log.info("How busy this server's GPUs are is not known: %s", problem)
            return False
        return True

    def _read(self) -> list[GpuReading]:
        return [] if self._nvml is None else self._nvml.readings(os.environ.get("CUDA_VISIBLE_DEVICES"))


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """How Jupyter Server finds an extension."""
    return [{"module": "autograder.hub.servers.gpu_reports"}]


def _load_jupyter_server_extension(app: Any) -> None:
    """Begin when the server is up."""
    reports = GpuReports(parent=app)
    app.io_loop.call_later(1.0, _begin, app, reports)


def _begin(app: Any, reports: GpuReports) -> None:
    app.web_app.settings["course_gpu_reports"] = asyncio.create_task(reports.run())
