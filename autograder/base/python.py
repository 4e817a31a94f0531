"""Which Python grades, and whether a notebook was saved with a newer one."""

from __future__ import annotations

import re
import sys

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
_VERSION = re.compile(r"([0-9]{1,2})\.([0-9]{1,3})(?:[.+a-z].*)?")


def short(version: object) -> str:
    """``3.13`` of ``3.13.1``; nothing of what is no version."""
    found = _VERSION.fullmatch(version) if isinstance(version, str) and len(version) < 40 else None
    return f"{found[1]}.{found[2]}" if found else ""


def is_newer(version: object, than: str = HERE) -> bool:
    """Whether a Python is newer than another one; what is no version is not."""
    left, right = short(version), short(than)
    return bool(left and right) and numbers(left) > numbers(right)


def newer_note(version: object, than: str = HERE) -> str:
    """What may be behind code that does not run: the notebook is from a newer Python. Else nothing."""
    if not is_newer(version, than):
        return ""
    return (
        f"The notebook was saved with Python {short(version)}, and grading runs Python {short(than)}, "
        "which may be why."
    )


def numbers(version: str) -> tuple[int, int]:
    """(3, 11) of ``3.11``."""
    major, _, minor = version.partition(".")
    return int(major), int(minor)
