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

BESIDE = ("-n", "3", "--dist", "loadgroup")


@dataclass(frozen=True)
class Part:
    """Tests that run in processes of their own."""

    name: str
    where: tuple[str, ...]
    marked: str = "not browser"

    def tried(self, which: str, *more: str) -> int:
        """One try; pytest's exit code."""
        again = ("-p", "tests.second_tries", f"--try={which}", "-o", f"cache_dir=.pytest_cache/{self.name}")
        words = ["-q", *self.where, "-m", self.marked, *again, *more]
        return subprocess.run([sys.executable, "-m", "pytest", *words], check=False).returncode

    def run(self) -> bool:
        """Whether all of them passed, the second time at the latest."""
        return self.tried("first", *BESIDE) == 0 or self.tried("second", "--last-failed") == 0


PARTS = (
    Part("rest", ("tests", "--ignore=tests/prove")),
    Part("proofs", ("tests/prove",)),
    Part("browsers", ("tests",), "browser"),
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
