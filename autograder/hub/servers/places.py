"""Whether the place where servers start has what the profiles ask for.

A job that asks for twelve hours on a partition of eight waits for ever, and nobody is told. Slurm, Docker's
engine, Kubernetes' nodes (kube_places.py) and this machine say what they have. A cluster that grows when
somebody asks is not asked: ``--autoscaled``.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from math import ceil, inf

from ...base.errors import UsageError, did_you_mean
from ...course import Profile
from ...sandbox.doctor.machine import gpus, resources
from .node_kind import SECONDS, NodeKind, Unknown
from .profiles import GIB, not_used, offered

PARTITION = "COURSE_PARTITION"  # infra/slurm/jupyterhub_config.py reads it, too
FORMAT = "%R|%c|%m|%l|%G"
GROWS = "Where machines are switched on when somebody asks for one, start the hub with --autoscaled."


def check_profiles(profiles: tuple[Profile, ...], spawner: str, autoscaled: bool = False) -> Iterator[str]:
    """Refuse a profile that can never start; gives a sentence where the place does not answer.

    Args:
        profiles: those of ``course_config.py``.
        spawner: a name of ``profiles.TRANSLATIONS``.
        autoscaled: machines come when somebody asks for one, so that none is held against a profile.

    Raises:
        UsageError: what a profile asks for, and what there is.
    """
    offer = offered(profiles, spawner, len(gpus()))
    for profile in offer:
        if ignored := not_used(profile, spawner):
            yield (
                f"The profile {profile.name!r} in course_config.py says {', '.join(ignored)}, which the "
                f"spawner {spawner!r} does not know: its servers start without."
            )
    try:
        yield from fits(offer, spawner, autoscaled)
    except Unknown as problem:
        yield f"It was not checked whether the profiles in course_config.py can start: {problem}"


def fits(offer: tuple[Profile, ...], spawner: str, autoscaled: bool = False) -> Iterator[str]:
    """The same of profiles that are offered; gives a sentence where one starts only if others help.

    Raises:
        Unknown: the place does not answer.
        UsageError: what a profile asks for, and what there is.
    """
    if autoscaled:
        return
    if spawner == "kubernetes":
        yield from _check_cluster(offer)
    for profile in offer if spawner in _PLACES else ():
        _check(profile, _PLACES[spawner](profile))


def slurm_places(listing: str, partition: str = "") -> list[NodeKind]:
    """What the nodes of a partition have; of all partitions where none of that name is listed.

    Args:
        listing: lines of ``sinfo`` in the form ``FORMAT``.
        partition: the one in which servers start.
    """
    rows = [line.split("|") for line in listing.splitlines() if line.count("|") == 4]
    rows = [row for row in rows if row[0] == partition] or rows
    return [
        NodeKind(
            f"partition {name}",
            float(cpus),
            float(memory) / 1024,
            sum(_by_kind(gres).values()),
            _hours(limit),
            _by_kind(gres),
        )
        for name, cpus, memory, limit, gres in rows
    ]


def _check(profile: Profile, places: list[NodeKind]) -> None:
    kind = f"GPUs of type {profile.gpu_kind!r}" if profile.gpu_kind else "GPUs"
    asks = {"cpus": "cores", "memory_gib": "GiB of memory", "gpus": kind, "hours": "hours"}
    where = " or ".join(dict.fromkeys(place.name for place in places))
    for name, words in asks.items():
        asked, most = getattr(profile, name), max(place.has(name, profile) for place in places)
        if asked > most:
            raise UsageError(
                f"the profile {profile.name!r} in course_config.py asks for {asked:g} {words}, but {where} "
                f"has at most {most:g}: nobody's server could ever start. "
                f"Lower {name}, or leave the profile out."
            )
    if not any(all(getattr(profile, name) <= place.has(name, profile) for name in asks) for place in places):
        raise UsageError(
            f"no machine has all that the profile {profile.name!r} in course_config.py asks for at once "
            f"({where}): nobody's server could ever start. Ask for less, or split the profile in two."
        )


def _check_cluster(offer: tuple[Profile, ...]) -> Iterator[str]:
    from .kube_places import Cluster  # Kubernetes' client is of the extra "spawners"

    cluster = Cluster()
    for profile in offer:
        try:
            _check(profile, cluster.places(profile))
        except UsageError as error:
            raise UsageError(f"{error} {GROWS}") from error
        yield from cluster.closed(profile)


def _slurm(profile: Profile) -> list[NodeKind]:
    listing = _ask("sinfo", "-h", "-e", "-o", FORMAT)
    names = {line.partition("|")[0] for line in listing.splitlines()}
    if profile.partition and names and profile.partition not in names:
        raise UsageError(
            f"the profile {profile.name!r} in course_config.py says partition {profile.partition!r}: "
            f"{did_you_mean(profile.partition, sorted(names))}"
        )
    places = slurm_places(listing, profile.partition or os.environ.get(PARTITION, "course"))
    if not places:
        raise Unknown("Slurm names no partition.")
    return places


def _machine(_: Profile) -> list[NodeKind]:
    return [NodeKind("this machine", resources()["cores"], ceil(resources()["memory_gib"]))]  # 15.6 of 16 GiB


def _docker(_: Profile) -> list[NodeKind]:
    import docker  # of the extra "spawners"

    try:
        engine = docker.from_env(timeout=SECONDS).info()
        return [NodeKind("Docker's engine", float(engine["NCPU"]), ceil(engine["MemTotal"] / GIB))]
    except (docker.errors.DockerException, KeyError, OSError) as error:
        raise Unknown(f"Docker's engine does not answer ({error}).") from error


_PLACES: dict[str, Callable[[Profile], list[NodeKind]]] = {
    "simple": _machine,
    "system": _machine,
    "docker": _docker,
    "slurm": _slurm,
}


def _ask(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unknown(f"{command[0]} does not run: {error}") from error
    if done.returncode:
        raise Unknown(f"Slurm does not answer. {_last(done.stderr.splitlines())}")
    return done.stdout


def _last(lines: Iterable[str]) -> str:
    return next((line for line in reversed(list(lines)) if line.strip()), "")[:300]


def _by_kind(text: str) -> dict[str, float]:
    """GPUs of a node by their type, from words such as ``gpu:a100:4(S:0-1),gpu:2``."""
    kinds: dict[str, float] = {}
    for kind, count in re.findall(r"\bgpu(?::([^:,()]+))?:(\d+)", text):
        kinds[kind] = kinds.get(kind, 0) + float(count)
    return kinds


def _hours(text: str) -> float:
    """From ``days-hours:minutes:seconds`` or a part of it."""
    found = re.fullmatch(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)", text.strip())
    if found is None:
        return inf  # "infinite"
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return days * 24 + hours + minutes / 60 + seconds / 3600
