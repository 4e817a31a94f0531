"""When pods began and ceased to hold their GPUs, by Kubernetes' own word.

A pod holds them from the moment at which the scheduler gave it its node (the condition PodScheduled; images
are fetched later) until its containers have ended for good, or it is gone. What is gone Kubernetes forgets,
so the hub watches; a pod that it did not see go ended between two looks. While no hub looked, events know
it, which Kubernetes keeps for an hour.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from aiohttp import ClientError
from kubernetes_asyncio.client import ApiException
from kubernetes_asyncio.watch import Watch

from ..servers.kube_pod import LABEL
from .job_times import JobTimes, RecordsSilent

SECONDS = 10.0  # for an answer of the API
CLOSE_SECONDS = 15.0  # between two looks that lie close enough to say when a pod went
OVER = ("Succeeded", "Failed")  # phases in which a pod holds nothing any more
ENDS = {"Killing", "Evicted", "Preempted", "TaintManagerEviction"}  # reasons of events
ENDED = {"ContainersReady": "False", "Ready": "False", "DisruptionTarget": "True"}  # conditions then
WATCH_SECONDS = 240  # until the API is asked anew what happens
AGAIN_SECONDS = 1.0  # until it is watched again
WORD_SECONDS = 0.3  # for the word that a pod is gone, which may come after the list without it
GONE_SECONDS = 600.0  # that it is kept for who asks


class PodTimes:
    """Asks for this hub's pods; called by the watch every few seconds.

    Args:
        hub: the JupyterHub application, with ``job_mark``.
    """

    def __init__(self, hub: Any) -> None:
        self.hub = hub
        self._spawner: Any = None  # has the API's client
        self._seen: dict[str, JobTimes] = {}  # at the last look
        self._looked = 0.0
        self._over: dict[str, JobTimes] = {}
        self._gone: dict[str, JobTimes] = {}  # pods that the watch saw go
        self._watching: asyncio.Task[None] | None = None

    async def __call__(self, jobs: Collection[str]) -> dict[str, JobTimes]:
        """Those of the pods of which something is known, by their uid.

        Raises:
            RecordsSilent: Kubernetes does not answer.
        """
        if not jobs:
            return {}
        if self._spawner is None:
            self._spawner = self.hub.spawner_class(config=self.hub.config, _mock=True)
        self._keep_watching()
        pods = await self._list("list_namespaced_pod", label_selector=self._mine)
        now, before = time.time(), self._looked
        seen = {pod["metadata"]["uid"]: times_of_pod(pod, now) for pod in pods}
        gone = set(jobs) - seen.keys() - self._over.keys()
        if gone - self._gone.keys():
            await asyncio.sleep(WORD_SECONDS)
        for uid in gone:
            if end := self._gone.get(uid) or await self._end_of(uid, before, now):
                self._over[uid] = end
        self._over = {uid: job for uid, job in self._over.items() if uid in jobs}
        self._gone = {uid: job for uid, job in self._gone.items() if (job.end or now) > now - GONE_SECONDS}
        for uid, job in seen.items():  # the first word on its end stays
            if job.end is not None:
                seen[uid] = self._over.setdefault(uid, job)
        self._seen, self._looked = seen, now
        return {uid: job for uid, job in {**self._over, **seen}.items() if uid in jobs}

    async def _end_of(self, uid: str, before: float, now: float) -> JobTimes | None:
        """Of a pod that nobody saw go."""
        known = self._seen.get(uid)
        if known is not None and known.begin is not None and now - before < CLOSE_SECONDS:
            return JobTimes(uid, "deleted", known.begin, max(known.begin, (before + now) / 2))
        events = await self._list("list_namespaced_event", field_selector=f"involvedObject.uid={uid}")
        return times_of_events(uid, events, known.begin if known else None)

    @property
    def _mine(self) -> str:
        return f"{LABEL}={self.hub.job_mark}"

    def _keep_watching(self) -> None:
        if self._watching is not None and self._watching.done():  # what the API sent was none of its events
            self.hub.log.warning("pods were not watched any more: %r", self._watching.exception())
            self._watching = None
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        """Note the moment at which a pod goes; where nothing can be watched it is known less exactly."""
        ask = partial(self._spawner.api.list_namespaced_pod, _preload_content=False)
        which = {"namespace": self._spawner.namespace, "label_selector": self._mine}
        while True:
            try:
                async with Watch().stream(ask, **which, timeout_seconds=WATCH_SECONDS) as events:
                    async for event in events:
                        if event["type"] == "DELETED":
                            job = times_of_pod(event["raw_object"], time.time())
                            deleted = replace(job, state="deleted", end=time.time())
                            self._gone[job.number] = deleted if job.end is None else job
            except (ApiException, ClientError, OSError, ValueError) as error:
                self.hub.log.info("pods are not watched for a moment: %r", error)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _list(self, name: str, **which: str) -> list[dict[str, Any]]:
        ask = getattr(self._spawner.api, name)
        try:
            answer = await ask(
                self._spawner.namespace, _preload_content=False, _request_timeout=SECONDS, **which
            )
            body = json.loads(await answer.read())
        except (ApiException, ClientError, OSError, ValueError) as error:
            raise RecordsSilent(f"Kubernetes: {error!r}") from error
        if answer.status != 200:
            raise RecordsSilent(f"Kubernetes: {str(body.get('message', answer.status))[:200]}")
        found: list[dict[str, Any]] = body["items"]
        return found


def times_of_pod(pod: Mapping[str, Any], now: float) -> JobTimes:
    """As a pod says itself.

    Args:
        pod: the pod, as the API gives it.
        now: its end where it is over and does not say since when.
    """
    status, uid = pod["status"], pod["metadata"]["uid"]
    conditions = {each["type"]: each for each in status.get("conditions") or ()}
    scheduled = conditions.get("PodScheduled") or {}
    begin = None
    if scheduled.get("status") == "True" or pod["spec"].get("nodeName"):
        begin = _moment(scheduled.get("lastTransitionTime")) or _moment(status.get("startTime"))
    if begin is None or status.get("phase") not in OVER:
        return JobTimes(uid, status.get("phase", ""), begin, None)
    finished = [
        _moment(((each.get("state") or {}).get("terminated") or {}).get("finishedAt"))
        for each in status.get("containerStatuses") or ()
    ]
    said = finished if any(finished) else [
        _moment(each.get("lastTransitionTime"))
        for kind, each in conditions.items()
        if each.get("status") == ENDED.get(kind)
    ]  # fmt: skip
    end = max(filter(None, said), default=now)
    return JobTimes(uid, status.get("reason") or status["phase"], begin, max(begin, end))


def times_of_events(
    uid: str, events: Iterable[Mapping[str, Any]], begin: float | None = None
) -> JobTimes | None:
    """Of a pod that is gone, from what Kubernetes' parts told of it; None where they do not say its end.

    Args:
        uid: the pod's.
        events: those that are of this pod.
        begin: where it is known already.
    """
    told = sorted((moment, event["reason"]) for event in events if (moment := _of_event(event)) is not None)
    begin = begin or next((moment for moment, reason in told if reason == "Scheduled"), None)
    ends = [(moment, reason) for moment, reason in told if reason in ENDS]
    if not ends:
        return None
    moment, reason = ends[-1]
    return JobTimes(uid, reason, begin, max(begin or moment, moment))  # the book may know the begin


def _of_event(event: Mapping[str, Any]) -> float | None:
    last = (event.get("series") or {}).get("lastObservedTime") or event.get("lastTimestamp")
    return _moment(last or event.get("eventTime"))


def _moment(text: str | None) -> float | None:
    """Seconds since 1970.

    >>> _moment("2027-01-15T08:00:00Z")
    1800000000.0
    """
    return datetime.fromisoformat(text).timestamp() if text else None
