"""A person's server as a pod of Kubernetes', from the queue to its first answer.

KubeSpawner makes pods, watches and deletes them. Here is what it lacks: who waits reads one line with the
reason in words; a pod that will never be a server is told within seconds; and a hub that is killed meanwhile
finds the pod again (``waited_for.py``).
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

from aiohttp import ClientError
from kubernetes_asyncio.client import ApiException
from kubespawner import KubeSpawner
from traitlets import Bool, Float, Unicode

from . import kube_words
from .kube_nodes import ClusterNodes, could_hold, everything
from .waited_for import MARGIN_SECONDS, NotStarted, SchedulerSays, WaitedFor, listens

GONE_SECONDS = 10.0  # until a pod that was asked for must have shown up, and one that was deleted be gone
LONGEST = 2000  # characters of what a program said last
LABEL = "course-hub"  # whose pod it is; process/left_pods.py looks for it
RUN_LABEL = "course-hub-run"
COURSE_LABEL = "course"


class CourseKubeSpawner(WaitedFor, KubeSpawner):
    """A server as a pod, which can be waited for and found again."""

    look_seconds = Float(0.5, help="Between two looks at what is known of the pod.").tag(config=True)
    job_id = Unicode(help="The pod's uid, which no other one gets: its time on GPUs is noted by it.")
    fixed_nodes = Bool(True, help="No machine comes that is not there yet.").tag(config=True)
    nodes: ClassVar[ClusterNodes] = ClusterNodes()

    @property
    def asked_for(self) -> str:
        """The pod, whose name is the same whether it is there or not."""
        return f"pod {self.pod_name}"

    @property
    def wants_gpus(self) -> bool:
        """Whether it waits for GPUs."""
        return bool(self.extra_resource_limits)

    def load_state(self, state: dict[str, Any]) -> None:
        """What was known of the pod."""
        super().load_state(state)
        self.job_id = state.get("job_id", "")

    def get_state(self) -> dict[str, Any]:
        """What the next hub must know of the pod."""
        state = super().get_state()
        return {**state, "job_id": self.job_id} if self.job_id else state

    def clear_state(self) -> None:
        """The pod is over."""
        super().clear_state()
        self.job_id = ""

    async def give_up(self) -> None:
        """Delete the pod, for which somebody waits.

        Raises:
            SchedulerSays: it could not be done.
        """
        try:
            await self.api.delete_namespaced_pod(self.pod_name, self.namespace, _request_timeout=GONE_SECONDS)
        except (ApiException, ClientError, OSError) as error:
            self.log.warning("Pod %s was not deleted: %s", self.pod_name, error)
            raise SchedulerSays(kube_words.SILENT) from error

    async def until_up(self) -> tuple[str, int]:
        """Wait for the pod's turn and for its container; the server's host and port.

        Raises:
            NotStarted: with the reason.
        """
        await asyncio.gather(self._start_watching_pods(), self._start_watching_events())
        address = await self._until_it_listens()
        self.waits = False
        return address

    async def stop(self, now: bool = False) -> None:
        """Delete the pod; a node that does not answer is not waited for."""
        try:
            async with asyncio.timeout(self.delete_grace_period + GONE_SECONDS):
                await super().stop(now)
        except TimeoutError:
            self.log.warning("Pod %s does not end: deleting it without its node's word", self.pod_name)
            await super().stop(True)

    async def poll(self) -> Any:
        """Whether the server runs; not where its pod should long be gone, as on a node that died."""
        status = await super().poll()
        return 1 if status is None and self._is_overdue() else status

    async def _start(self) -> Any:
        """Make the pod, and wait for it, or until it is known that waiting does not help."""
        self.waits, self.says = False, kube_words.starting(None)
        self.note_token()
        tasks = [asyncio.ensure_future(super()._start()), asyncio.ensure_future(self._until_it_listens())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in tasks:
                if task.done():
                    task.result()
        except ApiException as error:
            raise NotStarted(kube_words.not_taken(error.body)) from error
        except (ClientError, OSError) as error:
            raise NotStarted(kube_words.SILENT) from error
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self.waits = False
        return tasks[0].result()

    async def _make_create_pod_request(self, pod: Any, request_timeout: float) -> bool:
        """As KubeSpawner has it; the hub's next run must know of a pod that is there."""
        made: bool = await super()._make_create_pod_request(pod, request_timeout)
        if made:
            self.is_waited_for()
        return made

    async def _start_reflector(self, kind: str, *arguments: Any, **more: Any) -> Any:
        """Watch; again where KubeSpawner gave up, as it does for good when the API was away for a minute."""
        known = self.reflectors.get(self._get_reflector_key(kind))
        if known is not None and _gave_up(known):
            del self.reflectors[self._get_reflector_key(kind)]
        return await super()._start_reflector(kind, *arguments, **more)

    async def _until_it_listens(self) -> tuple[str, int]:
        """Look until the pod's server listens, and tell its owner what there is to be told.

        Raises:
            NotStarted: it never will.
        """
        try:
            async with asyncio.timeout(max(1, self.start_timeout - MARGIN_SECONDS)):
                while not self.waits:
                    await asyncio.sleep(self.look_seconds)
                await self._shown()
                while True:
                    pod = self._pod()
                    self._note(pod)
                    end = kube_words.ended(pod)
                    if end is None and pod is not None:
                        end = await self._say(pod)
                    if end is not None:
                        raise NotStarted(f"{end.text}.", end.lines[-LONGEST:].strip())
                    if self.is_pod_running(pod) and await listens(*self._address(pod)):
                        return self._address(pod)
                    await asyncio.sleep(self.look_seconds)
        except TimeoutError:
            raise self.too_late() from None

    async def _shown(self) -> None:
        """Wait until the hub sees the pod that was made; some seconds at most."""
        clock = asyncio.get_running_loop().time
        end = clock() + GONE_SECONDS
        while self._pod() is None and clock() < end:
            await asyncio.sleep(self.look_seconds)

    async def _say(self, pod: dict[str, Any]) -> kube_words.PodEnd | None:
        """Tell the owner how far it is; or give the reason why it never starts."""
        if not kube_words.waits(pod):
            self.says = kube_words.starting(pod, self._last_event_of(pod))
            return None
        nodes = await self.nodes.now(self.api)
        asked = kube_words.asks_for(pod)
        if self.fixed_nodes and nodes and not any(could_hold(node, pod, asked) for node in nodes):
            return kube_words.never(pod)
        others = self.pod_reflector.pods.values()
        place = kube_words.before(pod, others)
        self.says = kube_words.waiting(pod, place, everything(nodes), self._last_event_of(pod))
        return None

    def _note(self, pod: dict[str, Any] | None) -> None:
        """Which pod it is, also for the hub's next run."""
        if pod is not None and self.job_id != pod["metadata"]["uid"]:
            self.job_id = pod["metadata"]["uid"]
            self.keep()

    def _pod(self) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.pod_reflector.pods.get(f"{self.namespace}/{self.pod_name}")
        return found

    def _address(self, pod: dict[str, Any] | None) -> tuple[str, int]:
        url = urlsplit(self._get_pod_url(pod))
        return str(url.hostname), int(url.port or 80)

    def _last_event_of(self, pod: dict[str, Any]) -> str:
        """Its reason; without the scheduler's, which the pod itself tells."""
        uid = pod["metadata"]["uid"]
        told = [event["reason"] for event in self.events if event["involvedObject"].get("uid") == uid]
        told = [reason for reason in told if reason not in ("FailedScheduling", "NotTriggerScaleUp")]
        return told[-1] if told else ""

    def _is_overdue(self) -> bool:
        deleted = ((self._pod() or {}).get("metadata") or {}).get("deletionTimestamp")
        if not deleted:
            return False
        late = datetime.now(UTC) - datetime.fromisoformat(deleted)
        return late.total_seconds() > GONE_SECONDS


def _gave_up(reflector: Any) -> bool:
    first = reflector.first_load_future
    failed = first.done() and not first.cancelled() and first.exception() is not None
    return failed or (reflector.watch_task is not None and reflector.watch_task.done())
