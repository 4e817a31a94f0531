"""Containers are given the devices of their slot by number, beside what a site's file asks for."""

from __future__ import annotations

from types import SimpleNamespace

import docker

from autograder.hub.gpus.containers import Containers


def test_devices_by_number():
    """As Docker's own client sends them; ``count=1``, which gives everybody the first, is gone."""
    counted = {"Driver": "nvidia", "Count": 1, "Capabilities": [["gpu"]]}
    spawner = SimpleNamespace(extra_host_config={"pids_limit": 512, "device_requests": [counted]})
    Containers.take(spawner, ("1", "3"))
    client = docker.APIClient(base_url="unix:///none", version="1.41")
    sent = client.create_host_config(**spawner.extra_host_config)
    (request,) = sent["DeviceRequests"]
    assert request["DeviceIDs"] == ["1", "3"] and not request.get("Count")
    assert request["Capabilities"] == [["gpu"]] and sent["PidsLimit"] == 512
    client.close()
