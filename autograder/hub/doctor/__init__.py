"""``course doctor --hub``: what outsiders and students could reach; ``--infra``: what servers need."""

from .examine import HubReport, examine_hub
from .finding import HubFinding
from .infra import InfraReport, examine_infra

__all__ = ["HubFinding", "HubReport", "InfraReport", "examine_hub", "examine_infra"]
