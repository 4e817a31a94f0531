"""A warm process beside a notebook, which answers its ``grader.check``.

Theory of operation. The kernel starts this program with the folder of the released files
as its argument, and writes one JSON line for each question: ``{"notebook": path, "tasks":
[...]}``. The answer is one JSON line: ``{"checks": [...], "healed": [...], ...}`` or
``{"trouble": "..."}``. The zygote stays warm, so that an answer takes a fraction of a second
also where torch is needed; each question gets a fresh process. It ends with the kernel
(end of input), or after half an hour without a question.
"""

from __future__ import annotations

import json
import select
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..base.errors import CourseError
from ..base.threads import use_one_thread
from ..notebook import Release, read_submission
from ..sandbox import Sandbox
from .findings import find
from .released import beside_notebook
from .trial import start_strongest, tiers_beside, try_out

IDLE_SECONDS = 1800.0


def main() -> None:
    """Answer questions on standard input until it ends."""
    use_one_thread()
    try:
        folder = Path(sys.argv[1])
        release = beside_notebook(folder)
        with start_strongest(release, tiers=tiers_beside(folder)) as zygote:
            _serve(release, zygote)
    except CourseError as error:
        _say({"trouble": str(error)})


def _serve(release: Release, zygote: Sandbox) -> None:
    _say({"ready": zygote.tier})
    while select.select([sys.stdin], [], [], IDLE_SECONDS)[0]:
        line = sys.stdin.readline()
        if not line:
            return
        question = json.loads(line)
        try:
            _say(answer(Path(question["notebook"]), question["tasks"], release, zygote))
        except CourseError as error:
            _say({"trouble": str(error)})


def answer(path: Path, tasks: list[str], release: Release, zygote: Sandbox) -> dict[str, Any]:
    """What the public checks of some tasks (all, where the list is empty) say of a saved notebook.

    Raises:
        Unreadable: the file is no notebook.
    """
    submission = read_submission(path, release, zygote.limits.notebook_mib)
    findings = find(submission, release)
    asked = [task for task in release.tasks if task in tasks or not tasks]
    trial = try_out(submission, release, zygote, [task for task in asked if task not in findings.stubs])
    return {
        "checks": [asdict(check) for check in trial.checks],
        "stubs": {task: names for task, names in findings.stubs.items() if task in asked},
        "syntax_errors": [
            error
            for error in findings.syntax_errors
            if error.get("task") in asked or (not error.get("task") and error["needed"])
        ],
        "sources": [cell.source for cell in submission.cells if cell.kind == "code"],
        "trouble": "",
        "tier": trial.tier,
        "loaded": trial.trouble,
    }


def _say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    main()
