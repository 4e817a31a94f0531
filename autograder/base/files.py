"""Files that are whole or not there, keys that only their owner can read, and waiting for one's turn.

A new file is written beside the old one, reaches the disk, and takes its place in one step: a
reader sees the old or the new one, whatever is killed when. A key is made once: whoever comes
second takes the first one's. A turn is a lock that the kernel gives back when its holder dies.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from .errors import ConfigError, naming
from .leftovers import unfinished

COMMON = 0o666  # the mode of any new file, less what the umask takes away
GROUP = 0o660
PRIVATE = 0o600


def replace_file(path: Path, content: bytes | str, mode: int = COMMON) -> None:
    """Give a file new content in one step, after that has reached the disk; text becomes UTF-8.

    Raises:
        OSError: the disk is full or the place cannot be written; the old file is kept.
    """
    with replaced_together(mode) as put:
        put(path, content.encode("utf-8", "replace") if isinstance(content, str) else content)


def write_private(path: Path, text: str) -> None:
    """The same for a file that only its owner can read."""
    replace_file(path, text, PRIVATE)


@contextmanager
def replaced_together(mode: int = COMMON) -> Iterator[Callable[[Path, bytes], None]]:
    """Replace many files, each in one step, after all of them have reached the disk.

    Yields a function that takes a path and its new content. Files that wait for the disk
    together are on it in half the time, since the file system writes its journal once for
    many. Where anything fails, those not yet replaced stay what they were.
    """
    staged: list[tuple[Path, Path]] = []

    def put(path: Path, content: bytes) -> None:
        with naming(path):
            staged.append((_written_beside(path, content, mode), path))

    try:
        yield put
        for fresh, path in staged:
            with naming(path):
                reach_disk(fresh)
        for fresh, path in staged:
            with naming(path):
                os.replace(fresh, path)
    except BaseException:
        for fresh, _ in staged:
            fresh.unlink(missing_ok=True)
        raise


def key(path: Path, make: Callable[[], bytes], least: int = 16) -> bytes:
    """The content of a key file (mode 0600); the first process that asks makes it.

    A damaged one is never replaced: what it locked or drew could not be had again.

    Raises:
        ConfigError: others can read it, or it is shorter than ``least``, blanks at its ends not counted.
        OSError: it can be neither made nor read.
    """
    if not path.exists():
        _make_once(path, make())
    check_private(path)
    content = path.read_bytes()
    if len(content.strip()) < least:
        raise ConfigError(f"{path} should hold at least {least} characters; restore it from a backup")
    return content


def token(path: Path) -> str:
    """A random text of 256 bits in a key file; the same at every start.

    Raises:
        ConfigError: others can read the file, or it is damaged.
        OSError: it can be neither made nor read.
    """
    return key(path, lambda: f"{secrets.token_hex(32)}\n".encode(), least=32).decode().strip()


def check_private(path: Path) -> None:
    """Refuse a file that anybody but its owner can read or write.

    Raises:
        ConfigError: with the command that mends it.
    """
    if path.stat().st_mode & 0o077:
        raise ConfigError(f"{path} can be read by others; run: chmod 600 {path}")


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner can enter."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.chmod(0o700)
    return path


@contextmanager
def turn(path: Path, mode: int = PRIVATE) -> Iterator[None]:
    """Wait until no other process of this machine has its turn at ``path``.

    The file is made where it is missing. Whoever can open it can keep others waiting, so that its
    ``mode`` is a narrow one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, mode)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def locked(path: Path) -> AbstractContextManager[None]:
    """Keep other writers of ``path`` waiting, which itself is replaced meanwhile: by a lock beside it."""
    return turn(path.with_name(f".{path.name}.lock"))


def reach_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _written_beside(path: Path, content: bytes, mode: int) -> Path:
    """A new file in the folder of ``path``; nothing is left of it where it cannot be written."""
    fresh = unfinished(path)
    handle = _open_new(fresh, mode)
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            _begin_to_store(handle)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    return fresh


def _open_new(path: Path, mode: int) -> int:
    def opened() -> int:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)

    try:
        return opened()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return opened()


def _begin_to_store(handle: int) -> None:
    """Let the disk have the file while the next one is prepared: that halves the wait at the end."""
    if hasattr(os, "posix_fadvise"):  # Linux begins to write what it is told to forget
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)


def _make_once(path: Path, content: bytes) -> None:
    fresh = _written_beside(path, content, PRIVATE)
    try:
        reach_disk(fresh)
        os.link(fresh, path)
    except FileExistsError:
        return  # another process was first: its key counts
    finally:
        fresh.unlink()
