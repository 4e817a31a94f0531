"""``make test``: all tests, in parts that have processes of their own.

A process that has collected every test holds a gigabyte, and whoever forks it copies the tables of its pages:
a proof does that thousands of times. So proofs are tried apart. So is what drives a browser: Playwright's
loop does not share a process with others.

Limits of time are part of what is tested: what fails beside others is tried once more, alone. Who needed that
is told at the end; who needs it twice in ten runs fails (``tests/second_tries.py``).
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Part:
    """Tests that run in processes of their own."""

    name: str
    where: tuple[str, ...]
    marked: str = "not browser"
    processes: int = 2

    def tried(self, which: str, *more: str) -> int:
        """One try; pytest's exit code."""
        again = ("-p", "tests.second_tries", f"--try={which}", "-o", f"cache_dir=.pytest_cache/{self.name}")
        words = ["-q", *self.where, "-m", self.marked, *again, *more]
        return subprocess.run([sys.executable, "-m", "pytest", *words], check=False).returncode

    def run(self) -> bool:
        """Whether all of them passed, the second time at the latest."""
        return (
            self.tried("first", "-n", str(self.processes), "--dist", "loadgroup") == 0
            or self.tried("second", "--last-failed") == 0
        )


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
    Part("rest", ("tests", "--ignore=tests/prove"), processes=3),  # many of these wait for servers
    Part("proofs", ("tests/prove",)),
    Part("browsers", of_browsers(), "browser"),
)


def main() -> None:
    """Run the parts, all of them whatever fails, and say how long each took."""
    failed = []
    for part in PARTS:
        begun = time.monotonic()
        if not part.run():
            failed.append(part.name)
        print(f"{part.name}: {time.monotonic() - begun:.0f} s", flush=True)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
