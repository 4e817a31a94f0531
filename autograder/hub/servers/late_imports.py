"""What Jupyter does at import and hardly ever needs, put off until it is needed.

Every process of Jupyter's imports ``jsonschema``, which at once builds a parser for the
format "iri" (RFC 3987): about a second, more than all the rest of a server's imports.
And JupyterLab asks Node.js for yarn's settings, to build extensions from source with.
Both are put off by what stands here; to be called before Jupyter is imported.
"""

from __future__ import annotations

import importlib
import sys
from functools import cache
from types import ModuleType
from typing import Any

GRAMMAR = "rfc3987_syntax"


def put_off_iri_grammar() -> None:
    """Let the parser be built when an IRI is first checked."""
    if GRAMMAR not in sys.modules:
        stand_in = ModuleType(GRAMMAR)
        stand_in.__dict__["is_valid_syntax"] = _is_valid_syntax
        sys.modules[GRAMMAR] = stand_in


def leave_out_yarn() -> None:
    """Let JupyterLab go without yarn's settings, as it does where there is no Node.js."""
    from jupyterlab import commands

    commands._yarn_config = _no_settings


def _is_valid_syntax(term: str, value: str) -> bool:
    """What the package's own function of that name answers."""
    return bool(_grammar().is_valid_syntax(term, value))


@cache
def _grammar() -> Any:
    del sys.modules[GRAMMAR]  # our stand-in
    return importlib.import_module(GRAMMAR)


def _no_settings(_: Any) -> dict[str, dict[str, str]]:
    return {"yarn config": {}, "npm config": {}}
