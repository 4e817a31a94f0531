"""A pod of Kubernetes' in words, for the student who waits for it.

What the pod itself says is enough for nearly all: the scheduler writes into it why it finds no node, the node
why its container does not start. Pods and events are dictionaries as the API gives them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .slurm_words import KEPT
from .waited_for import YOUR_TURN

GPU = re.compile(r"gpu|nvidia|mig-")  # in the name of a resource
SILENT = "Kubernetes, which hands out the machines, does not answer. Try again later."
_TELL = "tell your instructor"
_NEVER = f"so that it never starts: {_TELL}"
_REFUSED = {  # parts of the scheduler's sentence, the most telling first
    "Insufficient cpu": "all cores are taken at the moment",
    "Insufficient memory": "all memory is taken at the moment",
    "Insufficient ephemeral-storage": "all disk space of the machines is taken at the moment",
    "Too many pods": "the machines hold as many servers as they can",
    "node.kubernetes.io/not-ready": "a machine does not answer at the moment",
    "node.kubernetes.io/unreachable": "a machine does not answer at the moment",
    "node.kubernetes.io/unschedulable": "a machine is closed at the moment",
    "were unschedulable": "a machine is closed at the moment",
    "no nodes available": "there is no machine at the moment",
    "PersistentVolumeClaim": "the volume of your home is not there yet",
    "persistentvolumeclaim": "the volume of your home is not there yet",
    "volume node affinity": "the volume of your home is not where a machine is free",
}
_IMAGE = f"the image of servers cannot be fetched: {_TELL}"
_SETTINGS = f"its settings do not hold here: {_TELL}"
_STUCK = {  # why a container waits, where waiting does not help
    "ImagePullBackOff": _IMAGE,
    "ErrImageNeverPull": _IMAGE,
    "InvalidImageName": _IMAGE,
    "CreateContainerConfigError": _SETTINGS,
    "CreateContainerError": _SETTINGS,
    "RunContainerError": f"its program cannot be started: {_TELL}",
    "CrashLoopBackOff": "its program ends again and again",
}
_MEMORY = "it used more memory than its profile allows"
_LOST = "its machine does not answer any more"
_ENDS = {  # reasons of pods that failed, of containers, and of disruptions
    "OOMKilled": _MEMORY,
    "DeadlineExceeded": "its time was over",
    "NodeLost": _LOST,
    "DeletionByPodGC": _LOST,
    "DeletionByTaintManager": _LOST,
    "NodeShutdown": "its machine was switched off",
    "Terminated": "its machine was switched off",
    "Shutdown": "its machine was switched off",
    "TerminationByKubelet": "its machine was switched off or ran short of something",
    "Preempting": "Kubernetes gave its place to something else",
    "PreemptionByScheduler": "Kubernetes gave its place to something else",
    "EvictionByEvictionAPI": "its machine is being emptied",
    "NodeAffinity": "its machine is no longer for servers of this kind",
}


@dataclass(frozen=True)
class PodEnd:
    """How a server ended before it was up."""

    text: str
    lines: str = ""  # what its program, or Kubernetes, said last


def waits(pod: Mapping[str, Any]) -> bool:
    """True where no node is found for it yet."""
    return pod["status"].get("phase") == "Pending" and not pod["spec"].get("nodeName")


def asks_for(pod: Mapping[str, Any]) -> dict[str, str]:
    """Resources that its server asks for, in Kubernetes' quantities."""
    asked: dict[str, str] = {}
    for container in pod["spec"].get("containers", ()):
        resources = container.get("resources") or {}
        asked |= {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return asked


def gpu_resources(pod: Mapping[str, Any]) -> set[str]:
    """Names of the GPUs that it asks for, such as ``nvidia.com/gpu``."""
    return {name for name in asks_for(pod) if "/" in name and GPU.search(name)}


def before(pod: Mapping[str, Any], pods: Iterable[Mapping[str, Any]]) -> int:
    """How many of the course's servers asked earlier for the same kind of GPU, and wait too."""
    mine = gpu_resources(pod)
    earlier = pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]
    return sum(
        waits(other)
        and (other["metadata"]["creationTimestamp"], other["metadata"]["name"]) < earlier
        and (not mine or bool(mine & gpu_resources(other)))
        for other in pods
    )


def waiting(pod: Mapping[str, Any], before: int, there: Mapping[str, float], event: str = "") -> str:
    """Place and reason of a pod for which no node is found yet.

    Args:
        pod: the pod.
        before: how many asked earlier.
        there: all that nodes have which are open, by resource; empty where the hub may not read it.
        event: the reason of the last event that tells of the pod.
    """
    refusal = _condition(pod, "PodScheduled").get("message", "")
    if not refusal:
        return "Kubernetes looks for a machine for your server."
    place = f"{before} asked before you" if before else "nobody asked before you"
    why = "; ".join(_refusals(refusal, there))
    starts = " A machine is being switched on for you." if event == "TriggeredScaleUp" else ""
    return f"Your server waits for its turn: {place}. Why: {why}.{starts} {KEPT}"


def starting(pod: Mapping[str, Any] | None, event: str = "") -> str:
    """A pod that has its node, whose server is not up yet."""
    if pod is None:
        return "Kubernetes is asked for your server."
    if event in ("FailedMount", "FailedAttachVolume"):
        return f"{YOUR_TURN}: the volume of your home is not there yet, Kubernetes tries again."
    if event == "Pulling" or _reasons(pod) & {"ErrImagePull"}:
        return f"{YOUR_TURN}: the image of servers is fetched, which takes some minutes the first time."
    if pod["status"].get("phase") == "Running":
        return f"{YOUR_TURN}: JupyterLab starts."
    return f"{YOUR_TURN}: the machine for your server is made ready."


def ended(pod: Mapping[str, Any] | None) -> PodEnd | None:
    """Why a pod will never be a server; None where it still may.

    Args:
        pod: the pod; None where it is gone.
    """
    if pod is None:
        return PodEnd("The pod of your server is no longer there")
    status, metadata = pod["status"], pod["metadata"]
    disruption = _condition(pod, "DisruptionTarget")
    word = status.get("reason") or disruption.get("reason", "")
    if disruption or (word and status.get("phase") in ("Failed", "Succeeded")):  # why its program was ended
        return _early(_pod_end(word, status.get("message") or disruption.get("message", "")))
    for each in _containers(pod):
        end = (each.get("state") or {}).get("terminated") or (each.get("lastState") or {}).get("terminated")
        if end:
            return _early(_container_end(end), end.get("message", ""))
    for each in _containers(pod):
        wait = (each.get("state") or {}).get("waiting") or {}
        if wait.get("reason") in _STUCK:
            return PodEnd(f"Your server cannot start: {_STUCK[wait['reason']]}", wait.get("message", ""))
    if status.get("phase") in ("Failed", "Succeeded"):
        return _early(_pod_end("", ""))
    if metadata.get("deletionTimestamp"):
        return _early("it was deleted, as whoever runs the machines can do, or its machine does not answer")
    return None


def not_taken(body: Any) -> str:
    """Why there is no pod, from the answer of the API."""
    try:
        said = str(json.loads(body)["message"])
    except (TypeError, ValueError, KeyError):
        said = str(body or "")
    if "exceeded quota" in said:
        return "All that this course may use of the cluster is taken at the moment. Try again later."
    return f"Kubernetes did not take your server: {said[:300]}"


def never(pod: Mapping[str, Any]) -> PodEnd:
    """A pod that fits no node, however empty."""
    asked = asks_for(pod)
    words = {"cpu": "cores", "memory": "memory", **dict.fromkeys(gpu_resources(pod), "GPUs")}
    what = ", ".join(f"{_amount(asked[name])} {words.get(name, name)}" for name in sorted(asked))
    return PodEnd(f"No machine is of the kind that your server asks for ({what}), {_NEVER}")


def _early(how: str, lines: str = "") -> PodEnd:
    return PodEnd(f"Your server ended before JupyterLab was up: {how}", lines)


def _container_end(end: Mapping[str, Any]) -> str:
    code = end.get("exitCode")
    return _ENDS.get(end.get("reason", "")) or f"its program ended with code {code}"


def _pod_end(word: str, message: str) -> str:
    if word == "Evicted":
        short = re.search(r"low on resource: ([\w-]+)", message)
        return f"its machine ran short of {short[1]}" if short else "it used more disk space than it may"
    if word.startswith(("OutOf", "UnexpectedAdmission")):
        return "another one took its place on the machine: start it again"
    return _ENDS.get(word) or (f"Kubernetes says '{word}'" if word else "its program ended")


def _refusals(message: str, there: Mapping[str, float]) -> list[str]:
    """At most two reasons, GPUs first."""
    sentence = message.partition("preemption:")[0]
    found = [_taken(name, there) for name in re.findall(r"Insufficient ([\w.-]+/[\w.-]*\w)", sentence)]
    found += [words for part, words in _REFUSED.items() if part in sentence]
    if not found and re.search(r"taint|node selector|affinity", sentence):
        found = ["no machine for this kind of server is open at the moment"]
    return list(dict.fromkeys(found))[:2] or [f"Kubernetes says '{sentence.strip()[:200]}'"]


def _taken(resource: str, there: Mapping[str, float]) -> str:
    if not GPU.search(resource):
        return f"all of '{resource}' is taken at the moment"
    count = round(there.get(resource, 0))
    if there and not count:
        return "no machine with GPUs is open at the moment"
    all_of_them = f"all {count} GPUs are" if count > 1 else "the GPU is" if count else "all GPUs are"
    return f"{all_of_them} taken at the moment"


def _amount(quantity: str) -> str:
    """As people read it: Kubernetes keeps whole bytes.

    >>> _amount("2147483648"), _amount("4.0"), _amount("500m"), _amount("2048M")
    ('2 GiB', '4', '0.5', '2048M')
    """
    if quantity.isdigit() and len(quantity) > 6:
        return f"{int(quantity) / (1 << 30):g} GiB"
    if quantity.endswith("m"):
        return f"{int(quantity[:-1]) / 1000:g}"
    return f"{float(quantity):g}" if re.fullmatch(r"[\d.]+", quantity) else quantity


def _condition(pod: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """A condition that holds, or the scheduler's, which tells where it does not."""
    holds = "False" if kind == "PodScheduled" else "True"
    for each in pod["status"].get("conditions") or ():
        if each["type"] == kind and each["status"] == holds:
            found: Mapping[str, Any] = each
            return found
    return {}


def _containers(pod: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    status = pod["status"]
    return [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]


def _reasons(pod: Mapping[str, Any]) -> set[str]:
    return {((each.get("state") or {}).get("waiting") or {}).get("reason", "") for each in _containers(pod)}
