"""Signed receipts: who handed in what and when, by the server's clock.

A receipt is ``<payload>.<signature>``, both base64url without padding; the payload is JSON and
the signature Ed25519 (RFC 8032) over the payload's bytes. Anybody with the public key can
check one; only the exchange can make one.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ...base.errors import ConfigError, CourseError
from ...base.files import key
from ...course import Course
from ...marks.database import folder

LONGEST = 1 << 18  # characters of a receipt, which names 60 files at most


class ForgedReceipt(CourseError):
    """A receipt that this exchange did not sign, or that was changed or cut."""


@dataclass(frozen=True)
class Receipt:
    """What a receipt says."""

    course: str
    unit: str
    student: str
    attempt: str
    number: int
    received: str  # ISO 8601, UTC
    sha256: str  # of the list of files, see ``uploads.digest_of_files``
    size: int  # bytes
    files: dict[str, str]  # path -> SHA-256


@dataclass(frozen=True)
class Signer:
    """Signs and checks receipts with the key in ``path``."""

    path: Path

    def sign(self, receipt: Receipt) -> str:
        """The receipt as text."""
        payload = json.dumps(asdict(receipt), sort_keys=True, separators=(",", ":")).encode()
        return f"{_encode(payload)}.{_encode(self._key.sign(payload))}"

    def public_key(self) -> str:
        """The public key, PEM."""
        kind = serialization.PublicFormat.SubjectPublicKeyInfo
        return self._key.public_key().public_bytes(serialization.Encoding.PEM, kind).decode()

    @property
    def _key(self) -> Ed25519PrivateKey:
        raw = key(self.path, lambda: Ed25519PrivateKey.generate().private_bytes_raw())
        return Ed25519PrivateKey.from_private_bytes(raw)


def verify_receipt(text: str, public_key: str) -> Receipt:
    """Check a receipt against a public key (PEM) and return what it says.

    Raises:
        ForgedReceipt: the signature does not fit.
        ConfigError: the key is none.
    """
    key = _public(public_key)
    try:
        payload, signature = (_decode(part) for part in "".join(text.split()).split("."))
        key.verify(signature, payload)
        return Receipt(**json.loads(payload))
    except (InvalidSignature, ValueError, TypeError) as error:
        raise ForgedReceipt(
            "This receipt was not signed by this exchange, or it was changed or cut since. "
            "Copy the whole text, without line breaks inside."
        ) from error


def fingerprint(public_key: str) -> str:
    """The SHA-256 of a public key (PEM), so that two people can see whether they mean the same one.

    Raises:
        ConfigError: the key is none.
    """
    return hashlib.sha256(_public(public_key).public_bytes_raw()).hexdigest()


def lines_of(receipt: Receipt, zone: str | None = None) -> Iterator[str]:
    """What a receipt says, in words.

    Args:
        receipt: that was verified.
        zone: of the course, such as "Europe/Berlin"; UTC where there is none.
    """
    moment = received_in(receipt, zone)
    yield f"course     {receipt.course}"
    yield f"unit       {receipt.unit}"
    yield f"student    {receipt.student}"
    yield f"attempt    {receipt.number}, {receipt.attempt}"
    yield f"handed in  {moment:%Y-%m-%d %H:%M:%S} {zone or 'UTC'}, by the exchange's clock"
    yield f"sha256     {receipt.sha256} of all files together, {receipt.size} bytes"
    for path, sha256 in receipt.files.items():
        yield f"file       {path}, SHA-256 {sha256}"


def received_in(receipt: Receipt, zone: str | None) -> datetime:
    """When it was handed in, in the course's zone; in UTC where the course has none."""
    return datetime.fromisoformat(receipt.received).astimezone(ZoneInfo(zone) if zone else UTC)


def key_of_course(course: Course) -> str | None:
    """The public key of a course's own exchange; None where it has made none yet."""
    path = key_path(course)
    return Signer(path).public_key() if path.exists() else None


def key_path(course: Course) -> Path:
    """Where the key of a course's exchange lies."""
    return folder(course) / "receipt-key"


def _public(text: str) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(
            "expected a public key in PEM, as the exchange's page 'Check a receipt' offers it"
        ) from error
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError("expected an Ed25519 public key, found another kind")
    return key


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
