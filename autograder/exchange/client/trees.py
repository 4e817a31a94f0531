"""Folders on the user's side: what is read from them, and writing what the exchange sent."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from ...base.files import replaced_together
from .service import ExchangeRefused

Ignore = Callable[[str, list[str]], list[str]]  # (folder, names) -> names to leave out
NEVER = {".ipynb_checkpoints", "__pycache__", "__MACOSX"}


def read_tree(folder: Path, ignore: Ignore | None = None, without: tuple[str, ...] = ()) -> dict[str, bytes]:
    """The regular files below a folder by their paths; links are not followed.

    Args:
        folder: where.
        ignore: what nbgrader's configuration leaves out.
        without: folders directly below that do not belong to the files.
    """
    files: dict[str, bytes] = {}
    for here, folders, names in os.walk(folder):
        left_out = set(ignore(here, [*folders, *names]) if ignore else ()) | NEVER
        if Path(here) == folder:
            left_out |= set(without)
        folders[:] = sorted(name for name in folders if name not in left_out)
        for name in sorted(set(names) - left_out):
            path = Path(here) / name
            if path.is_file() and not path.is_symlink():
                files[path.relative_to(folder).as_posix()] = path.read_bytes()
    return files


def write_tree(folder: Path, files: Mapping[str, bytes], replace: bool = True) -> list[str]:
    """Write files below a folder; returns the paths that were written.

    Raises:
        ExchangeRefused: a path leads out of the folder, or through a link; then nothing is written.
    """
    written = []
    with replaced_together() as put:
        for path, content in files.items():
            target = inside(folder, path)
            if replace or not target.exists():
                put(target, content)
                written.append(path)
    return written


def inside(folder: Path, path: str) -> Path:
    """The place of a path below a folder, whatever the path is.

    Raises:
        ExchangeRefused: it leads elsewhere.
    """
    parts = PurePosixPath(path).parts
    target = folder.joinpath(*parts)
    strange = not parts or path.startswith("/") or ".." in parts or "\\" in path
    if strange or not target.resolve().is_relative_to(folder.resolve()):
        raise ExchangeRefused(
            f"The exchange sent a file with the path {path!r}, which leads out of {folder}."
        )
    return target
