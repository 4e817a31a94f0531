"""The commands of the operator's manual, so that what stands there is what was tried."""

from __future__ import annotations

import re

from tests.hub.support import ROOT

MANUAL = ROOT / "infra" / "README.md"


def section(title: str) -> str:
    """The text below that heading, to the next one of the same level or above."""
    text = MANUAL.read_text()
    for level in (2, 3):
        form = rf"^#{{{level}}} {title}\n(.*?)(?=^#{{2,{level}}} )"
        if found := re.search(form, text, re.MULTILINE | re.DOTALL):
            return found[1]
    raise AssertionError(f"infra/README.md has no section {title!r}")


def commands(title: str) -> list[str]:
    """The lines of the section's first block of commands, continued ones joined."""
    block = re.search(r"^```\n(.*?)^```", section(title), re.MULTILINE | re.DOTALL)
    assert block is not None, f"infra/README.md has no commands below {title!r}"
    lines = block[1].replace("\\\n", " ").splitlines()
    return [" ".join(line.partition("  #")[0].split()) for line in lines]


def command(title: str, begins: str) -> str:
    """The one command that begins so."""
    (found,) = [line for line in commands(title) if line.startswith(begins)]
    return found
