"""Who can stand trial: code in this process, or a submission in its sandbox."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ..course import Limits
from ..inside import wire
from ..verdicts import Verdict
from .claims import StudentText
from .faults import StudentEnded, StudentFault, clean
from .links import Link, LoopbackLink, SocketLink

if TYPE_CHECKING:
    from ..sandbox import Process, Room


class LocalSubject:
    """Trusted code in this process: reference, mistake, variant, mutant."""

    def __init__(self, namespace: dict[str, Any], is_reference: bool = False) -> None:
        self._namespace = namespace
        self.is_reference = is_reference

    def connect(self, task: str, isolate: bool) -> Link:
        """A fresh host on the same namespace."""
        return LoopbackLink(self._namespace)

    def ended(self, timed_out: bool) -> tuple[Verdict, str]:
        """Only a used-up budget of calls can end here."""
        return (
            (Verdict.TIMEOUT, "no answer in time.") if timed_out else (Verdict.CRASHED, "no proper answer.")
        )

    def missing(self, name: str) -> tuple[Verdict, str] | None:
        """Nothing more is known."""
        return None


class RoomSubject:
    """A submission in its room: one process, a new one after each bad end and for isolated checks.

    Only inputs are ever in there, so nothing that is carried over from one task to the next
    can forge a pass; a process per task would cost as much again as all calls together.

    The slice of the notebook is loaded; where that fails, all of it is run instead, in one
    process, since it may take long. Where running all of it ends worse than its
    definitions did (a loop without end below them), what the definitions gave counts.
    """

    def __init__(self, room: Room, limits: Limits, text: StudentText | None = None) -> None:
        self._room = room
        self._limits = limits
        self._text = text  # what claims about the student's lines are held against
        self._deadline = time.monotonic() + limits.submission_seconds
        self._process: Process | None = None
        self._link: SocketLink | None = None
        self._isolated = False  # the process served an isolated check and is of no further use
        self._refusal: StudentFault | None = None
        self._tried_whole = False
        self.mode = "slice"
        self.report: dict[str, Any] = {}

    def connect(self, task: str, isolate: bool) -> Link:
        """A link to the submission's process, started where there is none."""
        if self._refusal is not None:
            raise self._refusal
        if time.monotonic() > self._deadline:
            seconds = f"{self._limits.submission_seconds:g}"
            raise StudentEnded(f"The whole submission took more than {seconds} s.", Verdict.TIMEOUT)
        if self._link is None or isolate or self._isolated or not self._link.begin():
            self._start()
        self._isolated = isolate
        assert self._link is not None
        return self._link

    def ended(self, timed_out: bool) -> tuple[Verdict, str]:
        """Kill and reap the process; the next call gets a new one."""
        process, self._process, self._link = self._process, None, None
        if process is None:
            return Verdict.CRASHED, "the process is gone."
        ending = process.finish(timed_out=timed_out)
        return ending.verdict, ending.detail

    def missing(self, name: str) -> tuple[Verdict, str] | None:
        """A syntax error in the cell that should define the name, or what stopped the loading."""
        for found in self.report.get("syntax_errors", ()):
            if name in found.get("names", ()) or found.get("task") == name:
                return Verdict.ERROR, f"{name} is not defined: {_syntax(found)}"
        error = self.report.get("error")
        if error:
            return Verdict.MISSING, f"{name} is not defined. {_load_error(error)}"
        return None

    def close(self) -> None:
        """End the process, if one is left."""
        if self._process is not None:
            self._process.close()
            self._process, self._link = None, None

    def _start(self) -> None:
        """Start a process and load the submission in it.

        Raises:
            StudentEnded: loading ended the process; nothing can be called.
        """
        self.close()
        ended = self._spawn()
        if self._may_try_whole(ended):
            ended = self._run_whole(ended)
        if ended is not None:
            if self.mode == "whole" or ended.verdict is Verdict.BROKEN:
                self._refusal = ended  # the next attempt would only take as long again
            raise ended

    def _may_try_whole(self, ended: StudentEnded | None) -> bool:
        if self._tried_whole or (ended is not None and ended.verdict is Verdict.BROKEN):
            return False
        return ended is not None or not self.report.get("ok")

    def _run_whole(self, ended: StudentEnded | None) -> StudentEnded | None:
        """Run the whole notebook in a new process, or go back to what loaded in part."""
        self._tried_whole = True
        self.close()
        self.mode = "whole"
        ended_whole = self._spawn()
        if ended_whole is None or ended is not None:
            return ended_whole
        self.mode = "slice"
        return self._spawn()

    def _spawn(self) -> StudentEnded | None:
        """Start a process; None, or how loading ended it."""
        self._process = self._room.spawn(self.mode)
        seconds = self._limits.load_seconds if self.mode == "slice" else self._limits.whole_seconds
        deadline = min(self._deadline, time.monotonic() + seconds)
        try:
            ready, _ = wire.receive(self._process.sock, 1 << 20, deadline)
            report = ready["report"] if ready.get("k") == "ready" else None
            if not isinstance(report, dict):
                raise wire.WireError("no report")
        except (TimeoutError, EOFError, OSError, wire.WireError, KeyError) as error:
            verdict, detail = self.ended(isinstance(error, TimeoutError))
            return StudentEnded(f"The notebook could not be loaded: {detail}", verdict)
        self.report = report
        self._link = SocketLink(self._process.sock, self._limits.reply_mib << 20, self._text)
        return None


def _syntax(found: dict[str, Any]) -> str:
    where = f"cell {clean(found.get('cell', '?'), 10)}, line {clean(found.get('line', '?'), 10)}"
    message, text = clean(found.get("message", ""), 80), clean(found.get("text", ""), 100)
    return f"syntax error in {where}: {message}: `{text}`"


def _load_error(error: Any) -> str:
    if not isinstance(error, dict):
        return ""
    where = f"cell {clean(error.get('cell', ''), 20)}, line {clean(error.get('line', ''), 10)}"
    text = clean(error.get("text", ""), 100)
    return (
        f"Running the notebook stopped with {clean(error.get('class', 'an error'), 60)} in {where}: `{text}`."
    )
