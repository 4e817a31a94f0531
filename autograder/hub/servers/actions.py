"""What formgrader's buttons do with students' notebooks, as nbgrader's commands in processes of their own.

nbgrader's handlers do it within the server, which then answers nobody until the last page is made, and makes
feedback by another template than the command. The answer has the same form.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from nbgrader.server_extensions.formgrader import apihandlers
from nbgrader.server_extensions.formgrader.base import check_notebook_dir, check_xsrf
from tornado import web

from ..process.tether import tethered

MOST_SECONDS = 3600.0
MOST_LOG = 200_000  # characters
TOO_LONG = "It took more than {:g} minutes and was ended. Run '{}' in a terminal."
_TURN = asyncio.Lock()  # they write the same folders and rows


async def command(folder: Path, *words: str, seconds: float = MOST_SECONDS) -> dict[str, Any]:
    """Run a command of nbgrader's in the course's folder; what formgrader's pages expect of it.

    Args:
        folder: nbgrader's course folder.
        words: of the command line.
        seconds: it may take.
    """
    line = tethered([sys.executable, "-P", "-m", "nbgrader", *words])
    together = asyncio.subprocess.STDOUT
    async with _TURN:
        process = await asyncio.create_subprocess_exec(
            *line,
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=together,
        )
        try:
            said, _ = await asyncio.wait_for(process.communicate(), seconds)
        except TimeoutError:
            return {
                "success": False,
                "log": "",
                "error": TOO_LONG.format(seconds / 60, " ".join(["nbgrader", *words])),
            }
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()
    log = said.decode("utf-8", "replace")[-MOST_LOG:]
    answer = {"success": process.returncode == 0, "log": log}
    return answer if answer["success"] else answer | {"error": log[-2000:]}


class _Command(apihandlers.BaseApiHandler):
    """One button."""

    async def run(self, name: str, assignment: str, student: str | None, *more: str) -> None:
        """Answer with what a command said of an assignment, or of one student's."""
        whom = [] if student is None else [f"--student={student}"]
        words = [name, f"--assignment={assignment}", *whom, "--force", *more]
        self.write(json.dumps(await command(Path(self.coursedir.root), *words)))


class GenerateFeedback(_Command):
    """Feedback pages of all, or of one student."""

    @web.authenticated
    @check_xsrf
    @check_notebook_dir
    async def post(self, assignment: str, student: str | None = None) -> None:
        """Make them anew."""
        await self.run("generate_feedback", assignment, student)


class Autograde(_Command):
    """One submission, by ``course grade``."""

    @web.authenticated
    @check_xsrf
    @check_notebook_dir
    async def post(self, assignment: str, student: str) -> None:
        """Grade it where that was not done, and write its mark."""
        await self.run("autograde", assignment, student, "--create")


def action_handlers() -> list[tuple[Any, ...]]:
    """Addresses below the service's own."""
    return [
        (r"/formgrader/api/assignment/([^/]+)/generate_feedback", GenerateFeedback),
        (r"/formgrader/api/assignment/([^/]+)/([^/]+)/generate_feedback", GenerateFeedback),
        (r"/formgrader/api/submission/([^/]+)/([^/]+)/autograde", Autograde),
    ]
