"""From a request's bytes to a list of files, whatever the request is.

Nothing is written here, and nothing in an upload decides where anything is written: files
are kept by their digest, and a path is only a name. It still must be a harmless one, since
staff and students get the files back under it.
"""

from __future__ import annotations

import base64
import hashlib
import io
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from ...base.text import plain
from ...notebook.several import is_notebook
from ..service.refusals import Refused
from ..service.settings import ServiceLimits
from .json_size import TooMuch, parse_bounded

PIECES = 16  # of JSON for a file: 7 are needed, see ``json_size``
CHUNK = 1 << 16
ENTRY = b"PK\x01\x02"  # begins each entry in a ZIP archive's list, which is read whole before any file
ENTRIES = 20  # of such a list for a file: programs leave things behind
RESERVED = {"con", "prn", "aux", "nul", *(f"{name}{i}" for name in ("com", "lpt") for i in range(1, 10))}
LEFT_OUT = ("__MACOSX", ".ipynb_checkpoints", "__pycache__")  # what programs leave behind, not people


@dataclass(frozen=True)
class File:
    """One uploaded file."""

    path: str
    content: bytes


@dataclass(frozen=True)
class Upload:
    """What one request brought."""

    files: tuple[File, ...]
    key: str | None = None  # the client's name of the request
    client_time: str | None = None


def parse_json(body: bytes, limits: ServiceLimits) -> Upload:
    """An upload as JSON: ``{"files": [{"path": ..., "content": base64}], "key": ..., "client_time": ...}``.

    Raises:
        Refused: it is something else, or too much.
    """
    try:
        data = parse_bounded(body, PIECES * (limits.files + 5), 4 * limits.path_letters * (limits.files + 5))
    except TooMuch as error:
        raise Refused(413, _too_many("too much in it", limits)) from error
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"The request is no JSON ({type(error).__name__}).") from error
    listed = data.get("files") if isinstance(data, dict) else None
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise Refused(400, 'Expected {"files": [{"path": "unit.ipynb", "content": "<base64>"}]}.')
    _check_count(len(listed), limits)
    files = [File(_text(item, "path"), _content(item)) for item in listed]
    return Upload(checked(files, limits), _word(data, "key", 64), _word(data, "client_time", 64))


def from_form(files: Iterable[tuple[str, bytes]], limits: ServiceLimits) -> Upload:
    """An upload by a browser: single files, or one ZIP archive that is unpacked.

    Raises:
        Refused: a file is unfit, or all of them are too much.
    """
    given = [File(PurePosixPath(name.replace("\\", "/")).name, content) for name, content in files if name]
    if len(given) == 1 and given[0].path.lower().endswith(".zip"):
        return Upload(checked(unzip(given[0].content, limits), limits))
    return Upload(checked(given, limits))


def unzip(content: bytes, limits: ServiceLimits) -> list[File]:
    """The regular files of an archive; what it says of its sizes is not believed.

    Raises:
        Refused: no archive, a link in it, encrypted, or it unpacks to too much.
    """
    if content.count(ENTRY) > ENTRIES * limits.files:
        raise Refused(413, _too_many("too much in it", limits))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [m for m in archive.infolist() if not (_is_folder(m) or _left_out(m.filename))]
            _check_count(len(members), limits)
            return list(_members(archive, members, limits))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OSError) as error:
        raise Refused(422, f"The archive cannot be read ({plain(str(error), 120)}).") from error
    except zlib.error as error:
        raise Refused(422, "The archive is damaged. Pack it again.") from error


def _is_folder(member: zipfile.ZipInfo) -> bool:
    return member.filename.endswith("/")  # ``is_dir`` of Python 3.11 fails where a name is empty


def _members(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], limits: ServiceLimits
) -> Iterable[File]:
    left = _mib(limits.unpacked_mib)
    for member in members:
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise Refused(
                422, f"{_shown(member.filename)} is a link or a device. Only plain files are taken."
            )
        if member.flag_bits & 1:
            raise Refused(422, "The archive is encrypted. Pack it again without a password.")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Refused(422, "The archive is packed in an unusual way. Pack it as a plain ZIP archive.")
        content = _bounded(archive, member, left)
        left -= len(content)
        yield File(member.filename, content)


def _bounded(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int) -> bytes:
    with archive.open(member) as source:
        parts, size = [], 0
        while part := source.read(CHUNK):
            size += len(part)
            if size > left:
                raise Refused(413, "The archive unpacks to more than is taken. Leave out data and outputs.")
            parts.append(part)
    return b"".join(parts)


def checked(files: Iterable[File], limits: ServiceLimits) -> tuple[File, ...]:
    """The files with clean paths, sorted.

    Raises:
        Refused: none, too many, too large together, a strange path, or two that meet.
    """
    kept = tuple(sorted((File(clean_path(f.path, limits), f.content) for f in files), key=lambda f: f.path))
    _check_count(len(kept), limits)
    if not kept:
        raise Refused(422, "There is no file in this submission.")
    total = sum(len(file.content) for file in kept)
    if total > _mib(limits.unpacked_mib):
        raise Refused(
            413,
            f"The files have {total / 2**20:.1f} MiB together; at most {limits.unpacked_mib:g} are taken.",
        )
    seen: dict[str, str] = {}
    for file in kept:
        other = seen.setdefault(file.path.casefold(), file.path)
        if other is not file.path:
            raise Refused(422, f"Two files have the same name: {_shown(other)} and {_shown(file.path)}.")
    return kept


def clean_path(path: str, limits: ServiceLimits) -> str:
    """A relative path that is harmless on every system.

    Raises:
        Refused: it is not, and why.
    """
    if not path or len(path) > limits.path_letters:
        raise Refused(422, f"A file's path has {len(path)} characters; 1 to {limits.path_letters} are taken.")
    parts = path.split("/")
    if path.startswith("/") or "\\" in path or ":" in path or any(part in ("", ".", "..") for part in parts):
        raise Refused(422, f"{_shown(path)} is no path inside the folder of the unit.")
    if len(parts) > limits.path_depth:
        raise Refused(422, f"{_shown(path)} lies {len(parts)} folders deep; at most {limits.path_depth} are.")
    if any(unicodedata.category(letter)[0] == "C" for letter in path):
        raise Refused(422, f"{_shown(path)} has invisible characters in its name. Rename the file.")
    if any(
        part.split(".")[0].lower() in RESERVED or part != part.strip() or part[-1] == "." for part in parts
    ):
        raise Refused(422, f"{_shown(path)} is a name that some systems cannot store. Rename the file.")
    return path


def digest_of_files(files: Mapping[str, str]) -> str:
    """One digest for a submission: SHA-256 over ``path NUL digest NEWLINE``, sorted by path."""
    total = hashlib.sha256()
    for path, sha256 in sorted(files.items()):
        total.update(f"{path}\0{sha256}\n".encode())
    return total.hexdigest()


def notebook_of(paths: Iterable[str], unit: str) -> str:
    """The path of the unit's notebook among the files: by name, else the only one there is.

    Raises:
        Refused: none, or several of which none has the unit's name.
    """
    notebooks = [path for path in paths if is_notebook(path)]
    if f"{unit}.ipynb" in notebooks:
        return f"{unit}.ipynb"
    if len(notebooks) == 1:
        return notebooks[0]
    found = ", ".join(_shown(name) for name in notebooks[:3]) or "no notebook"
    raise Refused(422, f"Expected {unit}.ipynb in the submission, found {found}.")


def _content(item: dict[str, Any]) -> bytes:
    """The bytes of a file; its text is forgotten, so that one file at a time is there twice."""
    text = _text(item, "content")
    del item["content"]
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refused(400, f"The content of {_shown(_text(item, 'path'))} is not base64.") from error


def _text(item: dict[str, Any], name: str) -> str:
    value = item.get(name)
    if not isinstance(value, str):
        raise Refused(400, f'Each file needs a text "{name}".')
    return value


def _word(data: dict[str, Any], name: str, longest: int) -> str | None:
    value = data.get(name)
    fits = isinstance(value, str) and len(value) <= longest and value.isprintable()
    if value is not None and not fits:
        raise Refused(400, f'"{name}" should be a text of at most {longest} printable characters.')
    return value


def _check_count(count: int, limits: ServiceLimits) -> None:
    if count > limits.files:
        raise Refused(413, _too_many(f"{count} files", limits))


def _too_many(count: str, limits: ServiceLimits) -> str:
    return (
        f"The submission has {count}; at most {limits.files} files are taken. "
        "Leave out what is not asked for."
    )


def _left_out(path: str) -> bool:
    return any(part in LEFT_OUT for part in path.split("/"))


def _mib(size: float) -> int:
    return int(size * 2**20)


def _shown(path: str) -> str:
    return repr(plain(path, 80))
