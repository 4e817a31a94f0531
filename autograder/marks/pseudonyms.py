"""Names that tell only who has the course's secret whose they are; always the same ones."""

from __future__ import annotations

import hashlib
import hmac


def pseudonym(secret: bytes, student: str) -> str:
    """What a student is called instead.

    >>> pseudonym(b"secret", "student-001")
    'person-4686ff4b8f'
    """
    return f"person-{hmac.new(secret, f'pseudonym {student}'.encode(), hashlib.sha256).hexdigest()[:10]}"
