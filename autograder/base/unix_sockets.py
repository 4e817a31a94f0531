"""Unix sockets, and the addresses by which JupyterHub and its proxy name them: ``http+unix://%2Fsrv%2Fx``.

A TCP port belongs to nobody: when its server has died, whoever binds it first gets what others send
there. A socket in a folder of mode 0700 can be reached and replaced by the folder's owner only.
"""

from __future__ import annotations

import os
import socket
import stat
import string
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from .files import private_folder

SCHEME = "http+unix"
_LONGEST = 107  # bytes of a socket's path, unix(7)
_ROOM = 16  # bytes of a name in a folder of sockets, its slash included
_AS_IT_IS = frozenset(string.ascii_lowercase + string.digits + "-._~")


def address(path: Path) -> str:
    """The URL of a socket; capitals are escaped, too, since the host of a URL is read in small letters."""
    escaped = (chr(byte) if chr(byte) in _AS_IT_IS else f"%{byte:02X}" for byte in os.fsencode(path))
    return f"{SCHEME}://{''.join(escaped)}"


def path_of(url: str) -> Path | None:
    """The socket that a URL names; None for a URL of another kind."""
    parts = urlsplit(url)
    return Path(unquote(parts.netloc)) if parts.scheme == SCHEME else None


def socket_folder(path: Path) -> Path:
    """A folder of mode 0700 for sockets, at ``path`` or, where none can be there, where it links to.

    None can be where the path is too long, and on some file systems of other machines.

    Raises:
        OSError: neither place can be written.
    """
    if not path.is_symlink() and len(os.fsencode(path)) + _ROOM <= _LONGEST:
        if _takes_sockets(private_folder(path)):
            return path
        path.rmdir()
    if not _is_our_own(path.resolve()):
        path.unlink(missing_ok=True)
        path.symlink_to(tempfile.mkdtemp(prefix="course-hub-"))  # mkdtemp's mode is 0700
    return path.resolve()


def listen(path: Path) -> socket.socket:
    """A listening socket at that path, in place of what an earlier process left there."""
    made = _bound(path)
    made.listen(2048)
    return made


def reserve(path: Path) -> None:
    """Leave a socket where nobody listens, so that who comes too early is refused and asks again."""
    _bound(path).close()


def _bound(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.bind(str(path))
    except OSError:
        made.close()
        raise
    return made


def _takes_sockets(folder: Path) -> bool:
    tried = folder / f"try-{os.getpid()}"
    try:
        _bound(tried).close()
    except OSError:
        return False
    tried.unlink()
    return True


def _is_our_own(folder: Path) -> bool:
    """Whether only we can enter it: of a folder for all, such as /tmp, others may have made it meanwhile."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077
