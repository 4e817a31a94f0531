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


def commands(title: str, block: int = 0) -> list[str]:
    """The lines of one of the section's blocks of commands, continued ones joined."""
    blocks = re.findall(r"^```\n(.*?)^```", section(title), re.MULTILINE | re.DOTALL)
    assert len(blocks) > block, f"infra/README.md has too few commands below {title!r}"
    lines = blocks[block].replace("\\\n", " ").splitlines()
    return [" ".join(line.partition("  #")[0].split()) for line in lines]


def command(title: str, begins: str) -> str:
    """The one command that begins so."""
    (found,) = [line for line in commands(title) if line.startswith(begins)]
    return found
