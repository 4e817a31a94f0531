"""What Jupyter does when it is imported and nobody here needs.

JupyterLab asks Node.js for yarn's settings, to build extensions from source with. To be called before Jupyter
is imported.
"""

from __future__ import annotations

from typing import Any


def leave_out_yarn() -> None:
    """Let JupyterLab go without yarn's settings, as it does where there is no Node.js."""
    from jupyterlab import commands

    commands._yarn_config = _no_settings


def _no_settings(_: Any) -> dict[str, dict[str, str]]:
    return {"yarn config": {}, "npm config": {}}
