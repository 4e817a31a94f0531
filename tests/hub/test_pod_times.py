"""How long a pod held its GPUs is Kubernetes' word: pods and events of an API over real HTTP."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from traitlets.config import Config

from autograder.hub.gpus import pod_times
from autograder.hub.gpus.book import GpuBook, Held
from autograder.hub.gpus.job_times import RecordsSilent
from autograder.hub.gpus.pod_times import PodTimes
from autograder.hub.gpus.watch import GpuWatch
from autograder.hub.servers.kube_pod import LABEL, CourseKubeSpawner
from tests.hub.kube_api import kube_api

T = 1_800_000_000.0


def at(seconds):
    return datetime.fromtimestamp(T + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def pod(uid, scheduled=None, phase="Pending", finished=None, **status):
    conditions = [{"type": "PodScheduled", "status": "False", "lastTransitionTime": at(-60)}]
    if scheduled is not None:
        conditions = [{"type": "PodScheduled", "status": "True", "lastTransitionTime": at(scheduled)}]
    ended = [{"state": {"terminated": {"finishedAt": at(finished)}}}] if finished is not None else []
    return {
        "metadata": {"uid": uid, "name": f"jupyter-{uid}", "labels": {LABEL: "ours"}},
        "spec": {"nodeName": "node1"} if scheduled is not None else {},
        "status": {"phase": phase, "conditions": conditions, "containerStatuses": ended, **status},
    }


def event(uid, reason, seconds, **more):
    return {"involvedObject": {"uid": uid}, "reason": reason, "lastTimestamp": at(seconds), **more}


@pytest.fixture
def clock(monkeypatch):
    """The hub's own time, which a test moves."""

    class Clock:
        now = T

    monkeypatch.setattr(pod_times.time, "time", lambda: Clock.now)
    return Clock


@pytest.fixture
def api(tmp_path, monkeypatch):
    with kube_api(tmp_path, monkeypatch) as api:
        yield api


@pytest.fixture
def within():
    """Runs a test's coroutine with the times of a hub's pods."""

    def within(body):
        async def run():
            said = []
            log = SimpleNamespace(
                said=said, info=lambda *_: None, warning=lambda text, *more: said.append(text % more)
            )
            hub = SimpleNamespace(spawner_class=CourseKubeSpawner, config=Config(), job_mark="ours", log=log)
            times = PodTimes(hub)
            assert await times({"none"} - {"none"}) == {}  # nobody is asked for nothing
            try:
                return await body(times)
            finally:
                if times._spawner is not None:
                    await times._spawner.api.api_client.close()

        return asyncio.run(run())

    return within


def test_a_pod_holds_from_its_node_to_its_end(api, within, clock):
    """Not from the request, and not only when its server is up; who waits holds nothing."""
    api.lists["pods"] = [
        pod("waits"),
        pod("fetches", 10),
        pod("runs", 20, "Running"),
        pod("failed", 30, "Failed", finished=90, reason="OOMKilled"),
        pod("evicted", 40, "Failed", conditions=[
            {"type": "PodScheduled", "status": "True", "lastTransitionTime": at(40)},
            {"type": "Ready", "status": "False", "lastTransitionTime": at(95)},
        ]),
        {**pod("other", 5), "metadata": {"uid": "other", "name": "x", "labels": {LABEL: "theirs"}}},
    ]  # fmt: skip
    found = within(lambda times: times({"waits", "fetches", "runs", "failed", "evicted", "other", "unknown"}))
    said = {uid: (job.begin and job.begin - T, job.end and job.end - T) for uid, job in found.items()}
    assert said == {
        "waits": (None, None), "fetches": (10, None), "runs": (20, None),
        "failed": (30, 90), "evicted": (40, 95),
    }  # fmt: skip
    assert found["failed"].state == "OOMKilled"


def test_a_pod_that_is_gone_ended_between_two_looks(api, within, clock):
    """In the middle; asked again the answer is the same, as long as somebody asks."""

    async def body(times):
        clock.now = T + 100
        await times({"a", "waits"})
        clock.now, api.lists["pods"] = T + 105, []
        first = await times({"a", "waits"})
        clock.now = T + 110
        return first, await times({"a"}), await times({"b"}), times._over

    api.lists["pods"] = [pod("a", 10, "Running"), pod("waits")]
    first, again, other, kept = within(body)
    assert (first["a"].begin - T, first["a"].end - T) == (10, 102.5) and "waits" not in first
    assert again == {"a": first["a"]} and other == {} and kept == {}


def test_a_pod_that_is_seen_going_ended_then(api, within, clock):
    """To the moment, since the hub watches; whatever lies between the looks."""

    async def body(times):
        clock.now = T + 100
        await times({"a"})
        clock.now = T + 101
        api.happened.put({"type": "MODIFIED", "object": pod("b", 10, "Running")})
        api.happened.put({"type": "DELETED", "object": api.lists["pods"].pop()})
        async with asyncio.timeout(10):
            while not times._gone:
                await asyncio.sleep(0.02)
        clock.now = T + 200
        return await times({"a"})

    api.lists["pods"] = [pod("a", 10, "Running")]
    assert within(body)["a"].end == T + 101


def test_watching_goes_on_after_what_is_no_event(api, within, clock):
    """As a proxy between may send it; it is said, and the next look watches again."""

    async def body(times):
        said = times.hub.log.said
        await times({"a"})
        api.happened.put({"kind": "Surprise"})
        async with asyncio.timeout(10):
            while not times._watching.done():
                await asyncio.sleep(0.02)
        await times({"a"})
        return said, times._watching.done()

    said, done = within(body)
    assert "Malformed" in said[0] and not done


def test_a_failed_pod_that_does_not_say_when(api, within, clock):
    """Ended when it was first seen so, whatever the later looks say."""

    async def body(times):
        clock.now = T + 50
        await times({"a"})
        clock.now = T + 70
        return await times({"a"})

    api.lists["pods"] = [pod("a", 10, "Failed")]
    assert within(body)["a"].end == T + 50


def test_what_went_while_no_hub_looked_is_in_the_events(api, within, clock):
    """Kubernetes keeps them for an hour; later nothing is known, and the last sign of life counts."""

    async def body(times):
        clock.now = T + 100
        await times({"seen"})
        clock.now, api.lists["pods"] = T + 400, []
        return await times({"seen", "killed", "old"})

    api.lists["pods"] = [pod("seen", 10, "Running")]
    begun = {"lastTimestamp": None, "eventTime": at(30)[:-1] + ".250000Z"}
    api.lists["events"] = [
        event("seen", "Killing", 300),
        event("killed", "Scheduled", 0, **begun), event("killed", "Pulled", 31),
        event("killed", "Killing", 200),
        event("old", "Scheduled", 5),
    ]  # fmt: skip
    found = within(body)
    assert {uid: (job.begin - T, job.end - T) for uid, job in found.items()} == {
        "seen": (10, 300), "killed": (30.25, 200),
    }  # fmt: skip


@pytest.mark.parametrize("status", [403, 500])
def test_an_api_that_refuses_is_said(api, within, clock, status):
    """The book is left as it is, and written at a later look."""
    api.refuses["pods"] = status
    with pytest.raises(RecordsSilent, match="pods is forbidden"):
        within(lambda times: times({"a"}))


def test_the_book_is_written_from_pods(api, within, clock, tmp_path, monkeypatch):
    """From the scheduler's word to the pod's end, through a restart of the hub, by the watch's own beats."""
    monkeypatch.setattr("autograder.hub.gpus.book.time.time", lambda: clock.now)
    book = GpuBook(tmp_path / "gpus.sqlite")
    spawner = SimpleNamespace(
        pending="spawn", ready=False, job_id="a", environment={},
        orm_spawner=SimpleNamespace(user_options={"profile": "gpu"}),
    )  # fmt: skip
    user = SimpleNamespace(name="student-001", spawners={"": spawner})
    hub = SimpleNamespace(users={1: user}, log=SimpleNamespace(warning=print, error=print))

    def watch(times):
        return GpuWatch(hub, book, {"small": 0, "gpu": 2}, times=times)

    async def first(times):
        clock.now = T + 14
        await watch(times).beat()  # fetches its image: the GPUs are taken
        spawner.pending, spawner.ready, api.lists["pods"] = None, True, [pod("a", 10, "Running")]
        clock.now = T + 60
        await watch(times).beat()

    async def second(times):  # of the next hub, which finds the server gone
        spawner.ready, spawner.job_id, hub.users = False, "", {}
        api.lists["pods"], api.lists["events"] = [], [event("a", "Killing", 80)]
        clock.now = T + 200
        await watch(times).beat()

    api.lists["pods"] = [pod("a", 10)]
    within(first)
    assert book.seconds("student-001", 0) == 2 * 50
    within(second)
    assert book.open_uses() == [] and book.seconds("student-001", 0) == 2 * 70


def test_a_pod_that_failed_while_no_hub_ran_is_closed_first(api, within, clock, tmp_path, monkeypatch):
    """Before the hub looks at its servers, which deletes the pod and with it the moment of its end."""
    monkeypatch.setattr("autograder.hub.gpus.book.time.time", lambda: clock.now)
    book = GpuBook(tmp_path / "gpus.sqlite")
    clock.now = T + 20
    book.beat({"student-001/": Held("student-001", 1, job="a", since=T + 10)}, set())

    async def start(times):
        clock.now = T + 300
        await GpuWatch(times.hub, book, {"gpu": 1}, times=times).close_ended()

    api.lists["pods"] = [pod("a", 10, "Failed", finished=90)]
    within(start)
    assert book.open_uses() == [] and book.seconds("student-001", 0) == 80
