"""Something that goes on beside the students, until it is over by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any


class Beside:
    """A function in a thread of its own; what it raises is raised by ``result``."""

    def __init__(self, function: Callable[[], dict[str, Any]]) -> None:
        self._function, self._result = function, dict[str, Any]()
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def over(self) -> bool:
        """Whether it has ended."""
        return not self._thread.is_alive()

    def result(self) -> dict[str, Any]:
        """What it returned, once it has ended."""
        self._thread.join()
        if self._fault is not None:
            raise self._fault
        return self._result

    def _run(self) -> None:
        try:
            self._result = self._function()
        except BaseException as fault:
            self._fault = fault
