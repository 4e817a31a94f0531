"""Who can stand trial: code in this process, or a submission in its sandbox."""

from __future__ import annotations

import select
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from ..course import Limits
from ..inside import wire
from ..results.result import Verdict
from ..sandbox.endings import Ending, unharmed
from .claims.causes import Causes
from .claims.left_out import MOST, LeftOut
from .claims.texts import StudentText
from .faults import StudentEnded, StudentFault
from .links import Allowance, Link, LoopbackLink, SocketLink

if TYPE_CHECKING:
    from ..sandbox import Process, Room


REPLIES = 16  # of the largest that are allowed, all replies of a submission may have as many bytes
_INSTANT = 0.05  # seconds; less is no time left


class LocalSubject:
    """Trusted code in this process: reference, mistake, variant, mutant."""

    def __init__(self, namespace: dict[str, Any], is_reference: bool = False) -> None:
        self._namespace = namespace
        self.is_reference = is_reference
        self._link: LoopbackLink | None = None  # the last one

    def at(self, task: str) -> LocalSubject:
        """A module is the same for all tasks."""
        return self

    def connect(self) -> Link:
        """A fresh host on the same namespace."""
        self.renew()
        self._link = LoopbackLink(self._namespace)
        return self._link

    def renew(self) -> None:
        """Every check gets a fresh host anyway; what stood in the place of functions goes."""
        if self._link is not None:
            self._link.end()
            self._link = None

    def ended(self, timed_out: bool) -> Ending:
        """Only a used-up budget of calls can end here."""
        if timed_out:
            return Ending(Verdict.TIMEOUT, "no answer in time.")
        return Ending(Verdict.CRASHED, "no proper answer.")

    def missing(self, name: str) -> tuple[Verdict, str] | None:
        """Nothing more is known."""
        return None


class RoomSubject:
    """A submission in its room: one process, and a new one after each bad end.

    Only inputs are ever in there, so nothing that is carried over from one task to the next
    can forge a pass; a process per task would cost as much again as all calls together.

    The slice of the notebook is loaded. A statement that does not end within
    ``load_seconds``, or that ends the process, is left out of the next attempt, up to
    ``MOST`` times: it costs the tasks that need what it binds, and no others. All attempts
    together take ``whole_seconds`` at most; a notebook with one endless loop takes
    ``load_seconds`` more than one without.

    Where the slice loads with an error, all of the notebook is run instead, in one
    process, since it may take long. Where running all of it ends worse than its
    definitions did (a loop without end below them; an error that costs the definitions
    below it in its cell), what the definitions gave counts.

    A notebook that binds names anew below the checks of tasks has another process for these
    (``inside.program.views``): ``at`` gives it. Time and bytes are those of the submission.
    """

    def __init__(
        self,
        room: Room,
        limits: Limits,
        text: StudentText | None = None,
        python: str = "",
        view: int = 0,
        first: RoomSubject | None = None,
    ) -> None:
        self._room = room
        self._limits = limits
        self._text = text  # what claims about the student's lines are held against
        self._python = python  # that saved the notebook
        self._view = view
        self._views: dict[int, RoomSubject] = {} if first is None else first._views
        self._views[view] = self
        if first is None:
            self._deadline = time.monotonic() + limits.submission_seconds
            self._allowance = Allowance(REPLIES * limits.reply_mib << 20, self._deadline)
            self._left_out: list[LeftOut] = []
        else:
            self._deadline, self._allowance = first._deadline, first._allowance
            self._left_out = first._left_out
        self._process: Process | None = None
        self._link: SocketLink | None = None
        self._ending = Ending(Verdict.CRASHED, "nothing has run yet.")  # of the last process
        self._refusal: StudentFault | None = None
        self._tried_whole = False
        self.mode = "slice"
        self.report: dict[str, Any] = {}
        self._causes = Causes({}, (), text, python)

    @property
    def loaded(self) -> str:
        """How the notebook was loaded, in words."""
        return "slice" if all(each.mode == "slice" for each in self._views.values()) else "whole notebook"

    def at(self, task: str) -> RoomSubject:
        """The process in which names mean what they did where the task's check stands."""
        view = self._room.compiled.get("views", {}).get(task, 0)
        found = self._views.get(view)
        return found or RoomSubject(self._room, self._limits, self._text, self._python, view, self)

    def connect(self) -> SocketLink:
        """A link to the submission's process, started where there is none."""
        if self._refusal is not None:
            raise self._refusal
        if time.monotonic() > self._deadline:
            seconds = f"{self._limits.submission_seconds:g}"
            raise StudentEnded(f"The whole submission took more than {seconds} s.", Verdict.TIMEOUT)
        if self._link is None or not self._link.settled():
            self._start()
        assert self._link is not None
        return self._link

    def renew(self) -> None:
        """The next check gets a new process, which has seen nothing."""
        self._end()

    def ended(self, timed_out: bool) -> Ending:
        """Kill and reap the process; the next call gets a new one."""
        return self._finish(timed_out)

    def missing(self, name: str) -> tuple[Verdict, str] | None:
        """Why a name is not there: a syntax error, a statement left out, or one that failed."""
        return self._causes.why(name)

    def close(self) -> None:
        """End all processes of the submission that are left."""
        for each in self._views.values():
            each._end()

    def _end(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process, self._link = None, None

    def _start(self) -> None:
        """Start a process and load the submission in it.

        Raises:
            StudentEnded: loading ended the process; nothing can be called.
        """
        self._end()
        ended = self._load()
        if self._may_try_whole(ended):
            ended = self._run_whole(ended)
        if ended is not None:
            if self.mode == "whole" or self._left_out or ended.verdict is Verdict.BROKEN:
                self._refusal = ended  # the next attempt would only take as long again
            raise ended

    def _load(self) -> StudentEnded | None:
        """Load what ``mode`` asks for, without a statement at which that ends; None, or how it ended."""
        end = time.monotonic() + self._limits.whole_seconds
        ended = self._spawn_unharmed(end)
        while ended is not None and self._leave_out() and time.monotonic() < min(end, self._deadline):
            ended = self._spawn_unharmed(end)
        return ended

    def _spawn_unharmed(self, end: float) -> StudentEnded | None:
        """The same as ``_spawn``, and again where another program may have killed it."""

        def harmed(ended: StudentEnded | None) -> bool:
            return ended is not None and self._ending.killed and time.monotonic() <= min(end, self._deadline)

        return unharmed(partial(self._spawn, end), harmed)

    def _leave_out(self) -> bool:
        """Leave the statement out at which the last attempt ended; False where there is none."""
        found = self._ending.during
        known = found is None or any(found.place == each.statement.place for each in self._left_out)
        if self.mode == "whole" or known or len(self._left_out) >= MOST:
            return False
        if self._ending.verdict is Verdict.BROKEN:
            return False
        assert found is not None
        self._left_out.append(LeftOut(found, self._ending, self._limits.load_seconds))
        return True

    def _may_try_whole(self, ended: StudentEnded | None) -> bool:
        if self._left_out:
            return False  # what ended the slice would end a run of everything as well
        if self._tried_whole or (ended is not None and ended.verdict is Verdict.BROKEN):
            return False
        return ended is not None or not self.report.get("ok")

    def _run_whole(self, ended: StudentEnded | None) -> StudentEnded | None:
        """Run the whole notebook in a new process, or go back to what loaded in part."""
        self._tried_whole = True
        undefined = self._undefined()
        self._end()
        self.mode = "whole"
        ended_whole = self._load()
        if ended is not None or (ended_whole is None and self._undefined() <= undefined):
            return ended_whole
        self._end()
        self.mode = "slice"
        return self._load()

    def _undefined(self) -> frozenset[str]:
        """The names of tasks that the last attempt left undefined; its own claim."""
        told = self.report.get("undefined")
        return frozenset(map(str, told if isinstance(told, list) else ()))

    def _spawn(self, end: float) -> StudentEnded | None:
        """Start a process that is ready before ``end`` (of time.monotonic); None, or how loading ended it."""
        places = [each.statement.place for each in self._left_out]
        self._process = self._room.spawn(self.mode, places, self._view)
        deadline = min(self._deadline, end)
        try:
            if self.mode == "slice":
                self._wait(self._process, deadline)
            ready, _ = wire.receive(self._process.sock, 1 << 20, deadline)
            report = ready["report"] if ready.get("k") == "ready" else None
            if not isinstance(report, dict):
                raise wire.WireError("no report")
        except (TimeoutError, EOFError, OSError, wire.WireError, KeyError) as error:
            ending = self._finish(isinstance(error, TimeoutError))
            return StudentEnded(f"The notebook could not be loaded: {ending.detail}", ending.verdict)
        self.report = report
        if self._left_out:  # what fails below it follows from it
            self.report = {**report, "ok": False, "error": self._left_out[0].error}
        told = {**report, **self._room.compiled}
        self._causes = Causes(told, self._left_out, self._text, self._python)
        limit = self._limits.reply_mib << 20
        self._link = SocketLink(self._process.sock, limit, self._text, self._allowance)
        return None

    def _wait(self, process: Process, deadline: float) -> None:
        """Wait until the slice is loaded.

        The time for it is one statement's, so that several slow ones are not mistaken for
        one that never ends.

        Raises:
            TimeoutError: one statement, or all together, took too long.
        """
        patience = self._limits.load_seconds
        while not select.select([process.sock], [], [], max(0.0, min(patience, _left(deadline))))[0]:
            found, seconds = process.loading()
            patience = self._limits.load_seconds - seconds
            if found is None or patience < _INSTANT or _left(deadline) < _INSTANT:
                raise TimeoutError

    def _finish(self, timed_out: bool) -> Ending:
        process, self._process, self._link = self._process, None, None
        if process is None:
            self._ending = Ending(Verdict.CRASHED, "the process is gone.")
        else:
            self._ending = process.finish(timed_out=timed_out)
        return self._ending


def _left(deadline: float) -> float:
    return deadline - time.monotonic()
