"""Passwords of the hub's own login: scrypt hashes in one file of mode 0600.

A line is ``username:scrypt:n:r:p:salt:hash`` with salt and hash in hexadecimal, so that
a later version can raise the cost without locking anybody out. ``:first`` at its end says that
the password was handed out, and must be changed before anything else. Cost: OWASP's password
storage recommendation for scrypt with 32 MiB (n = 2^15, r = 8, p = 3).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...base.errors import ConfigError, UsageError
from ...base.files import check_private, locked, write_private

SHORTEST = 10  # characters of a chosen password
_LONGEST = 200
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # nothing that is mistaken for something else in print
_COST = (2**15, 8, 3)
_CORES = os.cpu_count() or 1


@dataclass(frozen=True)
class Hash:
    """A salted hash and what it cost."""

    n: int
    r: int
    p: int
    salt: bytes
    digest: bytes
    first: bool = False  # handed out, not chosen by its person

    def __str__(self) -> str:
        text = f"scrypt:{self.n}:{self.r}:{self.p}:{self.salt.hex()}:{self.digest.hex()}"
        return f"{text}:first" if self.first else text


def hash_password(password: str, cost: tuple[int, int, int] = _COST) -> Hash:
    """Hash with a fresh salt."""
    salt = secrets.token_bytes(16)
    return Hash(*cost, salt, _scrypt(password, salt, cost))


def matches(password: str, known: Hash) -> bool:
    """Whether the password is the one; takes the same time either way."""
    return hmac.compare_digest(_scrypt(password, known.salt, (known.n, known.r, known.p)), known.digest)


# Compared with where a name is unknown, so that the time of the answer does not tell names.
NOBODY = Hash(*_COST, bytes(16), bytes(32))


def first_password() -> str:
    """A random password to hand out: four groups of four letters, 78 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def check_new(password: str, username: str) -> None:
    """Refuse what is too short, too long or the name itself.

    Raises:
        UsageError: with the sentence for the person who chose it.
    """
    if not SHORTEST <= len(password) <= _LONGEST:
        raise UsageError(
            f"A password needs {SHORTEST} to {_LONGEST} characters; this one has {len(password)}."
        )
    if username in password.lower() or len(set(password)) < 4:
        raise UsageError("This password is too easy to guess: use several words, and not your username.")


def read_hashes(path: Path) -> dict[str, Hash]:
    """All hashes by username; empty where the file was not made yet.

    Raises:
        ConfigError: a line is damaged, or others can read the file.
    """
    if not path.exists():
        return {}
    check_private(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(
        _entry(line, f"{path}: line {number}") for number, line in enumerate(lines, 1) if line.strip()
    )


def set_password(path: Path, username: str, password: str) -> None:
    """Store the hash of a password that its person chose.

    Raises:
        UsageError: the password is too weak.
    """
    set_passwords(path, {username: password})


def set_passwords(path: Path, chosen: Mapping[str, str]) -> None:
    """The same for several people, by username.

    Raises:
        UsageError: a password is too weak; then none is stored.
    """
    for username, password in chosen.items():
        check_new(password, username)
    fresh = _hashed(chosen)
    with locked(path):
        _write(path, read_hashes(path) | fresh)


def make_first(path: Path, usernames: Iterable[str], again: bool = False) -> dict[str, str]:
    """First passwords for all who have none yet, by username; this is the only time they are seen.

    Args:
        path: the file of the hashes.
        usernames: who is to have one.
        again: also for who has a password, which then is no longer theirs.
    """
    with locked(path):
        hashes = read_hashes(path)
        made = {name: first_password() for name in usernames if again or name not in hashes}
        if made:
            first = {name: replace(known, first=True) for name, known in _hashed(made).items()}
            _write(path, hashes | first)
    return made


def forget(path: Path, username: str) -> None:
    """Take the hash of somebody who left off the file."""
    with locked(path):
        hashes = read_hashes(path)
        if hashes.pop(username, None):
            _write(path, hashes)


@dataclass
class PasswordFile:
    """The file as a running hub sees it: read again when it has changed."""

    path: Path
    latest: Mapping[str, Hash] = field(default_factory=dict)  # what was read last, before any damage
    _seen: tuple[int, int, int] | None = None

    def hashes(self) -> Mapping[str, Hash]:
        """All hashes by username.

        Raises:
            ConfigError: as ``read_hashes``.
        """
        now = self.state()
        if now is None or now != self._seen:
            self.latest, self._seen = read_hashes(self.path), now
        return self.latest

    def state(self) -> tuple[int, int, int] | None:
        """Differs after each change of the file; None where there is none."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_ctime_ns, found.st_size


def _hashed(passwords: Mapping[str, str]) -> dict[str, Hash]:
    with ThreadPoolExecutor(_CORES) as threads:  # scrypt runs beside Python
        return dict(zip(passwords, threads.map(hash_password, passwords.values()), strict=True))


def _write(path: Path, hashes: dict[str, Hash]) -> None:
    write_private(path, "".join(f"{name}:{known}\n" for name, known in sorted(hashes.items())))


def _entry(line: str, where: str) -> tuple[str, Hash]:
    try:
        name, kind, n, r, p, salt, digest, *rest = line.split(":")
        if kind != "scrypt" or rest not in ([], ["first"]):
            raise ValueError(kind)
        known = Hash(int(n), int(r), int(p), bytes.fromhex(salt), bytes.fromhex(digest), first=bool(rest))
        return name, known
    except ValueError as error:
        raise ConfigError(
            f"{where} is damaged. Restore the file from a backup, or delete the line: "
            "its person then gets a new first password."
        ) from error


def _scrypt(password: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    n, r, p = cost
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass")[:1024],
        salt=salt,
        n=n,
        r=r,
        p=p,
        maxmem=256 * n * r,
        dklen=32,
    )
