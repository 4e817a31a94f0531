"""A profile of ``course_config.py`` in the words of each spawner.

| | cpus | memory | gpus | hours |
| --- | --- | --- | --- | --- |
| simple, system | threads of NumPy and torch | RLIMIT_DATA of each process | CUDA_VISIBLE_DEVICES | timeout |
| docker | CPU quota | cgroup | device request | timeout |
| slurm | --cpus-per-task | --mem | --gres | --time |
| kubernetes | requests and limits | requests and limits | nvidia.com/gpu | timeout |

A server reads from its environment when it ends (``ends.py``); a pod has a deadline behind that.
Slurm also takes a profile's ``gpu_kind``, ``partition`` and ``account``, Kubernetes its ``gpu_kind`` as the
name of the resource, ``node_labels`` and ``tolerations``.
"""

from __future__ import annotations

import math
from html import escape
from typing import Any

from ...base.errors import UsageError, did_you_mean
from ...course import Profile
from .ends import end_after

GIB = 1 << 30
FETCH_SECONDS = 600  # a pod may fetch its image before its server starts; its deadline counts them
NVIDIA = "nvidia.com/gpu"  # Kubernetes' name for a whole device
ONLY_OF = {  # what a profile may say, and which spawners know it
    "gpu_kind": ("slurm", "kubernetes"),
    "partition": ("slurm",),
    "account": ("slurm",),
    "node_labels": ("kubernetes",),
    "tolerations": ("kubernetes",),
}


def find(profiles: tuple[Profile, ...], name: str | None) -> Profile:
    """The profile of that name, the first where none is named.

    Raises:
        UsageError: there is none of that name.
    """
    if not name:
        return profiles[0]
    for profile in profiles:
        if profile.name == name:
            return profile
    raise UsageError(f"no profile {name!r}: {did_you_mean(name, [p.name for p in profiles])}")


def offered(profiles: tuple[Profile, ...], spawner: str, gpus: int) -> tuple[Profile, ...]:
    """The profiles that can start: without a GPU on this machine, none that asks for one."""
    if spawner in ("slurm", "kubernetes"):  # they know their machines and queue
        return profiles
    fit = tuple(profile for profile in profiles if profile.gpus <= gpus)
    if not fit:
        raise UsageError(
            f"every profile in course_config.py asks for a GPU and this machine has {gpus}; "
            "add a profile with gpus=0, or use --spawner slurm or kubernetes"
        )
    return fit


def for_role(profiles: tuple[Profile, ...], role: str) -> tuple[Profile, ...]:
    """The profiles that somebody of this role is offered."""
    return tuple(profile for profile in profiles if not profile.who or role in profile.who)


def threads(profile: Profile) -> dict[str, str]:
    """Environment that keeps numerical libraries to the profile's cores."""
    count = str(max(1, math.floor(profile.cpus)))
    return dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), count)


def told(profile: Profile) -> dict[str, str]:
    """Environment by which a server knows how long it may run, and whether it has GPUs to look at."""
    gpus = {"COURSE_GPUS": str(profile.gpus)} if profile.gpus else {}
    return {**threads(profile), **gpus, **end_after(seconds(profile))}


def ended_after(profile: Profile, command: list[str]) -> list[str]:
    """The command, asked to end after the profile's hours and killed half a minute later."""
    return ["timeout", "--signal=TERM", "--kill-after=30", f"{seconds(profile)}", *command]


def seconds(profile: Profile) -> int:
    """How long a server of this profile runs, from its start."""
    return round(profile.hours * 3600)


def local(profile: Profile, command: list[str]) -> dict[str, Any]:
    """Traits of LocalProcessSpawner: the memory limit holds for each process of the server."""
    limited = ["prlimit", f"--data={round(profile.memory_gib * GIB)}", *command]
    return {"cmd": ended_after(profile, limited), "environment": told(profile)}


def docker(profile: Profile, command: list[str]) -> dict[str, Any]:
    """Traits of DockerSpawner."""
    memory = f"{round(profile.memory_gib * 1024)}M"
    host: dict[str, Any] = {
        "pids_limit": 512,
        "memswap_limit": memory,  # memory and swap together: no swap
        "security_opt": ["no-new-privileges"],
        "cap_drop": ["ALL"],
    }
    if profile.gpus:
        host["device_requests"] = [
            {"Driver": "nvidia", "Count": profile.gpus, "Capabilities": [["gpu"]]},
        ]
    return {
        "cmd": ended_after(profile, command),
        "cpu_limit": profile.cpus,
        "mem_limit": memory,
        "extra_host_config": host,
        "environment": told(profile),
    }


def slurm(profile: Profile, command: list[str]) -> dict[str, Any]:
    """Traits of SlurmSpawner; Slurm itself ends the job at its time."""
    return {
        "cmd": command,
        "req_nprocs": str(max(1, math.ceil(profile.cpus))),
        "req_memory": f"{round(profile.memory_gib * 1024)}M",
        "req_gres": ":".join(filter(None, ("gpu", profile.gpu_kind, str(profile.gpus))))
        if profile.gpus
        else "",
        "req_runtime": _clock(profile.hours),
        "environment": told(profile),
        **({"req_partition": profile.partition} if profile.partition else {}),
        **({"req_account": profile.account} if profile.account else {}),
    }


def kubernetes(profile: Profile, command: list[str]) -> dict[str, Any]:
    """Traits of KubeSpawner; requests equal limits, so that a node is never overbooked."""
    gpus = {profile.gpu_kind or NVIDIA: str(profile.gpus)} if profile.gpus else {}
    labels = dict(label.split("=", 1) for label in profile.node_labels)
    return {
        "cmd": ended_after(profile, command),
        **({"node_selector": labels} if labels else {}),
        **(
            {"tolerations": [_toleration(each) for each in profile.tolerations]}
            if profile.tolerations
            else {}
        ),
        "cpu_limit": profile.cpus,
        "cpu_guarantee": profile.cpus,
        "mem_limit": f"{round(profile.memory_gib * 1024)}M",
        "mem_guarantee": f"{round(profile.memory_gib * 1024)}M",
        "extra_resource_limits": gpus,
        "extra_resource_guarantees": gpus,
        "extra_pod_config": {
            "activeDeadlineSeconds": seconds(profile) + FETCH_SECONDS,
            "restartPolicy": "Never",  # else a server whose hours are over starts again in its pod
        },
        "environment": told(profile),
    }


TRANSLATIONS = {
    "simple": local,
    "system": local,
    "docker": docker,
    "slurm": slurm,
    "kubernetes": kubernetes,
}


def form(profiles: tuple[Profile, ...]) -> str:
    """The choice that people see before their server starts; empty where there is none."""
    if len(profiles) == 1:
        return ""
    choices = "".join(
        f'<div class="form-check mb-2"><input class="form-check-input" type="radio" name="profile" '
        f'id="profile-{escape(p.name)}" value="{escape(p.name)}"{" checked" if not number else ""}>'
        f'<label class="form-check-label" for="profile-{escape(p.name)}">'
        f"<strong>{escape(p.title)}</strong><br>{_described(p)}</label></div>"
        for number, p in enumerate(profiles)
    )
    return f'<fieldset><legend class="fs-5">Which server do you need?</legend>{choices}</fieldset>'


def not_used(profile: Profile, spawner: str) -> list[str]:
    """What a profile says and this spawner does not know."""
    return [name for name, known in ONLY_OF.items() if getattr(profile, name) and spawner not in known]


def _toleration(text: str) -> dict[str, str]:
    taint, effect = text.rsplit(":", 1)
    key, equals, value = taint.partition("=")
    return {"key": key, "effect": effect} | (
        {"operator": "Equal", "value": value} if equals else {"operator": "Exists"}
    )


def _described(profile: Profile) -> str:
    gpus = f", {profile.gpus} GPU{'s' if profile.gpus > 1 else ''}" if profile.gpus else ""
    cores = "core" if profile.cpus == 1 else "cores"
    meant = f", for {escape(', '.join(profile.units))}" if profile.units else ""
    return (
        f"{profile.cpus:g} {cores}, {profile.memory_gib:g} GiB{gpus}, at most {profile.hours:g} hours{meant}"
    )


def _clock(hours: float) -> str:
    minutes = max(1, round(hours * 60))
    return f"{minutes // 60:02}:{minutes % 60:02}:00"
