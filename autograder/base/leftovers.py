"""Files that a killed process was writing: the next run clears them, and only them.

``base.files`` writes a new file beside the old one, under a name that says which process of which machine
writes it.
"""

from __future__ import annotations

import os
import platform
import re
import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path

_WRITTEN_BY = re.compile(r"\.(.+)-([0-9]+)-\w+\.part")  # machine and process
_DAY = 24 * 3600.0


def unfinished(path: Path) -> Path:
    """A new name beside ``path`` for what will replace it."""
    return path.with_name(f".{_machine()}-{os.getpid()}-{secrets.token_hex(8)}.part")


def clear_leftovers(folder: Path) -> None:
    """Remove what processes left behind that were killed while they wrote a file into the folder."""
    for path in folder.glob(".*.part"):
        with suppress(OSError):  # another run was faster, or may not write here, which its results will say
            if _is_abandoned(path):
                path.unlink()


def clear_unfinished_folders(place: Path) -> None:
    """The same for whole folders, of which only our own names are touched: the place may be anybody's."""
    named = (path for path in place.glob(".*.part") if _WRITTEN_BY.fullmatch(path.name))
    for path in (path for path in named if path.is_dir() and not path.is_symlink()):
        with suppress(OSError):  # whoever writes it has just finished, and it has another name
            if _is_abandoned(path):
                shutil.rmtree(path, ignore_errors=True)


def _is_abandoned(path: Path) -> bool:
    """Whether nobody writes the file any more; of another machine's processes only its age tells."""
    found = _WRITTEN_BY.fullmatch(path.name)
    since = path.stat().st_mtime
    if found and found[1] == _machine():
        return not _may_write(int(found[2]), since)
    return time.time() - since > _DAY


def _machine() -> str:
    return re.sub(r"[^\w.-]", "_", platform.node()) or "unnamed"


def _may_write(process: int, since: float) -> bool:
    """Whether a process may be the one that began a file at ``since``, of ``time.time``.

    A killed one that its parent has not waited for writes nothing: in a container without an init it stays
    for ever. One that began a day later, by clocks that may disagree, has its number by chance.
    """
    import psutil  # seldom needed, and every command imports this module

    try:
        found = psutil.Process(process)
        return found.status() != psutil.STATUS_ZOMBIE and found.create_time() < since + _DAY
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:  # somebody else's, who does not say
        return True
