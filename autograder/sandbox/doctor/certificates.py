"""What this machine can do, and which isolation tier can be trusted on it.

A tier is certified by trying to get out of it, not by version numbers: every escape
of ``escapes`` is run without isolation (the control) and then in the tier. A
tier is certified where no escape succeeds, and every one of ``ESSENTIAL`` has a
control that does: an attempt that fails everywhere proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from ...base.errors import CourseError, not_installed
from .. import TIERS, Sandbox
from . import machine
from .escapes import ESCAPES
from .trials import TriedEscape, trials

DEFAULT_TIER = "walled"
ESSENTIAL = frozenset(
    "read_secret list_folder write_file environment descriptors signal_judge signal_parent fork exec thread "
    "tcp unix_socket raise_limit".split()
)


@dataclass(frozen=True)
class Certificate:
    """What is known about one tier on this machine."""

    tier: str
    certified: bool
    reason: str  # why, in a sentence
    trials: tuple[TriedEscape, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data; each trial with its state."""
        return {
            "certified": self.certified,
            "reason": self.reason,
            "trials": [{**asdict(trial), "state": trial.state} for trial in self.trials],
        }


@dataclass(frozen=True)
class MachineReport:
    """Everything that ``course doctor`` says."""

    certificates: tuple[Certificate, ...]
    versions: Mapping[str, str | None]
    resources: Mapping[str, float]
    gpus: Sequence[str]
    programs: Mapping[str, str | None]
    zygotes: Mapping[str, Mapping[str, float]]  # runtime -> MiB, as rss and pss
    advice: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether submissions can be graded in the default tier."""
        return any(each.tier == DEFAULT_TIER and each.certified for each in self.certificates)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``."""
        return {
            "ok": self.ok,
            "tiers": {each.tier: each.to_dict() for each in self.certificates},
            "versions": dict(self.versions),
            "resources": dict(self.resources),
            "gpus": list(self.gpus),
            "programs": dict(self.programs),
            "zygotes": {name: dict(memory) for name, memory in self.zygotes.items()},
            "advice": list(self.advice),
        }


def certify(tier: str) -> Certificate:
    """Try every escape in one tier, each with its control."""
    try:
        with Sandbox.start("none") as control, Sandbox.start(tier) as zygote:
            return verdict_on(tier, tuple(trials(zygote, control, ESCAPES)))
    except CourseError as error:
        return Certificate(tier, False, str(error))


def verdict_on(tier: str, found: tuple[TriedEscape, ...]) -> Certificate:
    """The certificate that follows from a set of trials."""
    escaped = [trial for trial in found if trial.escaped]
    unproven = [trial for trial in found if trial.name in ESSENTIAL and not trial.control]
    held = sum(trial.state == "held" for trial in found)
    if escaped:
        reason = "not to be trusted, it was possible to " + "; ".join(trial.says for trial in escaped)
    elif unproven:
        reason = "nothing is proven, the control fails: " + "; ".join(trial.says for trial in unproven)
    else:
        reason = f"{held} escapes held, {len(found) - held} do not work on this machine at all"
    return Certificate(tier, not escaped and not unproven, reason, found)


@lru_cache(maxsize=1)
def strongest_tier() -> str:
    """The strongest tier that is certified on this machine; "none" where no other is."""
    return next((tier for tier in TIERS if tier == "none" or certify(tier).certified), "none")


def examine() -> MachineReport:
    """Find out everything; takes some seconds."""
    certificates = tuple(certify(tier) for tier in TIERS if tier != "none")
    found, versions = machine.programs(), machine.versions()
    return MachineReport(
        certificates=certificates,
        versions=versions,
        resources=machine.resources(),
        gpus=machine.gpus(),
        programs=found,
        zygotes=_memory(next((each.tier for each in certificates if each.certified), "none")),
        advice=tuple(_advice(certificates, found, versions)),
    )


def _memory(tier: str) -> dict[str, dict[str, float]]:
    memory: dict[str, dict[str, float]] = {}
    for runtime in ("numpy", "torch"):
        try:
            with Sandbox.start(tier, runtime) as zygote:
                memory[runtime] = {kind: round(mib, 1) for kind, mib in zygote.memory_mib.items()}
        except CourseError:
            memory[runtime] = {}
    return memory


def _advice(
    certificates: tuple[Certificate, ...],
    found: Mapping[str, str | None],
    versions: Mapping[str, str | None],
) -> list[str]:
    advice = []
    if not all(each.certified for each in certificates):
        missing = [name for name in ("bwrap", "libseccomp") if found[name] is None]
        if missing:
            advice.append("Install bubblewrap and libseccomp: apt install bubblewrap libseccomp2.")
        advice += machine.obstacles()
    usable = [each.tier for each in certificates if each.certified]
    if usable and usable[0] != DEFAULT_TIER:
        advice.append(f"Until then, --isolation {usable[0]} can be asked for by name; see infra/README.md.")
    for name, use, how in machine.PROGRAMS:
        if found[name] is None and name != "bwrap":
            advice.append(f"{name} is not installed (for {use}): {how}.")
    lacking = [(use, not_installed(name)) for name, use in machine.EXTRAS if versions[name] is None]
    return advice + [f"For {use}: {said}." for use, said in lacking]
