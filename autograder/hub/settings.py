"""For JupyterHub's configuration files, such as those in ``infra/``: ``configure``."""

from .process.settings import configure

__all__ = ["configure"]
