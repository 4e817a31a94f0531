"""``make test``: all tests, in parts that have processes of their own.

A process that has collected every test holds a gigabyte, and whoever forks it copies the tables of its pages:
a proof does that thousands of times. So proofs are tried apart. So is what drives a browser: Playwright's
loop does not share a process with others.

A server that starts, a browser, a queue: whoever drives them waits for half of the time. So as many processes
run side by side as keep two cores busy, whichever part they are of.

Limits of time are part of what is tested: what fails beside others is tried once more, when all parts were
tried and it is alone. Who needed that is told at the end; who needs it twice in ten runs fails
(``tests/second_tries.py``).
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

HERE = Path(__file__).parent
ROOM = 4  # processes side by side; two cores have nothing more to give, and time limits would be overrun
BY_GROUPS = ("--dist", "loadgroup", "--no-loadscope-reorder")  # in the order of tests/order.py


@dataclass(frozen=True)
class Part:
    """Tests that run in processes of their own."""

    name: str
    where: tuple[str, ...]
    marked: str = "not browser"
    processes: int = 2
    live: bool = False  # what it says is seen while it says it

    def first(self) -> bool:
        """Whether all of them passed, beside one another."""
        begun = time.monotonic()
        with TemporaryFile() as said:
            output = {} if self.live else {"stdout": said, "stderr": said}
            passed = self._tried("first", "-n", str(self.processes), *BY_GROUPS, **output)
            said.seek(0)
            text = said.read().decode(errors="replace")
        print(f"{text}\n{self.name}: {time.monotonic() - begun:.0f} s", flush=True)
        return passed

    def second(self) -> bool:
        """Whether what failed passes now."""
        return self._tried("second", "--last-failed")

    def _tried(self, which: str, *more: str, **output: Any) -> bool:
        again = ("-p", "tests.second_tries", f"--try={which}", "-o", f"cache_dir=.pytest_cache/{self.name}")
        words = ["-q", *self.where, "-m", self.marked, *again, *more]
        return subprocess.run([sys.executable, "-m", "pytest", *words], check=False, **output).returncode == 0


def of_browsers() -> tuple[str, ...]:
    """The files that may drive a browser: to read all the others takes half a minute."""
    return tuple(str(file) for file in sorted(HERE.rglob("test_*.py")) if _may_drive_one(file))


def _may_drive_one(file: Path) -> bool:
    """Whether a file, or what its folder shares, speaks of the mark."""
    texts = (
        each.read_text(encoding="utf-8") for each in (file, file.parent / "conftest.py") if each.exists()
    )
    return any("mark.browser" in text for text in texts)


PARTS = (
    Part("rest", ("tests", "--ignore=tests/prove"), processes=3, live=True),
    Part("browsers", of_browsers(), "browser", processes=1),
    Part("proofs", ("tests/prove",)),
)


def first_tries(parts: Sequence[Part], room: int = ROOM) -> list[Part]:
    """Try them, each as soon as there is room for its processes; gives those in which something failed."""
    waiting, running = list(parts), dict[Future[bool], Part]()
    failed = []
    with ThreadPoolExecutor() as threads:
        while waiting or running:
            while waiting and sum(part.processes for part in (*running.values(), waiting[0])) <= room:
                part = waiting.pop(0)
                running[threads.submit(part.first)] = part
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            tried = [(running.pop(future), future.result()) for future in done]
            failed += [part for part, passed in tried if not passed]
    return failed


def main() -> None:
    """Run the parts, all of them whatever fails, and say how long each took."""
    failed = [part.name for part in first_tries(PARTS) if not part.second()]
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
