"""A folder that is there whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..base.errors import naming
from ..base.files import private_folder, reach_disk
from ..base.leftovers import clear_unfinished_folders, unfinished


@contextmanager
def whole(folder: Path) -> Iterator[Path]:
    """A private folder to fill, which takes its final name on disk when the block ends without a fault.

    Args:
        folder: the final name; may be there, and empty.

    Raises:
        OSError: it cannot be made or renamed; nothing is left under either name.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    clear_unfinished_folders(folder.parent)
    stage = unfinished(folder)
    try:
        with naming(folder):
            private_folder(stage)
        yield stage
        os.sync()
        with naming(folder):
            os.rename(stage, folder)
        reach_disk(folder.parent)
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        raise
