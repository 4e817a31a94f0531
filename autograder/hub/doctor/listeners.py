"""Ports on which the hub and its services listen for other machines."""

from __future__ import annotations

import os
import re
import socket
import struct
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

LISTEN = "0A"  # a state in the kernel's tables
SOCKET = re.compile(r"socket:\[(\d+)\]")


def listening(root: int) -> Iterator[tuple[str, int]]:
    """Address and port of each listening socket of a process and of all that it started."""
    mine = {number for pid in _family(root) for number in _sockets(pid)}
    for table in ("tcp", "tcp6"):
        for line in _lines(Path("/proc/net") / table):
            words = line.split()
            if words[3] == LISTEN and words[9] in mine:
                address, port = words[1].split(":")
                yield _address(address), int(port, 16)


def beyond_loopback(root: int, allowed: int) -> list[str]:
    """Sockets that other machines can reach, other than the one that they should."""
    found = set(listening(root))
    return [
        f"{host}:{port}"
        for host, port in sorted(found)
        if port != allowed and not ip_address(host).is_loopback
    ]


def _family(root: int) -> set[int]:
    """The process and its descendants."""
    parents = {int(entry.name): _parent(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    family, size = {root}, 0
    while len(family) != size:
        size = len(family)
        family |= {pid for pid, parent in parents.items() if parent in family}
    return family


def _parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _sockets(pid: int) -> Iterator[str]:
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        try:
            found = SOCKET.match(os.readlink(f"{folder}/{name}"))
        except OSError:
            continue
        if found:
            yield found[1]


def _lines(table: Path) -> list[str]:
    return table.read_text().splitlines()[1:] if table.exists() else []


def _address(text: str) -> str:
    """The kernel's words of 32 bits, each in this machine's order."""
    raw = b"".join(struct.pack("=I", int(text[at : at + 8], 16)) for at in range(0, len(text), 8))
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)
