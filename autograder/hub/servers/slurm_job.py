"""A person's server as a job of Slurm's, from the queue to its first answer.

batchspawner submits, asks and cancels. Here is what it lacks: who waits reads why; a job that ends before its
server is up is told with its last lines; and a hub that is killed meanwhile finds the job again
(``waited_for.py``). A job that could not be cancelled, as while the controller is down, is cancelled when it
is back; a hub that ends meanwhile leaves it to the next one, which finds it by its mark.
"""

from __future__ import annotations

import asyncio
import re
import shlex
import time
from datetime import datetime
from typing import Any, ClassVar

from batchspawner import JobStatus, SlurmSpawner
from batchspawner.batchspawner import format_template
from traitlets import Float, Unicode

from . import slurm_words
from .slurm_queue import Queue, QueuedJob, SlurmSilent, ask
from .waited_for import (
    LINES,
    MARGIN_SECONDS,
    NotStarted,
    SchedulerSays,
    WaitedFor,
    listens,
    printable,
)

UP_SECONDS = 0.1  # between two looks whether a server listens whose port is known
AGAIN_SECONDS = 10.0  # until a job that could not be cancelled is tried again


class CourseSlurmSpawner(WaitedFor, SlurmSpawner):
    """A server as a job, which can be waited for and found again."""

    # A killed ``sudo`` would leave its ``sbatch`` behind, which submits a job when the controller is back.
    batch_submit_cmd = Unicode("timeout 15 sbatch --parsable").tag(config=True)
    req_comment = Unicode(help="Says whose job this is; see process/taken_up.py.").tag(config=True)
    look_seconds = Float(1.0, help="Between two looks at Slurm's queue, for all who wait.").tag(config=True)
    port: Any  # JupyterHub's: 0 until the job has said it
    _began = 0.0  # when the job was first seen to run, by the clock of this process
    queues: ClassVar[dict[str, Queue]] = {}
    cancelling: ClassVar[set[asyncio.Task[None]]] = set()  # of servers that the hub has forgotten

    @property
    def asked_for(self) -> str:
        """The job, where there is one."""
        return f"job {self.job_id}" if self.job_id else ""

    @property
    def wants_gpus(self) -> bool:
        """Whether it waits for GPUs."""
        return bool(self.req_gres)

    async def give_up(self) -> None:
        """Cancel the job, for which somebody waits.

        Raises:
            SchedulerSays: it could not be done.
        """
        try:
            await self.cancel_batch_job()
        except RuntimeError as error:  # batchspawner logs it
            raise SchedulerSays(slurm_words.SILENT) from error

    def load_state(self, state: dict[str, Any]) -> None:
        """What was known of the job."""
        super().load_state(state)
        self.port = state.get("port", 0)

    def get_state(self) -> dict[str, Any]:
        """What the next hub must know of the job."""
        state = super().get_state()
        return {**state, "port": self.port} if self.waits else state

    def note_port(self, port: int) -> None:
        """Where the job's server is going to listen; also for the next hub."""
        self.port = port
        self.keep()

    async def start(self) -> tuple[str, int]:
        """Submit the job and wait until its server listens.

        Raises:
            NotStarted: with the reason.
        """
        self.ip, self.port, self.says = "0.0.0.0", 0, ""
        if self.server:
            self.server.port = 0
        self.note_token()
        try:
            await self.submit_batch_script()
        except RuntimeError as error:
            raise NotStarted(slurm_words.not_taken(str(error))) from error
        if not self.job_id:
            raise NotStarted("Slurm did not say which job is your server's. Tell your instructor.")
        self.is_waited_for()
        return await self.until_up()

    async def until_up(self) -> tuple[str, int]:
        """Wait for the job's turn and for its server; the server's address and port.

        Raises:
            NotStarted: with the reason.
        """
        self._began = 0.0
        try:
            async with asyncio.timeout(max(1, self.start_timeout - MARGIN_SECONDS)):
                while not await self._is_up():
                    if self._began and time.monotonic() - self._began > self.http_timeout:
                        text = f"JupyterLab was not up {self.http_timeout} seconds after its job had begun."
                        raise NotStarted(text, await self._last_lines())
                    await asyncio.sleep(UP_SECONDS if self.port else self.startup_poll_interval)
        except TimeoutError:
            raise self.too_late() from None
        self.waits = False
        return self.ip, self.port

    async def stop(self, now: bool = False) -> None:
        """Cancel the job; where Slurm does not say that it is gone, it is cancelled later.

        The hub forgets a server that was stopped, and with it the job's number.
        """
        number, prefix = self.job_id, self._prefix()
        try:
            await super().stop(now)
            gone = now or await self.query_job_status() is JobStatus.NOTFOUND
        except RuntimeError:  # the command failed, as batchspawner logs
            gone = False
        if not gone:
            task = asyncio.create_task(_cancel_later(number, prefix, self.log))
            self.cancelling.add(task)
            task.add_done_callback(self.cancelling.discard)

    async def query_job_status(self) -> JobStatus:
        """The job's state in batchspawner's words."""
        if not self.job_id:
            return JobStatus.NOTFOUND
        try:
            job = await self._look()
        except SlurmSilent as problem:
            self.log.warning("Slurm does not answer: %s", problem)
            return JobStatus.UNKNOWN
        self.job_status = f"{job.state} {job.host}" if job else ""
        if job is None or not (job.waits or job.runs):
            return JobStatus.NOTFOUND
        return JobStatus.PENDING if job.waits else JobStatus.RUNNING

    async def _is_up(self) -> bool:
        try:
            job = await self._look()
        except SlurmSilent as problem:
            if self.says != slurm_words.SILENT:
                self.log.error("Slurm does not answer: %s", problem)
            self.says = slurm_words.SILENT
            return False
        if job is not None and job.waits:
            self.says = slurm_words.waiting(job, bool(self.req_gres), datetime.now())
            return False
        if job is None or not job.runs:
            lines = await self._last_lines() if job and job.state != "CANCELLED" else ""
            raise NotStarted(f"{slurm_words.ended(job)}.", lines)
        self._began = self._began or time.monotonic()
        self.says = slurm_words.starting(job)
        self.ip = job.host
        return bool(self.port) and await listens(self.ip, self.port)

    async def _look(self) -> QueuedJob | None:
        """The job; None where Slurm knows it no longer."""
        queue = self.queues.setdefault(self.req_partition, Queue(self.req_partition, self.look_seconds))
        found = (await queue.jobs()).get(self.job_id)
        if found is None:  # new since the last look, or not for the hub's own eyes
            try:
                found = (await queue.one(self.job_id, self._prefix())).get(self.job_id)
            except SlurmSilent as problem:
                if "Invalid job id" not in str(problem):
                    raise
        return found

    async def _last_lines(self) -> str:
        """What the job wrote last, read as its owner; empty where it cannot be read."""
        try:
            shown = await ask(["scontrol", "-o", "show", "job", self.job_id])
            file = re.search(r" StdOut=(\S+)", shown)
            text = await ask([*self._prefix(), "tail", "-n", str(LINES), file[1]]) if file else ""
        except SlurmSilent as problem:
            self.log.info("no last lines of job %s: %s", self.job_id, problem)
            return ""
        return printable(text)

    def _prefix(self) -> list[str]:
        return shlex.split(format_template(self.exec_prefix, **self.get_req_subvars()))


async def _cancel_later(number: str, prefix: list[str], log: Any) -> None:
    """Cancel a job as its owner, when Slurm answers again."""
    while True:
        await asyncio.sleep(AGAIN_SECONDS)
        try:
            await ask([*prefix, "scancel", number])
        except SlurmSilent as problem:
            if "Invalid job id" not in str(problem):
                log.warning("Job %s was not cancelled yet: %s", number, problem)
                continue
        log.info("Job %s, whose server was stopped before, is cancelled", number)
        return
