"""The module of a unit's reference solution."""

from __future__ import annotations

import importlib
from typing import Any

from ..base.errors import ConfigError, not_installed
from ..course import Unit


def load_reference(unit: Unit) -> Any:
    """The module of the reference solution.

    Raises:
        ConfigError: it cannot be imported; the file and the error are named.
    """
    try:
        return importlib.import_module(f"solutions.{unit.name}")
    except (Exception, SystemExit) as error:
        raise ConfigError(f"{unit.reference} cannot be imported: {_why(error)}") from error


def _why(error: BaseException) -> str:
    """What went wrong, and what to do."""
    lacking = not_installed(error.name or "") if isinstance(error, ModuleNotFoundError) else None
    return lacking or f"{type(error).__name__}: {error}. Correct it until it runs."
