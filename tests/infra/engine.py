"""Docker's engine with a data folder, a socket and a bridge of its own, and images that no registry has.

The image of users' servers is Debian's own base with Debian's Python, and the packages of the Python that
runs the trials are mounted into it: the image's own building (``infra/Dockerfile``) needs a registry
and is not tried here.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.hub.support import ROOT

SUITE = "bookworm"
PACKAGES = Path(sysconfig.get_path("purelib"))
INSIDE = "/usr/local/lib/python3.11/dist-packages"  # where Debian's Python looks first
TABLES = ("iptables", "ip6tables")


@contextmanager
def running_engine(folder: Path, first: Path | None = None) -> Iterator[str]:
    """The address of an engine, for ``DOCKER_HOST``; what it changed in the kernel's tables is put back.

    Args:
        folder: for all that it writes.
        first: a folder where it looks for programs first.
    """
    socket = f"unix://{folder}/docker.sock"
    before = {table: _run(f"{table}-save") for table in TABLES}
    forwards = Path("/proc/sys/net/ipv4/ip_forward")
    forwarded = forwards.read_text()
    log = (folder / "dockerd.log").open("ab")
    engine = subprocess.Popen(
        ["dockerd", "--data-root", str(folder / "data"), "--exec-root", str(folder / "exec"),
         "--pidfile", str(folder / "docker.pid"), "-H", socket, "--bridge", "none",
         "--storage-driver", "overlay2"],
        stdout=log, stderr=log, env={**os.environ, "PATH": f"{first or folder}:{os.environ['PATH']}"},
    )  # fmt: skip
    try:
        _wait_for(engine, socket, folder / "dockerd.log")
        yield socket
    finally:
        _end_containers(socket)
        engine.terminate()
        engine.wait(30)
        log.close()
        for program, rules in before.items():
            _put_back(program, rules)
        forwards.write_text(forwarded)
        shutil.rmtree(folder / "data", ignore_errors=True)


def base_image(folder: Path) -> Path:
    """A folder with Debian's smallest system and its Python; made once."""
    root = folder / SUITE
    if not (root / "usr/bin/python3").exists():
        shutil.rmtree(root, ignore_errors=True)
        subprocess.run(
            ["debootstrap", "--variant=minbase", "--include=python3,ca-certificates", SUITE, str(root)],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    return root


def make_image(base: Path, name: str, socket: str, authority: Path) -> None:
    """What ``infra/Dockerfile`` makes beside the packages: the person, the settings, the programs.

    Args:
        base: a folder of ``base_image``.
        name: the image's.
        socket: of the engine.
        authority: a certificate that servers believe, as a site's own would be.
    """
    if "student" not in (base / "etc/passwd").read_text():
        subprocess.run(["chroot", str(base), "useradd", "-m", "-u", "1000", "student"], check=True)
    settings = base / "etc/course"
    shutil.rmtree(settings, ignore_errors=True)
    shutil.copytree(ROOT / "autograder/hub/server_settings", settings)
    shutil.rmtree(settings / "formgrader")
    shutil.copy(authority, base / "etc/ssl/course-ca.pem")
    for script in Path(sys.executable).parent.iterdir():
        if script.is_file() and not script.is_symlink():
            first, _, rest = script.read_bytes().partition(b"\n")
            if first == b"#!" + sys.executable.encode():
                target = base / "usr/local/bin" / script.name
                target.write_bytes(b"#!/usr/bin/python3\n" + rest)
                target.chmod(0o755)
    root = base / "usr/local/bin/own-id"  # a setuid program, by which a student would become root
    shutil.copy(base / "usr/bin/id", root)
    root.chmod(0o4755)
    with subprocess.Popen(["tar", "-C", str(base), "-c", "."], stdout=subprocess.PIPE) as archive:
        subprocess.run(
            ["docker", "-H", socket, "import", "-c", "USER student", "-c", "WORKDIR /home/student",
             "-", name],
            stdin=archive.stdout, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    assert archive.returncode == 0


def mounts() -> dict[str, str]:
    """What is mounted in place of the image's packages: here, and where Debian's Python finds it."""
    prefix = Path(sys.prefix)
    places = {
        str(PACKAGES): INSIDE,
        str(ROOT / "autograder"): str(ROOT / "autograder"),  # as an editable install names it
        str(prefix / "share/jupyter"): "/usr/share/jupyter",
        str(prefix / "etc/jupyter"): "/usr/etc/jupyter",
    }
    return {here: there for here, there in places.items() if Path(here).exists()}


def docker(socket: str, *words: str) -> str:
    """What Docker's command prints."""
    return _run("docker", "-H", socket, *words).strip()


def _wait_for(engine: subprocess.Popen[bytes], socket: str, log: Path) -> None:
    end = time.monotonic() + 60
    while subprocess.run(["docker", "-H", socket, "info"], capture_output=True).returncode:
        if engine.poll() is not None or time.monotonic() > end:
            raise AssertionError(f"Docker's engine does not start:\n{log.read_text()[-2000:]}")
        time.sleep(0.2)


def _end_containers(socket: str) -> None:
    """Containers, and then the networks whose bridges would stay behind."""
    if containers := docker(socket, "ps", "-aq").split():
        docker(socket, "rm", "-f", *containers)
    if networks := docker(socket, "network", "ls", "-q", "-f", "type=custom").split():
        docker(socket, "network", "rm", *networks)


def _put_back(program: str, rules: str) -> None:
    """Rules as they were; a table that was not there becomes an open one."""
    parts = re.findall(r"^\*(\w+)\n(.*?)^COMMIT$", _run(f"{program}-save"), re.MULTILINE | re.DOTALL)
    for table, now in parts:
        if f"*{table}\n" not in rules:
            chains = "".join(f":{name} ACCEPT\n" for name in re.findall(r"^:(\S+) [A-Z]", now, re.MULTILINE))
            rules += f"*{table}\n{chains}COMMIT\n"
    subprocess.run([f"{program}-restore"], input=rules, text=True, check=True)


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout
