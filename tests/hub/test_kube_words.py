"""What a waiting student reads of a pod; on a real control plane in tests/infra/test_kubernetes.py."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from kubernetes_asyncio.client import (
    ApiException,
    V1Container,
    V1ContainerState,
    V1ContainerStateRunning,
    V1ContainerStateTerminated,
    V1ContainerStateWaiting,
    V1ContainerStatus,
    V1Node,
    V1NodeSpec,
    V1NodeStatus,
    V1ObjectMeta,
    V1Pod,
    V1PodCondition,
    V1PodSpec,
    V1PodStatus,
    V1ResourceRequirements,
    V1Taint,
    V1Toleration,
)

from autograder.hub.servers import kube_words
from autograder.hub.servers.kube_nodes import ClusterNodes, could_hold, everything
from tests.hub.pods import plain

NOON = datetime(2027, 1, 10, 12, 0, tzinfo=UTC)
RUNS = V1ContainerState(running=V1ContainerStateRunning(started_at=NOON))
NO_GPU = "0/3 nodes are available: 1 Insufficient cpu, 2 Insufficient nvidia.com/gpu."


def pod(name="jupyter-student-001", minute=0, gpus=1, node=None, spec=(), **status):
    asked = {"cpu": "4.0", "memory": "17179869184"} | ({"nvidia.com/gpu": str(gpus)} if gpus else {})
    resources = V1ResourceRequirements(limits=asked, requests=asked)
    made = NOON + timedelta(minutes=minute)
    container = V1Container(name="notebook", image="course-server", resources=resources)
    return plain(
        V1Pod(
            metadata=V1ObjectMeta(
                name=name, namespace="course", uid=name, creation_timestamp=made,
                deletion_timestamp=status.pop("deleted", None),
            ),
            spec=V1PodSpec(containers=[container], node_name=node, **dict(spec)),
            status=V1PodStatus(**{"phase": "Pending", **status}),
        )
    )  # fmt: skip


def refused(message, **more):
    condition = V1PodCondition(type="PodScheduled", status="False", reason="Unschedulable", message=message)
    return pod(conditions=[condition], **more)


def container(state, last=None):
    return V1ContainerStatus(
        name="notebook", ready=False, restart_count=0, image="course-server", image_id="", state=state,
        last_state=last,
    )  # fmt: skip


def stuck(reason, message=""):
    return pod(node="node1", container_statuses=[
        container(V1ContainerState(waiting=V1ContainerStateWaiting(reason=reason, message=message)))
    ])  # fmt: skip


def over(**end):
    return V1ContainerState(terminated=V1ContainerStateTerminated(**end))


def node(gpus="2", taints=(), **labels):
    return plain(
        V1Node(
            metadata=V1ObjectMeta(name="node1", labels=labels),
            spec=V1NodeSpec(taints=[V1Taint(effect="NoSchedule", key=key, value="yes") for key in taints]),
            status=V1NodeStatus(allocatable={"cpu": "16", "memory": "64Gi", "nvidia.com/gpu": gpus}),
        )
    )


@pytest.mark.parametrize(
    ("there", "said"),
    [({}, "all GPUs are taken"), ({"nvidia.com/gpu": 2.0}, "all 2 GPUs are taken"),
     ({"nvidia.com/gpu": 1.0}, "the GPU is taken"), ({"cpu": 4.0}, "no machine with GPUs is open")],
)  # fmt: skip
def test_taken_gpus(there, said):
    """With their number where the hub may read it; cores of another machine are named after them."""
    words = kube_words.waiting(refused(NO_GPU), 0, there)
    assert f"nobody asked before you. Why: {said} at the moment; all cores" in words
    assert words.endswith("also when you close this page.")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("0/1 nodes are available: 1 Insufficient memory. preemption: 0/1 nodes are available: 1 No "
         "preemption victims found for incoming pod.", "Why: all memory is taken at the moment. Your"),
        ("0/1 nodes are available: 1 Insufficient nvidia.com/mig-1g.5gb.", "all GPUs"),
        ("0/1 nodes are available: 1 Insufficient example.com/fpga.", "all of 'example.com/fpga'"),
        ("0/2 nodes are available: 2 node(s) had taint {node.kubernetes.io/unreachable: }, that the pod "
         "didn't tolerate.", "a machine does not answer"),
        ("0/2 nodes are available: 2 node(s) were unschedulable.", "closed"),
        ("0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.", "is open"),
        ("0/1 nodes are available: 1 pod has unbound immediate PersistentVolumeClaims.", "your home"),
        ("no nodes available to schedule pods", "there is no machine"),
        ("0/1 nodes are available: 1 moon in the wrong phase.", "Kubernetes says '0/1 nodes"),
    ],
)  # fmt: skip
def test_the_schedulers_reasons_in_words(message, said):
    """One that is not known is shown as the scheduler has it."""
    assert said in kube_words.waiting(refused(message), 1, {})


def test_who_asked_before():
    """Earlier, for the same kind of GPU, and still waiting."""
    mine = refused(NO_GPU, minute=5)
    others = [
        refused(NO_GPU, name="a", minute=1),
        refused(NO_GPU, name="b", minute=2),
        refused("0/1 nodes are available: 1 Insufficient cpu.", name="no-gpu", minute=1, gpus=0),
        pod(name="has-its-node", minute=0, node="node1"),
        refused(NO_GPU, name="later", minute=6),
    ]
    assert kube_words.before(mine, [*others, mine]) == 2
    assert "2 asked before you" in kube_words.waiting(mine, 2, {})
    assert kube_words.before(others[2], others) == 1


def test_a_machine_that_is_switched_on_is_told():
    """By a cluster that grows."""
    assert "switched on for you" in kube_words.waiting(refused(NO_GPU), 0, {}, "TriggeredScaleUp")


def test_a_pod_that_is_made_ready():
    """One line for each state, from the first question to JupyterLab."""
    lines = [
        kube_words.starting(None),
        kube_words.starting(pod(node="node1")),
        kube_words.starting(pod(node="node1"), "Pulling"),
        kube_words.starting(pod(node="node1"), "FailedMount"),
        kube_words.starting(pod(node="node1", phase="Running", container_statuses=[container(RUNS)])),
    ]
    assert len(set(lines)) == 5 and all(line.startswith("It is your turn") for line in lines[1:])


@pytest.mark.parametrize(
    ("thing", "said", "lines"),
    [
        (None, "no longer there", ""),
        (stuck("ImagePullBackOff", 'Back-off pulling image "course-server"'), "image of servers", "Back-off"),
        (stuck("InvalidImageName"), "image of servers", ""),
        (stuck("CreateContainerConfigError", 'secret "x" not found'), "settings", "secret"),
        (stuck("RunContainerError", "exec: no such file"), "cannot be started", "exec"),
        (pod(node="n", phase="Failed", container_statuses=[
            container(over(exit_code=137, reason="OOMKilled"))]), "more memory", ""),
        (pod(node="n", container_statuses=[
            container(V1ContainerState(waiting=V1ContainerStateWaiting(reason="CrashLoopBackOff")),
                      over(exit_code=3, reason="Error", message="no room is left"))]), "code 3", "no room"),
        (pod(node="n", phase="Running", container_statuses=[
            container(RUNS, over(exit_code=1))]), "code 1", ""),
        (pod(phase="Failed", reason="Evicted", message="The node was low on resource: memory. "),
         "short of memory", ""),
        (pod(phase="Failed", reason="Evicted", message="Pod ephemeral local storage usage exceeds"),
         "disk", ""),
        (pod(node="n", phase="Failed", reason="Evicted", message="The node was low on resource: memory. ",
             container_statuses=[container(over(exit_code=137, reason="Error"))]), "short of memory", ""),
        (pod(phase="Failed", reason="DeadlineExceeded"), "time was over", ""),
        (pod(phase="Failed", reason="NodeLost"), "does not answer", ""),
        (pod(phase="Failed", reason="OutOfnvidia.com/gpu"), "start it again", ""),
        (pod(phase="Failed", reason="NewWord"), "Kubernetes says 'NewWord'", ""),
        (pod(phase="Succeeded"), "its program ended", ""),
        (pod(phase="Running", conditions=[
            V1PodCondition(type="DisruptionTarget", status="True", reason="DeletionByTaintManager")]),
         "does not answer", ""),
        (pod(node="n", deleted=NOON), "deleted", ""),
    ],
)  # fmt: skip
def test_how_a_pod_fails(thing, said, lines):
    """Each with what was said last."""
    end = kube_words.ended(thing)
    assert said in end.text and lines in end.lines and bool(lines) == bool(end.lines)


def test_a_pod_that_may_still_start_has_not_ended():
    """A first image that was not fetched is tried again."""
    for thing in (pod(), refused(NO_GPU), stuck("ErrImagePull"), stuck("ContainerCreating"),
                  pod(node="n", phase="Running", container_statuses=[container(RUNS)])):  # fmt: skip
        assert kube_words.ended(thing) is None
    assert "image" in kube_words.starting(stuck("ErrImagePull"))


def test_why_there_is_no_pod():
    """From the API's answer, whatever it is."""
    quota = '{"message": "pods \\"x\\" is forbidden: exceeded quota: course, requested: nvidia.com/gpu=1"}'
    assert "may use of the cluster" in kube_words.not_taken(quota)
    assert kube_words.not_taken('{"message": "no such namespace"}').endswith("no such namespace")
    assert kube_words.not_taken(None) and kube_words.not_taken("[1]")


def fits(thing, *nodes):
    return any(could_hold(each, thing, kube_words.asks_for(thing)) for each in nodes)


def test_what_could_ever_hold_a_pod():
    """An empty node of the right kind; a state that passes does not count."""
    asks = refused(NO_GPU, gpus=2)
    assert fits(asks, node("0"), node("2")) and not fits(asks, node("0"), node("1"))
    assert fits(asks, node("2", ["node.kubernetes.io/unreachable"]))
    assert not fits(asks, node("2", ["nvidia.com/gpu"]))
    there = V1Toleration(key="nvidia.com/gpu", operator="Exists", effect="NoSchedule")
    assert fits(pod(spec={"tolerations": [there]}), node("2", ["nvidia.com/gpu"]))
    picky = pod(spec={"node_selector": {"gpu": "a100"}})
    assert fits(picky, node(gpu="a100")) and not fits(picky, node(gpu="v100"))
    closed = node("8", ["node.kubernetes.io/unschedulable"])
    assert everything([node("2"), node("1"), closed])["nvidia.com/gpu"] == 3
    said = kube_words.never(asks).text
    assert "(4 cores, 16 GiB memory, 2 GPUs)" in said and "tell your instructor" in said


def test_nodes_are_asked_for_once_by_all_who_wait():
    """And not at all known where the hub may not read them."""

    class Api:
        asked = 0

        async def list_node(self, **_):
            self.asked += 1
            raise ApiException(status=403)

    async def all_ask():
        api, nodes = Api(), ClusterNodes()
        return [await nodes.now(api) for _ in range(50)], api.asked

    assert asyncio.run(all_ask()) == ([[]] * 50, 1)
