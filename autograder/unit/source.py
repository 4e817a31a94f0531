"""The Python files of a unit, read without running them."""

from __future__ import annotations

import ast
from pathlib import Path

from ..base.errors import ConfigError


def parse_file(path: Path) -> ast.Module:
    """The syntax tree of one of a unit's files.

    Raises:
        ConfigError: the file is missing, or is no Python.
    """
    try:
        return ast.parse(read_source(path), filename=str(path))
    except (SyntaxError, ValueError) as error:  # ValueError: a null byte
        line = getattr(error, "lineno", None) or 1
        raise ConfigError(f"{path}:{line}: not valid Python: {error}") from error


def read_source(path: Path) -> str:
    """The text of one of a unit's files.

    Raises:
        ConfigError: the file is missing, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path} is missing. 'course new UNIT' shows what a unit needs.") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text: {error}. Save it as UTF-8.") from error
