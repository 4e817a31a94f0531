"""Jobs in Slurm's queue that an earlier run of this hub submitted: see taken_up.py."""

from __future__ import annotations

import re
import shlex
from typing import Any

from batchspawner.batchspawner import format_template

from ..servers.slurm_queue import SlurmSilent, ask
from .taken_up import RUN, SchedulerSilent, TakenUp


def comment(mark: str, course: str, user: str) -> str:
    """A job's comment, which says whose it is."""
    return f"course-hub/{mark}/{RUN}/{course}/{user}"


class JobsTakenUp(TakenUp):
    """With Slurm's own commands."""

    async def end_unknown(self, states: list[dict[str, Any]]) -> None:
        """Cancel jobs that nobody waits for."""
        known = {str(state.get("job_id")) for state in states}
        try:
            await self._cancel_those_not_in(known)
        except SlurmSilent as problem:
            raise SchedulerSilent(str(problem)) from problem

    async def _cancel_those_not_in(self, known: set[str]) -> None:
        earlier = rf"course-hub/{re.escape(self.hub.job_mark)}/(?!{RUN}/)"
        prefix = self.hub.spawner_class(config=self.hub.config).exec_prefix
        listing = await ask(["squeue", "-h", "-o", "%i %k"])
        for number in re.findall(rf"^(\d+) {earlier}", listing, re.MULTILINE):
            if number in known:
                continue
            # A comment may hold a made-up line; a job that is asked for alone has no neighbours.
            said = await ask(["squeue", "-h", "-j", number, "-o", "%u %k"])
            owner = re.match(rf"(\S+) {earlier}", said)
            if owner is None:
                continue
            self.hub.log.warning("Cancelling job %s of %s, for which nobody waits", number, owner[1])
            await ask([*shlex.split(format_template(prefix, username=owner[1])), "scancel", number])
