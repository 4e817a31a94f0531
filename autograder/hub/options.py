"""For JupyterHub's configuration files, such as those in ``infra/``: the options of ``course hub``."""

from .process.options import Options, check, options_from_json

__all__ = ["Options", "check", "options_from_json"]
