"""Trials that CI cannot run: Kubernetes' own control plane and Docker's own engine, by ``make test-infra``.

__main__.py       the command: packages, programs, trials, and what came of them into infra/proof.json
proof.py          what the proof holds, and of what it is a proof
manual.py         the commands of infra/README.md, as the trials run them
control_plane.py  etcd, API server, scheduler and controllers on loopback
small_node.py     a node with GPUs whose pods are processes of this machine
engine.py         Docker's engine with a data folder and a socket of its own, and an image without a registry
course.py         a hub behind https://hub.example.org
"""
