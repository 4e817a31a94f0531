"""Signed receipts: who handed in what and when, by the server's clock.

A receipt is ``<payload>.<signature>``, both base64url without padding; the payload is JSON and
the signature Ed25519 (RFC 8032) over the payload's bytes. Anybody with the public key can
check one; only the exchange can make one.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ...base.errors import CourseError
from ...base.files import key


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
    """
    key = serialization.load_pem_public_key(public_key.encode())
    if not isinstance(key, Ed25519PublicKey):
        raise ForgedReceipt("expected an Ed25519 public key, found another kind")
    try:
        payload, signature = (_decode(part) for part in "".join(text.split()).split("."))
        key.verify(signature, payload)
        return Receipt(**json.loads(payload))
    except (InvalidSignature, ValueError, TypeError) as error:
        raise ForgedReceipt(
            "This receipt was not signed by this exchange, or it was changed or cut since. "
            "Copy the whole text, without line breaks inside."
        ) from error


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
